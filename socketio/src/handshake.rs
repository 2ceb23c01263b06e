//! What a client told when it connected.

use std::borrow::Cow;
use std::fmt;
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
///
/// ```
/// # use socketio::{Config, Server};
/// # let io = Server::new(Config::default());
/// io.on_connect(async |socket| {
///     let handshake = socket.handshake();
///     let agent = handshake.headers().get("user-agent");
///     let way = if handshake.secure() { "encrypted" } else { "in the open" };
///     println!("{:?} with {agent:?}, {way}", handshake.address());
///     println!("asked for {}, xdomain: {}", handshake.uri().path(), handshake.xdomain());
/// });
/// ```
#[derive(Clone)]
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
    ///
    /// ```
    /// use axum::extract::{ConnectInfo, Request};
    /// use axum::middleware::{Next, from_fn};
    /// use socketio::engineio::PeerAddr;
    ///
    /// // The address that axum knows, told to the server.
    /// let tell = async |mut request: Request, next: Next| {
    ///     let info = request.extensions().get::<ConnectInfo<std::net::SocketAddr>>();
    ///     if let Some(ConnectInfo(address)) = info.cloned() {
    ///         request.extensions_mut().insert(PeerAddr(address));
    ///     }
    ///     next.run(request).await
    /// };
    /// # let io = socketio::Server::new(socketio::Config::default());
    /// let app: axum::Router = axum::Router::new().layer(io.layer()).layer(from_fn(tell));
    /// ```
    pub fn address(&self) -> Option<SocketAddr> {
        self.request().address
    }

    /// What the services in front of the server left with the first request:
    /// the user that they found, axum's `ConnectInfo`.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// #[derive(Clone)]
    /// struct User(u64);
    ///
    /// # let io = Server::new(Config::default());
    /// io.middleware(async |socket, ()| match socket.handshake().extensions().get::<User>() {
    ///     Some(User(id)) => socket.join(format!("user:{id}")).map_err(|error| error.to_string()),
    ///     None => Err("log in first".to_owned()),
    /// });
    /// ```
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
    ///
    /// ```
    /// # use socketio::{Ack, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("my language", async |socket, ()| Ack(socket.handshake().query("lang")));
    /// ```
    pub fn query(&self, name: &str) -> Option<String> {
        let values = self.request().query().filter(|(key, _)| key == name);
        values.last().map(|(_, value)| value.into_owned())
    }

    /// All parameters of the first request's query, decoded, in their order.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| {
    ///     let tags = socket.handshake().queries().filter(|(name, _)| name == "tag");
    ///     let mut tags = tags.map(|(_, tag)| format!("tag:{tag}"));
    ///     tags.try_for_each(|tag| socket.join(tag))
    /// });
    /// ```
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

/// Without the auth payload, which holds secrets.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("auth_bytes", &self.auth.bytes())
            .field("issued", &self.issued)
            .field("request", &self.request)
            .finish()
    }
}

/// That a request came encrypted, as an extension of it. A host that ends TLS
/// itself inserts it into each request, and one behind a proxy if the proxy's
/// header says so; see [`Handshake::secure`].
///
/// ```
/// # use socketio::{Config, Server};
/// use socketio::Secure;
///
/// # let io = Server::new(Config::default());
/// // All requests of this host are encrypted.
/// let app: axum::Router = axum::Router::new().layer(io.layer()).layer(axum::Extension(Secure));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Secure;
