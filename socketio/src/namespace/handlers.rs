//! What runs for the events of a namespace, and around them.

use super::Namespace;
use crate::{
    Args, BoxError, DisconnectReason, Failure, FromArgs, FromEvent, Incoming, Listen, Reply, Socket,
};

impl Namespace {
    /// Handles an event of this name. The handler gets the socket and what
    /// the event carries; what it returns is the answer, see [`Reply`].
    ///
    /// The payload is any owned type with `serde::Deserialize`, where a tuple
    /// is several arguments, `()` none and anything else one; or
    /// [`Args`], unparsed; or the whole [`Incoming`] event.
    /// Missing arguments read as null, so that an `Option` takes them.
    ///
    /// There is one handler for each name: a second one replaces the first.
    /// One that is added with [`Socket::on`] comes before this one.
    ///
    /// ```
    /// # use socketio::{Ack, Config, Server};
    /// # let io = Server::new(Config::default());
    /// let chat = io.of("/chat");
    /// chat.on("sum", async |_, (a, b): (i64, i64)| Ack(a + b));
    /// chat.on("say", async |socket, text: String| -> Result<(), socketio::EncodeError> {
    ///     socket.to("lobby").emit("said", (socket.id(), text))
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// If the name is reserved by the protocol, such as `disconnect`: clients
    /// cannot send such an event.
    pub fn on<D, F, Fut>(
        &self,
        event: impl Listen<D, <Fut::Output as Reply>::Value>,
        handler: F,
    ) -> &Self
    where
        D: FromEvent + 'static,
        F: FnOnce(Socket, D) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply> + Send + 'static,
    {
        self.0.behaviour.handlers.insert(event.as_str(), handler);
        self
    }

    /// Decides who may connect. Middleware runs in the order in which it was
    /// added; the first that fails refuses the client.
    ///
    /// It gets the socket, which can already join rooms and keep
    /// [`extensions`](Socket::extensions), but cannot emit; and the client's
    /// auth payload, parsed like the payload of an event: `()` ignores it,
    /// `Option<T>` takes it if it is there. A payload that does not fit
    /// refuses the client.
    ///
    /// The error is what the client hears: a [`ConnectError`] as it is, of any
    /// other error the text. A panic is no such error; the client hears that
    /// something went wrong on the server.
    ///
    /// If the client goes away meanwhile, the middleware is dropped where it
    /// waits.
    ///
    /// ```
    /// # use serde::Deserialize;
    /// # use socketio::{BoxError, Config, Server};
    /// #[derive(Deserialize)]
    /// struct Auth { token: Option<String> }
    ///
    /// # let io = Server::new(Config::default());
    /// io.of("/").middleware(async |socket, auth: Auth| -> Result<(), BoxError> {
    ///     let token = auth.token.ok_or("No token provided")?;
    ///     socket.join(format!("user:{token}"))?;
    ///     Ok(())
    /// });
    /// ```
    ///
    /// [`ConnectError`]: crate::ConnectError
    pub fn middleware<A, F, Fut, E>(&self, middleware: F) -> &Self
    where
        A: FromArgs + 'static,
        F: FnOnce(Socket, A) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.0
            .behaviour
            .change_hooks(|hooks| hooks.add_middleware(middleware));
        self
    }

    /// Runs when a socket is connected, after all middleware. Events that the
    /// client sends meanwhile wait until it is done, so it is the place for
    /// [`Socket::on`]; what goes on for long belongs into a task of its own. It
    /// can [ask the client](Socket::emit_with_ack), but better with a timeout:
    /// see there.
    ///
    /// If the client goes away meanwhile, it is waited for no longer than
    /// [`Config::leave_timeout`](crate::Config::leave_timeout), 5 s by default;
    /// then it is dropped where it waits.
    ///
    /// Several such handlers run one after the other.
    ///
    /// ```
    /// # use socketio::{Ack, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_connect(async |socket| {
    ///     socket.join("lobby")?;
    ///     socket.emit("welcome", socket.id())?;
    ///     Ok::<_, socketio::BoxError>(())
    /// });
    /// ```
    pub fn on_connect<F, Fut>(&self, handler: F) -> &Self
    where
        F: FnOnce(Socket) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply<Value = ()>> + Send + 'static,
    {
        self.0
            .behaviour
            .change_hooks(|hooks| hooks.add_connect(handler));
        self
    }

    /// Runs once for each socket that was connected, after it left. Events
    /// that still waited for their turn are not handled; handlers that run
    /// already run to their end.
    ///
    /// Broadcasts do not reach the socket any more, but [`Socket::rooms`]
    /// still tells the rooms that it was in, until the handlers are done.
    ///
    /// They run when [`on_connect`](Self::on_connect) is done, or an
    /// [`on_event`](Self::on_event) that has an event of the socket, or the
    /// [`Config::leave_timeout`](crate::Config::leave_timeout) has passed. Only a
    /// process that ends, or a handler that blocks its thread, can keep them from
    /// running.
    ///
    /// Several such handlers run one after the other.
    ///
    /// ```
    /// # use socketio::{Config, EncodeError, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_disconnect(async |socket, reason| -> Result<(), EncodeError> {
    ///     for room in socket.rooms() {
    ///         socket.to(room).emit("left", (socket.id(), reason))?;
    ///     }
    ///     Ok(())
    /// });
    /// ```
    pub fn on_disconnect<F, Fut>(&self, handler: F) -> &Self
    where
        F: FnOnce(Socket, DisconnectReason) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply<Value = ()>> + Send + 'static,
    {
        self.0
            .behaviour
            .change_hooks(|hooks| hooks.add_disconnect(handler));
        self
    }

    /// Sees every event before its handler, and also events that nobody
    /// handles. It returns the event to let it pass, also under
    /// [another name](Incoming::with_name) or with
    /// [other arguments](Incoming::with_args), or an error, which goes to
    /// [`on_error`](Self::on_error) instead.
    ///
    /// As it gets the whole event it can answer it. While it waits, the
    /// socket's following events wait as well. Several run in the order in
    /// which they were added. If the socket leaves meanwhile, it has
    /// [`leave_timeout`](crate::Config::leave_timeout); then it is dropped where
    /// it waits.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_event(async |socket, event| {
    ///     if event.args().bytes() > 10_000 {
    ///         return Err("that is too much");
    ///     }
    ///     println!("{} sent {:?}", socket.id(), event.name());
    ///     Ok(event)
    /// });
    /// ```
    pub fn on_event<F, Fut, E>(&self, handler: F) -> &Self
    where
        F: FnOnce(Socket, Incoming) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Incoming, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.0
            .behaviour
            .change_hooks(|hooks| hooks.add_event(handler));
        self
    }

    /// Sees every event of every client, when its turn comes: before
    /// [`on_event`](Self::on_event) and before its handler, also if nobody
    /// handles it. It only looks, and what takes long belongs into a task of its
    /// own. There can be several; a panic in one is logged.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_any(|socket, event| {
    ///     println!("{} sent {:?} {:?}", socket.id(), event.name(), event.args());
    /// });
    /// ```
    pub fn on_any<F>(&self, observer: F) -> &Self
    where
        F: Fn(&Socket, &Incoming) + Send + Sync + 'static,
    {
        self.0.behaviour.observers.add_incoming(observer);
        self
    }

    /// Sees every event that is emitted to a client, once for each client that a
    /// broadcast reaches, with its name and its arguments. Answers to clients
    /// are no events, and what was not sent is not shown, nor what is sent once
    /// more to a client that [comes back](crate::Recovery).
    ///
    /// It runs where the event is emitted, after it was queued. If it emits
    /// itself, it sees that too.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_any_outgoing(|socket, name, args| {
    ///     println!("{} gets {name:?} {args:?}", socket.id());
    /// });
    /// ```
    pub fn on_any_outgoing<F>(&self, observer: F) -> &Self
    where
        F: Fn(&Socket, &str, &Args) + Send + Sync + 'static,
    {
        self.0.behaviour.observers.add_outgoing(observer);
        self.0.behaviour.watch();
        self
    }

    /// Decides what happens when an event was not handled: its payload does
    /// not fit the handler, [`on_event`](Self::on_event) refused it, or the
    /// handler failed or panicked. Without it such a failure is logged, what
    /// the client did wrong at the level `debug` but for the first payload of a
    /// connection that does not fit, and the client hears nothing. There is one
    /// such handler; a second one replaces the first.
    ///
    /// ```
    /// # use serde_json::json;
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_error(async |socket, mut failure| {
    ///     let error = json!({ "message": failure.to_string() });
    ///     match failure.acker() {
    ///         Some(acker) => acker.send(error),
    ///         None => socket.emit("error", error),
    ///     }
    /// });
    /// ```
    pub fn on_error<F, Fut>(&self, handler: F) -> &Self
    where
        F: FnOnce(Socket, Failure) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply<Value = ()>> + Send + 'static,
    {
        self.0
            .behaviour
            .change_hooks(|hooks| hooks.set_error(handler));
        self
    }
}
