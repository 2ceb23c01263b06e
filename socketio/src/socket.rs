//! One client in one namespace.

mod emit;
mod ending;
mod recovery;
mod rooms;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use engineio::Class;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use crate::ack::AckTable;
use crate::figures::Figures;
use crate::handler::{Handle, Handlers};
use crate::incoming::Outlet;
use crate::line::Line;
use crate::link::Link;
use crate::observers::{Observers, Shown};
use crate::recovery::Ticket;
use crate::sync::write;
use crate::{
    Args, DecodeError, EmitError, EncodeError, Encoded, Extensions, FromEvent, Handshake, Incoming,
    IntoArgs, Listen, Namespace, Parser, Reply,
};

/// One client in one namespace.
///
/// A cheap clone of one `Arc`. Dropping clones does nothing: the connection
/// keeps its sockets until they leave. A clone that is kept longer stays
/// usable, but emits nothing any more.
///
/// A socket that captures itself, in a handler of its own, leaks nothing: its
/// handlers are dropped when it has left.
///
/// ```
/// # use socketio::{Config, Server};
/// # let io = Server::new(Config::default());
/// io.on_connect(async |socket| -> Result<(), socketio::BoxError> {
///     socket.join("lobby")?;
///     socket.emit("welcome", socket.id())?;
///     socket.to("lobby").emit("joined", socket.id())?;
///     Ok(())
/// });
/// ```
#[derive(Clone)]
pub struct Socket(Arc<Inner>);

struct Inner {
    acks: Arc<AckTable>,
    extensions: Extensions,
    handlers: Handlers<Socket>,
    handshake: Handshake,
    id: Arc<str>,
    left: Notify,
    line: Line,
    namespace: Namespace,
    observers: Observers,
    ticket: Option<Box<Ticket>>,
}

impl Socket {
    /// What a socket takes, beside what its application keeps with it.
    #[cfg(test)]
    pub(crate) const SIZE: usize = size_of::<Inner>();

    /// A socket whose middleware is about to run.
    fn new(
        namespace: Namespace,
        link: Arc<Link>,
        handshake: Handshake,
        ticket: Option<Box<Ticket>>,
    ) -> Self {
        // Independent of the engine's id, which is a secret of the client.
        let id = engineio::Sid::random().as_str().into();
        Self::with(
            namespace,
            link,
            handshake,
            id,
            Extensions::default(),
            ticket,
        )
    }

    fn with(
        namespace: Namespace,
        link: Arc<Link>,
        handshake: Handshake,
        id: Arc<str>,
        extensions: Extensions,
        ticket: Option<Box<Ticket>>,
    ) -> Self {
        let socket = Self(Arc::new(Inner {
            acks: Arc::new(AckTable::new()),
            extensions,
            handlers: Handlers::new(),
            handshake,
            id: id.clone(),
            left: Notify::new(),
            line: Line::new(link),
            namespace,
            observers: Observers::default(),
            ticket,
        }));
        write(socket.0.namespace.index()).insert(id, socket.clone());
        socket.0.namespace.tell_rooms();
        socket
    }

    /// The socket's id, 20 characters: public, and different in each namespace. It
    /// addresses the socket, see [`to`](Self::to). A client of protocol 4 does not
    /// know it, and has made up one of its own.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("whisper", async |socket, (to, text): (String, String)| {
    ///     socket.to(to).emit("whispered", (socket.id(), text))
    /// });
    /// ```
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The namespace that the socket is in.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of_matching(async |name, _| name.starts_with("/game-")).on_connect(async |socket| {
    ///     println!("somebody plays in {}", socket.namespace().name());
    /// });
    /// ```
    pub fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }

    /// What the client told when it connected.
    ///
    /// ```
    /// # use socketio::{Ack, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("my language", async |socket, ()| Ack(socket.handshake().query("lang")));
    /// ```
    pub fn handshake(&self) -> &Handshake {
        &self.0.handshake
    }

    /// What the application keeps with the socket, on this server.
    ///
    /// ```
    /// # use socketio::{Ack, Config, Server};
    /// #[derive(Clone)]
    /// struct Name(String);
    ///
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("name", async |socket, name: String| socket.extensions().insert(Name(name)));
    /// ```
    pub fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// Keeps a value with the socket that other servers of the cluster can read
    /// as well: see [`RemoteSocket::data`](crate::RemoteSocket::data). There is
    /// one; it takes the place of the one before. What is for this server alone
    /// belongs into the [`extensions`](Self::extensions).
    ///
    /// ```
    /// # use serde_json::json;
    /// # use socketio::{BoxError, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.middleware(async |socket, ()| -> Result<(), BoxError> {
    ///     Ok(socket.set_data(json!({ "user": 7 }))?)
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// If the value's `Serialize` fails.
    pub fn set_data(&self, data: impl Serialize) -> Result<(), EncodeError> {
        let data = Args::from_list([data])?;
        self.0.extensions.insert(Data(data));
        Ok(())
    }

    /// The value that was kept with [`set_data`](Self::set_data). Without one
    /// it reads as `null`, so that an `Option` is `None`.
    ///
    /// ```
    /// # use socketio::{Ack, BoxError, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("who am i", async |socket, ()| -> Result<_, BoxError> {
    ///     let user: Option<u32> = socket.data()?;
    ///     Ok(Ack(user))
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// If it is not of this type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.raw_data().get(0)
    }

    /// The value as it is kept: one argument, or none.
    pub(crate) fn raw_data(&self) -> Args {
        let data = self.0.extensions.get::<Data>();
        data.map(|Data(data)| data).unwrap_or_default()
    }

    /// The connection below, which the client's sockets in other namespaces
    /// share. Its id is a secret: who knows it can speak for the client.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| println!("over {}", socket.engine().transport()));
    /// ```
    pub fn engine(&self) -> &engineio::Socket {
        &self.0.line.link().engine
    }

    /// Handles an event of this name for this socket alone, in the place of the
    /// handler that the namespace has for it, see [`Namespace::on`]. There is one
    /// for each name: a second one replaces the first. All are dropped when the
    /// socket has left.
    ///
    /// ```
    /// # use socketio::{Ack, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| {
    ///     if socket.handshake().query("role").as_deref() == Some("host") {
    ///         socket.on("count", async |socket, ()| Ack(socket.namespace().socket_count()));
    ///     }
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// If the name is reserved by the protocol, such as `disconnect`.
    pub fn on<D, F, Fut>(
        &self,
        event: impl Listen<D, <Fut::Output as Reply>::Value>,
        handler: F,
    ) -> &Self
    where
        D: FromEvent + 'static,
        F: FnOnce(Self, D) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply> + Send + 'static,
    {
        self.0.handlers.insert(event.as_str(), handler);
        if self.reason().is_some() {
            self.0.handlers.clear();
        }
        self
    }

    /// Sees every event of this client, as [`Namespace::on_any`] does for all.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| {
    ///     socket.on_any(|socket, event| println!("{} sent {:?}", socket.id(), event.name()));
    /// });
    /// ```
    pub fn on_any<F>(&self, observer: F) -> &Self
    where
        F: Fn(&Self, &Incoming) + Send + Sync + 'static,
    {
        self.0.observers.add_incoming(observer);
        self.drop_late_observers();
        self
    }

    /// Sees every event that is emitted to this client, as
    /// [`Namespace::on_any_outgoing`] does for all.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| {
    ///     socket.on_any_outgoing(|socket, name, _| println!("{} gets {name:?}", socket.id()));
    /// });
    /// ```
    pub fn on_any_outgoing<F>(&self, observer: F) -> &Self
    where
        F: Fn(&Self, &str, &Args) + Send + Sync + 'static,
    {
        self.0.observers.add_outgoing(observer);
        self.0.namespace.behaviour().watch();
        self.drop_late_observers();
        self
    }

    /// Lets the task of the connection look again at what it waits for.
    pub(crate) fn wake(&self) {
        self.0.line.link().wake();
    }

    /// Whether this is the connection's first payload that does not fit.
    pub(crate) fn is_first_misfit(&self) -> bool {
        self.0.line.link().is_first_misfit()
    }

    /// How many handlers of this connection have failed, with one more.
    pub(crate) fn count_failure(&self) -> u32 {
        self.0.line.link().count_failure()
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.0.line.link().figures
    }

    pub(crate) fn acks(&self) -> &Arc<AckTable> {
        &self.0.acks
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn outlet(&self) -> Arc<dyn Outlet> {
        self.0.clone()
    }

    /// The handler of an event: the socket's own, or that of the namespace.
    pub(crate) fn handler(&self, event: &str) -> Option<Arc<dyn Handle<Self>>> {
        let own = self.0.handlers.get(event);
        own.or_else(|| self.0.namespace.behaviour().handler(event))
    }

    /// Shows an event to those who see every event.
    pub(crate) fn show_incoming(&self, event: &Incoming) {
        self.0.namespace.behaviour().show_incoming(self, event);
        self.0.observers.show_incoming(self, event);
    }

    /// Shows an event that was sent to those who see every event. Not under a
    /// lock: they are code of the user.
    pub(crate) fn show_outgoing(&self, event: &Shown<'_, impl IntoArgs>) {
        self.0.namespace.behaviour().show_outgoing(self, event);
        self.0.observers.show_outgoing(self, event);
    }

    /// Nobody would drop the observers of a socket that has left.
    fn drop_late_observers(&self) {
        if self.reason().is_some() {
            self.0.observers.clear();
        }
    }

    pub(crate) fn shared_id(&self) -> Arc<str> {
        self.0.id.clone()
    }
}

/// The value that other servers can read.
#[derive(Clone)]
struct Data(Args);

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.0.id)
            .field("namespace", &self.0.namespace.name())
            .field("reason", &self.reason())
            .finish_non_exhaustive()
    }
}

impl Outlet for Inner {
    fn nsp(&self) -> &str {
        self.namespace.name()
    }

    fn parser(&self) -> Parser {
        self.namespace.config().parser
    }

    fn send(&self, packet: Encoded) -> Result<(), EmitError> {
        self.line.send(Cow::Owned(packet), Class::Reliable)
    }
}
