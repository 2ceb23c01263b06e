//! One client in one namespace.

mod recovery;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use engineio::{Class, Wake};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use crate::ack::{AckTable, Pending};
use crate::delivery::Outgoing;
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

    /// The socket's id: public, and different in each namespace. A client of
    /// protocol 4 does not know it, and has made up one of its own.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The namespace that the socket is in.
    pub fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }

    /// What the client told when it connected.
    pub fn handshake(&self) -> &Handshake {
        &self.0.handshake
    }

    /// What the application keeps with the socket, on this server.
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
    pub fn engine(&self) -> &engineio::Socket {
        &self.0.line.link().engine
    }

    /// Handles an event of this name for this socket alone, before the
    /// handler that the namespace has for it, see [`Namespace::on`].
    ///
    /// # Panics
    ///
    /// If the name is reserved by the protocol.
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
    /// What a client does not read is queued. To not outrun it, wait for
    /// [`ready`](Self::ready); to skip what it cannot take, use
    /// [`volatile`](Self::volatile).
    ///
    /// # Errors
    ///
    /// If the event cannot be written, if the socket is not connected, or if
    /// the client reads so slowly that the connection's budget is spent.
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
    pub fn emit_with_ack<P: IntoArgs, T: FromArgs>(
        &self,
        event: impl Emit<P> + Ask<T>,
        args: P,
    ) -> Request<T> {
        let sent = self.request(event.as_str(), &args);
        Request::new(sent).within(self.0.namespace.config().ack_timeout)
    }

    /// Emits that are dropped where the client cannot take them at once.
    pub fn volatile(&self) -> Volatile {
        Volatile::new(self.clone())
    }

    /// Changes nothing: see [`Broadcast::compress`].
    pub fn compress(&self, _compress: bool) -> &Self {
        self
    }

    /// Waits until the client has read enough of what is queued for it.
    /// `false` if the connection has ended.
    pub async fn ready(&self) -> bool {
        self.engine().ready().await
    }

    /// The bytes that the client has not taken yet, in all its namespaces, with 64
    /// for each message.
    pub fn buffered(&self) -> usize {
        self.engine().buffered()
    }

    /// Puts the socket into a room. Its own id is no room that it can join; a
    /// socket that has left joins nothing, which is no error.
    ///
    /// # Errors
    ///
    /// If the name is too long, or the socket is in too many rooms, by the
    /// [`Limits`](crate::Limits).
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

    /// Takes the socket out of a room.
    pub fn leave(&self, room: impl AsRef<str>) {
        self.0.line.unless_left(|| {
            write(self.0.namespace.index()).leave(&self.0.id, room.as_ref());
        });
        self.0.namespace.tell_rooms();
    }

    /// The rooms that the socket is in, in the order in which it joined them;
    /// its id is not among them. While [`Namespace::on_disconnect`] runs,
    /// those that it was in.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        let left = self.0.line.left_rooms();
        left.unwrap_or_else(|| read(self.0.namespace.index()).rooms_of(&self.0.id))
    }

    /// The members of a room, or the socket of that id; without this socket.
    pub fn to(&self, room: impl AsRef<str>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Everyone but this socket and the members of a room, or the socket of
    /// that id.
    pub fn except(&self, room: impl AsRef<str>) -> Broadcast {
        self.broadcast().except(room)
    }

    /// Everyone in the namespace but this socket.
    pub fn broadcast(&self) -> Broadcast {
        self.0.namespace.everyone().without(self.0.id.clone())
    }

    /// Disconnects the client from this namespace. Its other namespaces and
    /// the connection stay. Does nothing while the middleware runs, which
    /// refuses with an error, or when the socket has left; but a client that
    /// is away does not come back then as who it was, see
    /// [`Recovery`](crate::Recovery).
    pub fn disconnect(&self) {
        if self.is_connected() && self.end(DisconnectReason::Server) {
            self.0.line.link().left(self.0.id.clone());
        } else {
            self.forget_session();
        }
    }

    /// Disconnects the client from all its namespaces, and closes the
    /// connection once what is queued is sent.
    pub fn close(&self) {
        self.disconnect();
        self.0.line.link().close();
    }

    /// Whether the socket is connected: it passed the middleware and has not
    /// left.
    pub fn is_connected(&self) -> bool {
        self.0.line.is_open()
    }

    /// Waits until the socket has left, and tells why.
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

    /// Whether this is the connection's first payload that does not fit.
    pub(crate) fn is_first_misfit(&self) -> bool {
        self.0.line.link().is_first_misfit()
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

    pub(crate) fn send(&self, packet: Cow<'_, Encoded>, class: Class<'_>) -> Result<(), EmitError> {
        self.0.line.send(packet, class)
    }

    /// Sends a packet, and wakes nobody before what is returned is dropped.
    pub(crate) fn queue(&self, packet: &Encoded) -> (Result<(), EmitError>, Option<Wake>) {
        self.0.line.queue(Cow::Borrowed(packet), Class::Reliable)
    }

    pub(crate) fn shared_id(&self) -> Arc<str> {
        self.0.id.clone()
    }

    /// Sends a packet that is to be answered.
    pub(crate) fn ask(
        &self,
        pending: &mut Pending,
        packet: Cow<'_, Encoded>,
        class: Class<'_>,
    ) -> Result<(), EmitError> {
        pending.ask(&self.0.acks, || self.send(packet, class))?;
        // For an answer a connection is read further.
        self.0.line.link().wake();
        Ok(())
    }

    fn request(&self, name: &str, args: &impl IntoArgs) -> Result<Pending, EmitError> {
        let id = self.0.namespace.next_ack();
        let event = Outgoing {
            ack: Some(id),
            args,
            class: Class::Reliable,
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

    fn send(&self, packet: Encoded) -> Result<(), EmitError> {
        self.line.send(Cow::Owned(packet), Class::Reliable)
    }
}
