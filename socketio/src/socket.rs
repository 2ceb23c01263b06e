//! One client in one namespace.

mod recovery;

use std::fmt;
use std::sync::Arc;

use engineio::{Class, Wake};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use crate::ack::{AckTable, Pending};
use crate::delivery::Outgoing;
use crate::figures::Figures;
use crate::handler::{Handle, Handlers};
use crate::incoming::Outlet;
use crate::line::Line;
use crate::link::Link;
use crate::observers::{Observers, Shown};
use crate::recovery::Ticket;
use crate::sync::{read, write};
use crate::{
    Args, Ask, Broadcast, DecodeError, DisconnectReason, Emit, EmitError, EncodeError, Encoded,
    Extensions, FromArgs, FromEvent, Handshake, Incoming, IntoArgs, JoinError, Listen, Namespace,
    Parser, Reply, Request, Volatile,
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

    /// Emits an event to this client: reliably, and without waiting. A tuple
    /// is several arguments, `()` none, anything else one.
    ///
    /// What a client does not read is queued, up to the
    /// [`budget`](engineio::Limits::budget) of its connection, 8 MiB by default; an
    /// event beyond it closes the connection, as `slow consumer`. To not outrun it,
    /// wait for [`ready`](Self::ready); to skip what it cannot take, use
    /// [`volatile`](Self::volatile).
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("add", async |socket, (a, b): (i64, i64)| {
    ///     socket.emit("sum", a + b)?;
    ///     socket.emit("sum of", (a, b, a + b))
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// If the event cannot be written; if the socket is not connected, because its
    /// middleware still runs or it has left; or if the budget is spent.
    pub fn emit<P: IntoArgs>(&self, event: impl Emit<P>, args: P) -> Result<(), EmitError> {
        self.emit_as(Class::Reliable, event.as_str(), &args)
    }

    /// Emits an event that the client is to answer. The event is sent when
    /// this returns; the answer comes when the [`Request`] is awaited.
    ///
    /// A handler that waits for an answer holds its event, and those that wait
    /// for it, up to the limits of the connection: the answer can be behind
    /// events that are not read any more, see
    /// [`Limits::pending_bytes`](crate::Limits::pending_bytes). With a timeout
    /// a client that does not answer costs no more than that.
    ///
    /// It ends with an [`AckError`](crate::AckError) if the event was not sent, if
    /// the socket leaves, if the time is over, or if the answer is of another type.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use socketio::{BoxError, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| -> Result<(), BoxError> {
    ///     let name = socket.emit_with_ack("your name?", ()).timeout(Duration::from_secs(5));
    ///     let name: String = name.await?;
    ///     socket.broadcast().emit("joined", name)?;
    ///     Ok(())
    /// });
    /// ```
    pub fn emit_with_ack<P: IntoArgs, T: FromArgs>(
        &self,
        event: impl Emit<P> + Ask<T>,
        args: P,
    ) -> Request<T> {
        self.ask_as(Class::Reliable, event.as_str(), &args)
    }

    /// Emits that are dropped where the client cannot take them at once.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| socket.volatile().emit("position", (0.5, 0.25)));
    /// ```
    pub fn volatile(&self) -> Volatile {
        Volatile::new(self.clone())
    }

    /// Changes nothing: see [`Broadcast::compress`].
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| socket.compress(false).emit("map", [0, 1, 1, 0]));
    /// ```
    pub fn compress(&self, _compress: bool) -> &Self {
        self
    }

    /// Waits until the client has read enough: less is queued for its connection, in
    /// all its namespaces, than [`high_water`](engineio::Limits::high_water), 1 MiB
    /// by default. `false` if the connection has ended.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("table", async |socket, ()| {
    ///     for row in 0..1_000_000 {
    ///         socket.emit("row", row)?;
    ///         socket.ready().await;
    ///     }
    ///     Ok::<_, socketio::EmitError>(())
    /// });
    /// ```
    pub async fn ready(&self) -> bool {
        self.engine().ready().await
    }

    /// The bytes that the client has not taken yet, in all its namespaces, with 64
    /// for each message.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_event(async |socket, event| {
    ///     if socket.buffered() > 100_000 { Err("read first") } else { Ok(event) }
    /// });
    /// ```
    pub fn buffered(&self) -> usize {
        self.engine().buffered()
    }

    /// Puts the socket into a room, which is any text. Its own id is no room that it
    /// can join; a socket that is in the room already, or that has left, joins
    /// nothing, which is no error. It leaves its rooms when it leaves the namespace.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("join", async |socket, room: String| {
    ///     socket.join(format!("room:{room}"))
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// If the name is longer than [`Limits::room_length`](crate::Limits::room_length),
    /// or the socket is in as many rooms as [`Limits::rooms`](crate::Limits::rooms):
    /// 1024 each by default.
    pub fn join(&self, room: impl AsRef<str>) -> Result<(), JoinError> {
        let (room, limits) = (room.as_ref(), &self.0.namespace.config().limits);
        if room.len() > limits.room_length {
            return Err(JoinError::NameLength(limits.room_length));
        }
        // The client that comes back has a socket of the same id.
        let joined = self
            .0
            .line
            .unless_left(|| write(self.0.namespace.index()).join(&self.0.id, room, limits.rooms));
        self.0.namespace.tell_rooms();
        joined
            .unwrap_or(true)
            .then_some(())
            .ok_or(JoinError::TooManyRooms(limits.rooms))
    }

    /// Takes the socket out of a room. Does nothing if it is not in it, or has left
    /// the namespace.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("leave", async |socket, room: String| socket.leave(format!("room:{room}")));
    /// ```
    pub fn leave(&self, room: impl AsRef<str>) {
        self.0.line.unless_left(|| {
            write(self.0.namespace.index()).leave(&self.0.id, room.as_ref());
        });
        self.0.namespace.tell_rooms();
    }

    /// The rooms that the socket is in, in the order in which it joined them;
    /// its id is not among them. While [`Namespace::on_disconnect`] runs,
    /// those that it was in.
    ///
    /// ```
    /// # use socketio::{Config, EncodeError, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_disconnect(async |socket, _| -> Result<(), EncodeError> {
    ///     let rooms = socket.rooms();
    ///     rooms.iter().try_for_each(|room| socket.to(room).emit("left", socket.id()))
    /// });
    /// ```
    pub fn rooms(&self) -> Vec<Arc<str>> {
        let left = self.0.line.left_rooms();
        left.unwrap_or_else(|| read(self.0.namespace.index()).rooms_of(&self.0.id))
    }

    /// The members of a room, or the socket of that id; without this socket.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("typing", async |socket, room: String| {
    ///     socket.to(&room).volatile().emit("typing", (room, socket.id()))
    /// });
    /// ```
    pub fn to(&self, room: impl AsRef<str>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Everyone but this socket and the members of a room, or the socket of
    /// that id.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("say", async |socket, text: String| {
    ///     socket.except("muted").emit("said", text)
    /// });
    /// ```
    pub fn except(&self, room: impl AsRef<str>) -> Broadcast {
        self.broadcast().except(room)
    }

    /// Everyone in the namespace but this socket.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| socket.broadcast().emit("joined", socket.id()));
    /// ```
    pub fn broadcast(&self) -> Broadcast {
        self.0.namespace.everyone().without(self.0.id.clone())
    }

    /// Disconnects the client from this namespace. Its other namespaces and
    /// the connection stay. Does nothing while the middleware runs, which
    /// refuses with an error, or when the socket has left; but a client that
    /// is away does not come back then as who it was, see
    /// [`Recovery`](crate::Recovery).
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("leave", async |socket, ()| socket.disconnect());
    /// ```
    pub fn disconnect(&self) {
        if self.is_connected() && self.end(DisconnectReason::Server) {
            self.0.line.link().left(self.0.id.clone());
        } else {
            self.forget_session();
        }
    }

    /// Disconnects the client from all its namespaces, and closes the
    /// connection once what is queued is sent. As [`disconnect`](Self::disconnect),
    /// it does nothing while the middleware runs, or when the socket has left:
    /// the client may be in other namespaces. But a client that is away comes back
    /// to none of them as who it was.
    ///
    /// ```
    /// # use socketio::{Cause, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_error(async |socket, failure| {
    ///     if matches!(failure.cause(), Cause::Decode(_)) {
    ///         socket.close();
    ///     }
    /// });
    /// ```
    pub fn close(&self) {
        let is_away = self.reason().is_some_and(DisconnectReason::is_recoverable);
        if self.is_connected() || is_away {
            self.0.line.link().close();
        }
        self.disconnect();
    }

    /// Whether the socket is connected: it passed the middleware and has not
    /// left.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| {
    ///     tokio::spawn(async move {
    ///         while socket.is_connected() && socket.emit("tick", ()).is_ok() {
    ///             tokio::time::sleep(Duration::from_secs(1)).await;
    ///         }
    ///     });
    /// });
    /// ```
    pub fn is_connected(&self) -> bool {
        self.0.line.is_open()
    }

    /// Waits until the socket has left, and tells why.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| {
    ///     tokio::spawn(async move { println!("left: {}", socket.closed().await) });
    /// });
    /// ```
    pub async fn closed(&self) -> DisconnectReason {
        loop {
            // Registered before the check, so that none is missed in between.
            let left = self.0.left.notified();
            if let Some(reason) = self.reason() {
                return reason;
            }
            left.await;
        }
    }

    /// Why the socket left; `None` if it has not.
    pub(crate) fn reason(&self) -> Option<DisconnectReason> {
        self.0.line.reason()
    }

    /// Lets the task of the connection look again at what it waits for.
    pub(crate) fn wake(&self) {
        self.0.line.link().wake();
    }

    /// Whether this is the connection's first payload that does not fit.
    pub(crate) fn is_first_misfit(&self) -> bool {
        self.0.line.link().is_first_misfit()
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

    /// Takes the socket out of its rooms and its namespace. `false` if it has
    /// left already: the first reason stays.
    pub(crate) fn end(&self, reason: DisconnectReason) -> bool {
        let is_first = self.end_line(reason);
        if is_first {
            self.settle();
        }
        is_first
    }

    /// Takes the socket out of its rooms and its namespace. `false` if it has
    /// left already.
    pub(crate) fn close_line(&self, reason: DisconnectReason) -> bool {
        let leave = || write(self.0.namespace.index()).remove(&self.0.id);
        self.0.line.close(reason, leave)
    }

    /// Tells those who wait for something of the socket that it has left.
    pub(crate) fn settle(&self) {
        self.0.namespace.tell_rooms();
        self.0.acks.close();
        self.0.left.notify_waiters();
    }

    /// Drops what only the handlers of a socket need. They are all done.
    pub(crate) fn forget(&self) {
        self.0.handlers.clear();
        self.0.observers.clear();
        self.0.line.forget_rooms();
        if let Some(ticket) = self.ticket() {
            ticket.finish();
        }
    }

    pub(crate) fn emit_as(
        &self,
        class: Class,
        name: &str,
        args: &impl IntoArgs,
    ) -> Result<(), EmitError> {
        let event = Outgoing {
            ack: None,
            args,
            class,
            id: None,
            name,
        };
        self.0.namespace.send_to(self, &event)
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

    pub(crate) fn send(&self, packet: &Encoded, class: Class<'_>) -> Result<(), EmitError> {
        self.0.line.send(packet, class)
    }

    /// Sends a packet, and wakes nobody before what is returned is dropped.
    pub(crate) fn queue(&self, packet: &Encoded) -> (Result<(), EmitError>, Option<Wake>) {
        self.0.line.queue(packet, Class::Reliable)
    }

    pub(crate) fn shared_id(&self) -> Arc<str> {
        self.0.id.clone()
    }

    /// Sends a packet that is to be answered.
    pub(crate) fn ask(
        &self,
        pending: &mut Pending,
        packet: &Encoded,
        class: Class<'_>,
    ) -> Result<(), EmitError> {
        pending.ask(&self.0.acks, || self.send(packet, class))?;
        // For an answer a connection is read further.
        self.0.line.link().wake();
        Ok(())
    }

    pub(crate) fn ask_as<T: FromArgs>(
        &self,
        class: Class,
        name: &str,
        args: &impl IntoArgs,
    ) -> Request<T> {
        let sent = self.request(class, name, args);
        Request::new(sent).within(self.0.namespace.config().ack_timeout)
    }

    fn request(
        &self,
        class: Class,
        name: &str,
        args: &impl IntoArgs,
    ) -> Result<Pending, EmitError> {
        let id = self.0.namespace.next_ack();
        let event = Outgoing {
            ack: Some(id),
            args,
            class,
            id: None,
            name,
        };
        let mut pending = Pending::new(id);
        self.0.namespace.ask_one(self, &event, &mut pending)?;
        Ok(pending)
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

    fn send(&self, packet: &Encoded) -> Result<(), EmitError> {
        self.line.send(packet, Class::Reliable)
    }
}
