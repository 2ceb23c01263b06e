//! JSON Web Tokens: who somebody is, signed with a secret of the server.

use std::env;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::Deserialize;
use serde_json::json;
use tracing::warn;

/// What checks tokens.
pub(crate) struct Tokens {
    key: DecodingKey,
    validation: Validation,
}

/// What a token says: guides call the user `userId`, the standard `sub`.
#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "userId")]
    user_id: Option<String>,
    sub: Option<String>,
}

impl Tokens {
    /// With the secret `JWT_SECRET`. Without one, with a random one, and tokens
    /// of two people to try the server with.
    pub(crate) fn from_env() -> Self {
        let secret = env::var("JWT_SECRET").unwrap_or_default();
        if !secret.is_empty() {
            return Self::new(secret.as_bytes());
        }
        warn!("JWT_SECRET is not set: the secret is random, and gone with this process");
        let secret = random();
        for user_id in ["ada", "grace"] {
            println!("token of {user_id}: {}", sign(user_id, &secret));
        }
        Self::new(&secret)
    }

    fn new(secret: &[u8]) -> Self {
        // No other algorithm than this one, whatever a token asks for.
        let mut validation = Validation::new(Algorithm::HS256);
        // As with Node's `jsonwebtoken`: a token ends when it says so, to the
        // second, and without `exp` it does not end.
        validation.leeway = 0;
        validation.required_spec_claims.clear();
        Self {
            key: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// Whose token this is, if it is good.
    pub(crate) fn user(&self, token: &str) -> Option<String> {
        let token = decode::<Claims>(token, &self.key, &self.validation).ok()?;
        token.claims.user_id.or(token.claims.sub)
    }
}

fn sign(user_id: &str, secret: &[u8]) -> String {
    let claims = json!({ "userId": user_id });
    let key = EncodingKey::from_secret(secret);
    encode(&Header::default(), &claims, &key).expect("the claims are JSON")
}

fn random() -> [u8; 32] {
    let mut secret = [0; 32];
    #[expect(clippy::disallowed_methods, reason = "this is no protocol")]
    getrandom::fill(&mut secret).expect("the system has random bytes");
    secret
}
