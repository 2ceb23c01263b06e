//! The request that opened a session.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Uri};
use hyper::upgrade::OnUpgrade;

/// The request that opened a session.
///
/// It stays what it was for the session's life, also after an upgrade.
///
/// ```
/// use engineio::{Config, Engine};
///
/// let engine = Engine::new(Config::default(), async |socket| {
///     let handshake = socket.handshake();
///     let room = handshake.query().find(|(name, _)| name == "room");
///     let agent = handshake.headers.get("user-agent");
///     println!("{:?} asks for {room:?} with {agent:?}", handshake.address);
/// });
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Handshake {
    /// The address of the peer, where the host told it with [`PeerAddr`].
    pub address: Option<SocketAddr>,
    /// What the services in front of the engine left with the request: the
    /// user that a middleware found, axum's `ConnectInfo`.
    pub extensions: Extensions,
    /// The headers of the request.
    pub headers: HeaderMap,
    /// The target of the request: path and query.
    pub uri: Uri,
}

impl Handshake {
    /// The parameters of the query, decoded, in their order.
    pub fn query(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes())
    }

    /// A copy of the request.
    pub(crate) fn new(parts: &Parts) -> Self {
        let mut extensions = parts.extensions.clone();
        // The connection is not the handshake's to keep.
        extensions.remove::<OnUpgrade>();
        Self {
            address: extensions.get().map(|PeerAddr(address)| *address),
            extensions,
            headers: compact(&parts.headers),
            uri: parts
                .uri
                .path_and_query()
                .and_then(|target| target.as_str().parse().ok())
                .unwrap_or_default(),
        }
    }
}

impl fmt::Debug for Handshake {
    /// Neither headers nor query, which hold tokens and cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("address", &self.address)
            .field("path", &self.uri.path())
            .finish_non_exhaustive()
    }
}

/// The address that a connection comes from, as a request extension.
///
/// A host that accepts connections itself inserts it into each request;
/// without it [`Handshake::address`] is `None`.
///
/// ```
/// use engineio::PeerAddr;
/// # use std::net::SocketAddr;
///
/// /// For each request, in front of the engine.
/// fn tell<B>(request: &mut http::Request<B>, peer: SocketAddr) {
///     request.extensions_mut().insert(PeerAddr(peer));
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PeerAddr(pub SocketAddr);

/// Copies the values into one allocation: each of hyper's own keeps the whole
/// buffer alive that it was read into, for the session's life.
fn compact(headers: &HeaderMap) -> HeaderMap {
    let values: Vec<u8> = headers
        .values()
        .flat_map(|value| value.as_bytes())
        .copied()
        .collect();
    let mut values = Bytes::from(values);
    headers
        .iter()
        .map(|(name, value)| {
            let mut copy = HeaderValue::from_maybe_shared(values.split_to(value.len()))
                .expect("it is the copy of a header value");
            copy.set_sensitive(value.is_sensitive());
            (name.clone(), copy)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handshake_keeps_headers_query_address_and_extensions() {
        let address = SocketAddr::from(([127, 0, 0, 1], 5000));
        let request = http::Request::builder()
            .uri("/engine.io/?EIO=4&room=a%20b")
            .header("cookie", "a=1")
            .header("x-two", "1")
            .header("x-two", "2")
            .extension(PeerAddr(address))
            .extension("a user")
            .body(())
            .unwrap();
        let (parts, ()) = request.into_parts();
        let handshake = Handshake::new(&parts);
        assert_eq!(handshake.address, Some(address));
        assert_eq!(handshake.extensions.get(), Some(&"a user"));
        assert_eq!(handshake.headers, parts.headers);
        assert_eq!(handshake.uri, parts.uri);
        assert_eq!(
            handshake.query().last(),
            Some(("room".into(), "a b".into()))
        );
    }

    #[test]
    fn a_header_that_was_marked_as_sensitive_stays_so() {
        let mut secret = HeaderValue::from_static("Bearer secret");
        secret.set_sensitive(true);
        let request = http::Request::builder()
            .header("authorization", secret)
            .header("x-open", "open")
            .body(())
            .unwrap();
        let (parts, ()) = request.into_parts();
        let shown = format!("{:?}", Handshake::new(&parts).headers);
        assert!(
            !shown.contains("secret") && shown.contains("open"),
            "{shown}"
        );
    }

    #[test]
    fn what_may_be_a_secret_is_not_printed() {
        let request = http::Request::get("/engine.io/?EIO=4&token=secret")
            .header("cookie", "session=secret")
            .body(())
            .unwrap();
        let (parts, ()) = request.into_parts();
        let printed = format!("{:?}", Handshake::new(&parts));
        assert!(printed.contains("/engine.io/"), "{printed}");
        assert!(!printed.contains("secret"), "{printed}");
    }
}
