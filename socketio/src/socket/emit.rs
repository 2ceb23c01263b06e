//! What a socket is sent.

use std::borrow::Cow;

use engineio::{Class, Wake};

use super::Socket;
use crate::ack::Pending;
use crate::delivery::Outgoing;
use crate::{Ask, Emit, EmitError, Encoded, FromArgs, IntoArgs, Request, Volatile};

impl Socket {
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

    /// Changes nothing: see [`Broadcast::compress`](crate::Broadcast::compress).
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

    pub(crate) fn send(&self, packet: Cow<'_, Encoded>, class: Class<'_>) -> Result<(), EmitError> {
        self.0.line.send(packet, class)
    }

    /// Sends a packet, and wakes nobody before what is returned is dropped.
    pub(crate) fn queue(&self, packet: &Encoded) -> (Result<(), EmitError>, Option<Wake>) {
        self.0.line.queue(Cow::Borrowed(packet), Class::Reliable)
    }
}
