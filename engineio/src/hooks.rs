//! What the application is asked, and told, about requests.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use http::header::{
    CONNECTION, CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_PROTOCOL, SET_COOKIE, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use crate::{Config, ConnectionError, Handshake, Refused, Sid};

/// What the application is asked, and told, about requests. See the setters of
/// [`Config`].
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    allow_request: Option<Arc<Question<()>>>,
    generate_id: Option<Arc<Question<Sid>>>,
    initial_headers: Option<Arc<HeadersHook<Handshake>>>,
    headers: Option<Arc<HeadersHook<Parts>>>,
    connection_error: Option<Arc<ErrorHook>>,
}

type Question<T> = dyn Fn(Arc<Handshake>) -> Answer<T> + Send + Sync;
type Answer<T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send>>;
type ErrorHook = dyn Fn(&ConnectionError) + Send + Sync;
type HeadersHook<R> = dyn Fn(&mut HeaderMap, &R) + Send + Sync;

impl Config {
    /// Asks before a session is opened, on either transport. The later requests
    /// of a session are not asked about, nor is its upgrade.
    ///
    /// What is returned as an error is the message that the client gets, with
    /// code 4: as JSON with the status 403 on polling, bare with a 400 on a
    /// websocket. So it should hold no secrets. An empty one is `Forbidden`.
    ///
    /// The client waits meanwhile, and counts as a session. A panic refuses it.
    /// When it goes away, or the engine is closed, the future is dropped.
    ///
    /// ```
    /// use engineio::Config;
    ///
    /// let config = Config::default().allow_request(async |handshake| {
    ///     match handshake.headers.get("cookie") {
    ///         Some(_) => Ok(()),
    ///         None => Err("log in first"),
    ///     }
    /// });
    /// ```
    ///
    /// What it needs of the application goes into each answer as a clone:
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use std::sync::Arc;
    /// use engineio::Config;
    ///
    /// let banned: Arc<HashSet<String>> = Arc::default();
    /// let config = Config::default().allow_request(move |handshake| {
    ///     let banned = banned.clone();
    ///     async move {
    ///         let user = handshake.query().find(|(key, _)| key == "user");
    ///         match user {
    ///             Some((_, user)) if !banned.contains(&*user) => Ok(()),
    ///             _ => Err("who are you?"),
    ///         }
    ///     }
    /// });
    /// ```
    pub fn allow_request<F, Fut, E>(mut self, allow: F) -> Self
    where
        F: Fn(Arc<Handshake>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display,
    {
        self.hooks.allow_request = Some(question(allow));
        self
    }

    /// Makes the ids of sessions, in the place of [`Sid::random`].
    ///
    /// An id is a secret, as it is all that a request needs to act as the
    /// client: it must be unguessable, and no two sessions can have the same. Of
    /// two handshakes with one id the first wins. The other, and one for which
    /// this fails or panics, is refused with code 3; the error is told to
    /// [`on_connection_error`](Self::on_connection_error), not to the client.
    ///
    /// ```
    /// use engineio::{Config, InvalidSid, Sid};
    ///
    /// // A load balancer may read the node from it.
    /// let config = Config::default().generate_id(async |_| {
    ///     Sid::new(format!("node-7.{}", Sid::random().as_str()))
    /// });
    /// ```
    pub fn generate_id<F, Fut, E>(mut self, generate: F) -> Self
    where
        F: Fn(Arc<Handshake>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Sid, E>> + Send + 'static,
        E: fmt::Display,
    {
        self.hooks.generate_id = Some(question(generate));
        self
    }

    /// Adds headers to the first response of a session: the one to a polling
    /// handshake, or the `101` of a websocket.
    ///
    /// The map that is given is empty; what is put into it is added to the
    /// response, as in [`headers`](Self::headers). If this panics, nothing is.
    ///
    /// ```
    /// use engineio::Config;
    /// use http::HeaderValue;
    /// use http::header::SET_COOKIE;
    ///
    /// let config = Config::default().initial_headers(|headers, handshake| {
    ///     if !handshake.headers.contains_key("cookie") {
    ///         headers.append(SET_COOKIE, HeaderValue::from_static("seen=1; Path=/"));
    ///     }
    /// });
    /// ```
    pub fn initial_headers<F>(mut self, add: F) -> Self
    where
        F: Fn(&mut HeaderMap, &Handshake) + Send + Sync + 'static,
    {
        self.hooks.initial_headers = Some(Arc::new(add));
        self
    }

    /// Adds headers to every response with the status 200, to a GET or a POST,
    /// and to every `101`, that of an upgrade too. Refusals get none.
    ///
    /// The map that is given is empty. What is put into it takes the place of
    /// the engine's own headers of that name; only `Set-Cookie` stands beside
    /// them. Headers of the connection itself, such as `Content-Length` or
    /// `Upgrade`, are left alone. If this panics, nothing is added.
    ///
    /// ```
    /// use engineio::Config;
    /// use http::HeaderValue;
    ///
    /// let config = Config::default().headers(|headers, request| {
    ///     headers.insert("x-served-by", HeaderValue::from_static("node-7"));
    /// });
    /// ```
    pub fn headers<F>(mut self, add: F) -> Self
    where
        F: Fn(&mut HeaderMap, &Parts) + Send + Sync + 'static,
    {
        self.hooks.headers = Some(Arc::new(add));
        self
    }

    /// Tells of each request that is refused with a code, before it is answered.
    /// Those without one (a body that is too long or compressed, a server that is
    /// full) are in the figures of the feature `metrics`.
    ///
    /// What goes wrong on an open session is not told here, but by
    /// [`Socket::close_reason`](crate::Socket::close_reason). It should not
    /// block; a panic is logged, and changes nothing.
    ///
    /// ```
    /// use engineio::Config;
    ///
    /// let config = Config::default().on_connection_error(|error| {
    ///     // Quoted, as clients send control characters too.
    ///     eprintln!("{} {:?}", error.code(), error.context());
    /// });
    /// ```
    pub fn on_connection_error<F>(mut self, tell: F) -> Self
    where
        F: Fn(&ConnectionError) + Send + Sync + 'static,
    {
        self.hooks.connection_error = Some(Arc::new(tell));
        self
    }
}

impl Hooks {
    /// Whether the application lets a handshake in.
    pub(crate) async fn allow(&self, handshake: &Arc<Handshake>) -> Result<(), Refused> {
        let Some(question) = &self.allow_request else {
            return Ok(());
        };
        let answer = ask("allow_request", &**question, handshake).await;
        answer
            .unwrap_or_else(|| Err(String::new()))
            .map_err(Refused::Denied)
    }

    /// The id of a session to be.
    pub(crate) async fn generate(&self, handshake: &Arc<Handshake>) -> Result<Sid, Refused> {
        let Some(question) = &self.generate_id else {
            return Ok(Sid::random());
        };
        let answer = ask("generate_id", &**question, handshake).await;
        answer
            .unwrap_or_else(|| Err("generate_id panicked".into()))
            .map_err(Refused::IdGeneration)
    }

    /// Adds to the first response of a session.
    pub(crate) fn initial_headers(&self, headers: &mut HeaderMap, handshake: &Handshake) {
        if let Some(hook) = &self.initial_headers {
            add("initial_headers", &**hook, headers, handshake);
        }
    }

    /// Adds to a response that is no refusal.
    pub(crate) fn headers(&self, headers: &mut HeaderMap, request: &Parts) {
        if let Some(hook) = &self.headers {
            add("headers", &**hook, headers, request);
        }
    }

    /// Tells of a refusal, if it has a code.
    pub(crate) fn connection_error(&self, refused: &Refused, request: Parts) {
        let Some(hook) = &self.connection_error else {
            return;
        };
        if let Some(error) = ConnectionError::new(refused, request) {
            contain("on_connection_error", || hook(&error));
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("allow_request", &self.allow_request.is_some())
            .field("generate_id", &self.generate_id.is_some())
            .field("initial_headers", &self.initial_headers.is_some())
            .field("headers", &self.headers.is_some())
            .field("connection_error", &self.connection_error.is_some())
            .finish()
    }
}

fn question<F, Fut, T, E>(f: F) -> Arc<Question<T>>
where
    F: Fn(Arc<Handshake>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
    E: fmt::Display,
{
    Arc::new(move |handshake| {
        let answer = f(handshake);
        Box::pin(async move { answer.await.map_err(|error| error.to_string()) })
    })
}

/// The answer; `None` if the application panicked.
async fn ask<T>(
    name: &str,
    question: &Question<T>,
    handshake: &Arc<Handshake>,
) -> Option<Result<T, String>> {
    let mut answer = pin!(contain(name, || question(handshake.clone()))?);
    std::future::poll_fn(|cx| match contain(name, || answer.as_mut().poll(cx)) {
        Some(poll) => poll.map(Some),
        None => Poll::Ready(None),
    })
    .await
}

/// Adds what a hook asks for, see [`Config::headers`].
fn add<R>(name: &str, hook: &HeadersHook<R>, headers: &mut HeaderMap, request: &R) {
    let added = contain(name, || {
        let mut added = HeaderMap::new();
        hook(&mut added, request);
        added
    });
    let added = added.unwrap_or_default();
    for name in added.keys().filter(|name| !is_of_the_connection(name)) {
        if *name != SET_COOKIE {
            headers.remove(name);
        }
        for value in added.get_all(name) {
            headers.append(name, value.clone());
        }
    }
}

/// Whether a header frames the response, or makes it a websocket.
fn is_of_the_connection(name: &HeaderName) -> bool {
    [
        CONNECTION,
        CONTENT_LENGTH,
        SEC_WEBSOCKET_ACCEPT,
        SEC_WEBSOCKET_EXTENSIONS,
        SEC_WEBSOCKET_PROTOCOL,
        TRANSFER_ENCODING,
        UPGRADE,
    ]
    .contains(name)
}

/// Runs code of the application; `None` if it panics.
fn contain<R>(name: &str, f: impl FnOnce() -> R) -> Option<R> {
    let result = catch_unwind(AssertUnwindSafe(f)).ok();
    if result.is_none() {
        tracing::error!("{name} panicked");
    }
    result
}
