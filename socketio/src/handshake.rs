//! What a client told when it connected.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use http::{Extensions, HeaderMap, Uri, header};

use crate::Args;

/// What a client told when it connected to a namespace.
///
/// All namespaces of a connection share the request that opened it; the auth
/// payload and the time are those of the one CONNECT. Of a client of another
/// server of the cluster it has no [`extensions`](Self::extensions).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Handshake {
    /// The auth payload: no argument, or one object. In protocol 4 that is the
    /// query of the namespace's name, an object of strings.
    pub auth: Args,
    /// When the client asked to be connected.
    pub issued: SystemTime,
    request: Request,
}

/// Where the request that opened the connection is kept.
#[derive(Clone, Debug)]
enum Request {
    Copy(Arc<engineio::Handshake>),
    Engine(engineio::Socket),
}

impl Handshake {
    pub(crate) fn new(auth: Args, issued: SystemTime, engine: engineio::Socket) -> Self {
        Self {
            auth,
            issued,
            request: Request::Engine(engine),
        }
    }

    /// That of a client of another server.
    pub(crate) fn copied(auth: Args, issued: SystemTime, request: engineio::Handshake) -> Self {
        Self {
            auth,
            issued,
            request: Request::Copy(Arc::new(request)),
        }
    }

    /// The address of the peer, where the host told it with
    /// [`engineio::PeerAddr`]. Behind a proxy it is that of the proxy.
    pub fn address(&self) -> Option<SocketAddr> {
        self.request().address
    }

    /// What the services in front of the server left with the first request:
    /// the user that they found, axum's `ConnectInfo`.
    pub fn extensions(&self) -> &Extensions {
        &self.request().extensions
    }

    /// The headers of the first request.
    pub fn headers(&self) -> &HeaderMap {
        &self.request().headers
    }

    /// Whether the first request came encrypted, where the host told it with
    /// [`Secure`].
    pub fn secure(&self) -> bool {
        self.extensions().get::<Secure>().is_some()
    }

    /// The target of the first request: path and query.
    pub fn uri(&self) -> &Uri {
        &self.request().uri
    }

    /// A parameter of the first request's query, decoded. The last one counts
    /// if there are several of that name.
    pub fn query(&self, name: &str) -> Option<String> {
        let values = self.request().query().filter(|(key, _)| key == name);
        values.last().map(|(_, value)| value.into_owned())
    }

    /// All parameters of the first request's query, decoded, in their order.
    pub fn queries(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        self.request().query()
    }

    /// Whether the first request came with an `Origin` header, as a browser
    /// sends it to another site.
    pub fn xdomain(&self) -> bool {
        self.headers().contains_key(header::ORIGIN)
    }

    fn request(&self) -> &engineio::Handshake {
        match &self.request {
            Request::Copy(request) => request,
            Request::Engine(engine) => engine.handshake(),
        }
    }
}

/// That a request came encrypted, as an extension of it. A host that ends TLS
/// itself inserts it into each request, and one behind a proxy if the proxy's
/// header says so; see [`Handshake::secure`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Secure;
