//! What the server does in the namespace `/`.

use crate::{
    Ask, BoxError, Broadcast, Emit, EncodeError, Fetch, FromArgs, FromEvent, IntoArgs, Listen,
    Namespace, Replies, Reply, Server, Socket,
};

/// Short for the same of `io.of("/")`.
///
/// ```
/// # use socketio::{Config, EncodeError, Server};
/// # fn main() -> Result<(), EncodeError> {
/// # let io = Server::new(Config::default());
/// io.on_connect(async |socket| socket.join("lobby"));
/// io.to("lobby").emit("news", "the doors are open")?;
/// # Ok(())
/// # }
/// ```
impl Server {
    /// [`Namespace::middleware`](crate::Namespace::middleware) of `/`.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.middleware(async |_, auth: serde_json::Value| match auth["token"].as_str() {
    ///     Some("open sesame") => Ok(()),
    ///     _ => Err("log in first"),
    /// });
    /// ```
    pub fn middleware<A, F, Fut, E>(&self, middleware: F) -> &Self
    where
        A: FromArgs + 'static,
        F: FnOnce(Socket, A) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.main().middleware(middleware);
        self
    }

    /// [`Namespace::on_connect`](crate::Namespace::on_connect) of `/`.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| socket.emit("welcome", socket.id()));
    /// ```
    pub fn on_connect<F, Fut>(&self, handler: F) -> &Self
    where
        F: FnOnce(Socket) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply<Value = ()>> + Send + 'static,
    {
        self.main().on_connect(handler);
        self
    }

    /// Everyone in `/`, to do something with all of them.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.everyone().join("announcements")?;
    /// # Ok::<_, socketio::JoinError>(())
    /// ```
    pub fn everyone(&self) -> Broadcast {
        self.main().everyone()
    }

    /// Emits an event to every socket of `/`.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.emit("news", "the doors are open")?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Broadcast::emit`].
    pub fn emit<P: IntoArgs>(&self, event: impl Emit<P>, args: P) -> Result<(), EncodeError> {
        self.everyone().emit(event, args)
    }

    /// Emits an event to every socket of `/` and gathers their answers: see
    /// [`Broadcast::emit_with_ack`].
    ///
    /// ```no_run
    /// # use socketio::{AckError, Server};
    /// # async fn wait(io: Server) -> Result<(), AckError> {
    /// let mut replies = io.emit_with_ack("ready?", ());
    /// while let Some(reply) = replies.next().await {
    ///     println!("one says {}", if reply? { "yes" } else { "no" });
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn emit_with_ack<P: IntoArgs, T: FromArgs>(
        &self,
        event: impl Emit<P> + Ask<T>,
        args: P,
    ) -> Replies<T> {
        self.everyone().emit_with_ack(event, args)
    }

    /// The members of a room of `/`, or its socket of that id.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.to("lobby").emit("news", "the doors are open")?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn to(&self, room: impl AsRef<str>) -> Broadcast {
        self.everyone().to(room)
    }

    /// Everyone in `/` but the members of a room, or but the socket of that id.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.except("asleep").emit("news", "the doors are open")?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn except(&self, room: impl AsRef<str>) -> Broadcast {
        self.everyone().except(room)
    }

    /// Everyone in `/` who can take an event at once.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.volatile().emit("clock", 59)?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn volatile(&self) -> Broadcast {
        self.everyone().volatile()
    }

    /// Everyone in `/`, with nothing changed: see [`Broadcast::compress`].
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.compress(false).emit("map", "incompressible")?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn compress(&self, compress: bool) -> Broadcast {
        self.everyone().compress(compress)
    }

    /// Everyone in `/` who is connected to this server: see
    /// [`Broadcast::local`].
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.local().to("players").close();
    /// ```
    pub fn local(&self) -> Broadcast {
        self.everyone().local()
    }

    /// The sockets of `/` that are connected to this server.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// let waiting = io.sockets().iter().filter(|socket| socket.rooms().is_empty()).count();
    /// # assert_eq!(waiting, 0);
    /// ```
    pub fn sockets(&self) -> Vec<Socket> {
        self.everyone().sockets()
    }

    /// The sockets of `/` of all servers of the cluster: see
    /// [`Broadcast::fetch_sockets`].
    ///
    /// ```no_run
    /// # use socketio::{Incomplete, RemoteSocket, Server};
    /// # async fn list(io: Server) -> Result<(), Incomplete<RemoteSocket>> {
    /// for socket in io.fetch_sockets().await? {
    ///     println!("{} is in {:?}", socket.id, socket.rooms);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Broadcast::fetch_sockets`].
    pub fn fetch_sockets(&self) -> Fetch {
        self.everyone().fetch_sockets()
    }

    /// [`Namespace::on_server_side`](crate::Namespace::on_server_side) of `/`.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_server_side("close room", async |_, room: String| println!("{room} closes"));
    /// ```
    ///
    /// # Panics
    ///
    /// If the name is reserved by the protocol.
    pub fn on_server_side<D, F, Fut>(
        &self,
        event: impl Listen<D, <Fut::Output as Reply>::Value>,
        handler: F,
    ) -> &Self
    where
        D: FromEvent + 'static,
        F: FnOnce(Namespace, D) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply> + Send + 'static,
    {
        self.main().on_server_side(event, handler);
        self
    }

    /// Emits an event to the namespace `/` of all other servers of the cluster.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.server_side_emit("close room", "lobby")?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the event cannot be written.
    pub fn server_side_emit<P: IntoArgs>(
        &self,
        event: impl Emit<P>,
        args: P,
    ) -> Result<(), EncodeError> {
        self.main().server_side_emit(event, args)
    }

    /// Emits an event that all other servers are to answer: see
    /// [`Namespace::server_side_emit_with_ack`].
    ///
    /// ```no_run
    /// # use socketio::{AckError, Server};
    /// # async fn loads(io: Server) -> Result<(), AckError> {
    /// let mut loads = io.server_side_emit_with_ack("load?", ());
    /// while let Some(load) = loads.next().await {
    ///     let load: f64 = load?;
    ///     println!("one has {load}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Namespace::server_side_emit_with_ack`].
    pub fn server_side_emit_with_ack<P: IntoArgs, T: FromArgs>(
        &self,
        event: impl Emit<P> + Ask<T>,
        args: P,
    ) -> Replies<T> {
        self.main().server_side_emit_with_ack(event, args)
    }
}
