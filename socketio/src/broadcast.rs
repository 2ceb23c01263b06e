//! Emitting to many.

use std::sync::Arc;

use engineio::Class;

use crate::ack::Pending;
use crate::cluster::{Cluster, NODE_TIMEOUT, NODES};
use crate::delivery::Outgoing;
use crate::rooms::Selection;
use crate::{
    Args, Ask, Emit, EmitError, EncodeError, Fetch, FromArgs, IntoArgs, JoinError, Namespace,
    RemoteSocket, Replies, Socket,
};

/// Some of the sockets of a namespace, to emit to.
///
/// A room is named by any text. The id of a socket is a name for that socket,
/// beside the room of that name; so `to(id)` is a private message. Several
/// `to` add up, and nobody is reached twice; without any it is everyone. Who is
/// in one of several `except` is left out, whatever the `to` say.
///
/// It holds its namespace, and no sockets: who is meant is looked up each
/// time. Dropping it does nothing.
///
/// ```
/// # use socketio::{Config, EncodeError, Server};
/// # fn main() -> Result<(), EncodeError> {
/// # let io = Server::new(Config::default());
/// let players = io.of("/game").to("red").to("blue").except("resting");
/// players.emit("round", 1)?;
/// players.volatile().emit("position", (0.5, 0.25))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Broadcast {
    class: Class<'static>,
    is_local: bool,
    namespace: Namespace,
    selection: Selection,
}

impl Broadcast {
    /// Everyone.
    pub(crate) fn new(namespace: Namespace) -> Self {
        Self {
            class: Class::Reliable,
            is_local: false,
            namespace,
            selection: Selection::default(),
        }
    }

    /// Everyone but the sender.
    pub(crate) fn without(mut self, sender: Arc<str>) -> Self {
        self.selection.sender = Some(sender);
        self
    }

    /// Adds the members of a room, or the socket of that id.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// let players = io.of("/game").to("red").to("blue");
    /// players.emit("round", 1)?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn to(mut self, room: impl AsRef<str>) -> Self {
        self.selection.rooms.push(room.as_ref().into());
        self
    }

    /// Leaves out the members of a room, or the socket of that id. Those of several
    /// `except` are all left out, also if a [`to`](Self::to) names them.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.to("players").except("resting").except("lost").emit("round", 2)?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn except(mut self, room: impl AsRef<str>) -> Self {
        self.selection.except.push(room.as_ref().into());
        self
    }

    /// Leaves out who cannot take the event at once, each time: something is queued
    /// for it, or its transport is busy.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.to("players").volatile().emit("position", (0.5, 0.25))?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn volatile(mut self) -> Self {
        self.class = Class::Volatile;
        self
    }

    /// Only sockets of this server. Without it, and with an
    /// [`Adapter`](crate::Adapter), those of all servers of the cluster are
    /// meant.
    ///
    /// ```
    /// # use socketio::{Config, EncodeError, Server};
    /// # fn main() -> Result<(), EncodeError> {
    /// # let io = Server::new(Config::default());
    /// io.local().emit("this server restarts", ())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn local(mut self) -> Self {
        self.is_local = true;
        self
    }

    /// Changes nothing, and is here for code that was written for the
    /// reference: whether responses are compressed is for the HTTP server
    /// around this one to say, for all of them, and websockets are never
    /// compressed.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.everyone().compress(true).emit("map", [0, 1, 1, 0])?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn compress(self, _compress: bool) -> Self {
        self
    }

    /// Emits an event: a tuple is several arguments, `()` none, anything else one.
    /// It is written once, whatever the number of sockets.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.to("players").emit("moved", ("knight", "f3"))?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the event cannot be written. A client that does not get it concerns
    /// nobody else: it left meanwhile, or it reads so slowly that the
    /// connection's budget is spent, which closes the connection, or the
    /// broadcast is [`volatile`](Self::volatile).
    pub fn emit<P: IntoArgs>(&self, event: impl Emit<P>, args: P) -> Result<(), EncodeError> {
        let (name, cluster) = (event.as_str(), self.cluster());
        if cluster.is_none() && !self.namespace.is_pattern() {
            let event = self.event(name, &args, None);
            return self.namespace.deliver(&self.selection, &event);
        }
        // It is written several times, so that the user's code is asked once.
        let args = Args::write(&args)?;
        let packet = NODES.encode_event("/", name, &args, None)?;
        let mut event = self.event(name, &args, None);
        self.namespace.members().iter().try_for_each(|namespace| {
            // Who hears of it here, and acts on it, finds it published.
            if let Some(cluster) = cluster {
                let nsp = namespace.shared_name();
                event.id = cluster.emit(nsp, &self.selection, self.class, &packet);
            }
            namespace.deliver(&self.selection, &event)
        })
    }

    /// Emits an event that each socket is to answer. It is sent when this
    /// returns; the answers come from the [`Replies`]. Who leaves before it has
    /// answered is not waited for, and neither is a server that is gone; who stays
    /// and does not answer is, without end, but for [`Replies::timeout`] or
    /// [`Config::ack_timeout`](crate::Config::ack_timeout).
    /// What stands for a [pattern](crate::Server::of_matching) asks the sockets of
    /// this server.
    ///
    /// A `T` of `()` takes any answer, and a tuple one of several arguments. One
    /// that does not fit is an error among the replies, as is an event that cannot
    /// be written.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use socketio::Server;
    /// # async fn first(io: Server) -> Option<String> {
    /// let replies = io.to("room").emit_with_ack("who is first?", ());
    /// let mut replies = replies.timeout(Duration::from_secs(10));
    /// let first: String = replies.next().await?.ok()?;
    /// # Some(first)
    /// # }
    /// ```
    pub fn emit_with_ack<P: IntoArgs, T: FromArgs>(
        &self,
        event: impl Emit<P> + Ask<T>,
        args: P,
    ) -> Replies<T> {
        let sent = self.ask(event.as_str(), &args);
        Replies::new(sent).within(self.namespace.config().ack_timeout)
    }

    /// Those of the sockets of this server that are meant now.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// let names: Vec<_> = io.to("room").sockets().iter().map(|s| s.id().to_owned()).collect();
    /// ```
    pub fn sockets(&self) -> Vec<Socket> {
        let mut sockets = Vec::new();
        for namespace in self.namespace.members() {
            namespace.for_each(&self.selection, |socket| sockets.push(socket.clone()));
        }
        sockets
    }

    /// The sockets of all servers of the cluster that are meant now. It asks
    /// the other servers, unless this is [`local`](Self::local); without an
    /// [`Adapter`](crate::Adapter), or of what stands for a
    /// [pattern](crate::Server::of_matching), it gives those of this server at
    /// once.
    ///
    /// ```no_run
    /// # use socketio::{Incomplete, RemoteSocket, Server};
    /// # async fn count(io: Server) -> Result<usize, Incomplete<RemoteSocket>> {
    /// let everyone = io.to("room").fetch_sockets().await?;
    /// # Ok(everyone.len())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if there are other servers to ask.
    pub fn fetch_sockets(&self) -> Fetch {
        let mut pending = Pending::new(0);
        let cluster = self.cluster().filter(|_| !self.namespace.is_pattern());
        if let Some(cluster) = cluster {
            let nsp = self.namespace.shared_name();
            pending.ask_nodes(|mailbox| cluster.fetch(nsp, &self.selection, mailbox));
        }
        let mut replies = Replies::new(Ok(pending));
        if cluster.is_some() {
            replies = replies.timeout(NODE_TIMEOUT);
        }
        let here = self.sockets().iter().map(RemoteSocket::from).collect();
        Fetch::new(self.namespace.clone(), here, replies)
    }

    /// Puts the sockets into a room.
    ///
    /// ```
    /// # use socketio::{Config, JoinError, Server};
    /// # fn main() -> Result<(), JoinError> {
    /// # let io = Server::new(Config::default());
    /// io.to("waiting").join("playing")?;
    /// io.to("playing").leave("waiting");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The first of [`Socket::join`]; the other sockets join all the same. What
    /// other servers of a cluster say to it is not known here.
    pub fn join(&self, room: impl AsRef<str>) -> Result<(), JoinError> {
        self.tell(|cluster, nsp| cluster.join(nsp, &self.selection, room.as_ref()));
        let mut outcome = Ok(());
        for socket in self.sockets() {
            let joined = socket.join(room.as_ref());
            outcome = outcome.and(joined);
        }
        outcome
    }

    /// Takes the sockets out of a room, on all servers: see [`join`](Self::join).
    /// Those that are not in it are left as they are.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.to("playing").leave("waiting");
    /// ```
    pub fn leave(&self, room: impl AsRef<str>) {
        self.tell(|cluster, nsp| cluster.leave(nsp, &self.selection, room.as_ref()));
        for socket in self.sockets() {
            socket.leave(room.as_ref());
        }
    }

    /// Disconnects the sockets from the namespace. Their connections stay. Those
    /// who are away do not come back as who they were, see
    /// [`Recovery`](crate::Recovery).
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/game").to("lost").disconnect();
    /// io.to("banned").close();
    /// ```
    pub fn disconnect(&self) {
        self.tell(|cluster, nsp| cluster.disconnect(nsp, &self.selection, false));
        self.expel(false);
    }

    /// Disconnects the clients of the sockets from all their namespaces, and
    /// closes their connections: [`Socket::close`].
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.to("banned").close();
    /// ```
    pub fn close(&self) {
        self.tell(|cluster, nsp| cluster.disconnect(nsp, &self.selection, true));
        self.expel(true);
    }

    pub(crate) fn ask(&self, name: &str, args: &impl IntoArgs) -> Result<Pending, EmitError> {
        let (namespace, selection) = (&self.namespace, &self.selection);
        let (id, nsp) = (namespace.next_ack(), namespace.shared_name());
        let mut pending = Pending::new(id);
        if namespace.is_pattern() {
            let args = Args::write(args)?;
            let event = self.event(name, &args, Some(id));
            for member in namespace.members() {
                member.ask_all(selection, &event, &mut pending)?;
            }
            return Ok(pending);
        }
        let Some(cluster) = self.cluster() else {
            let event = self.event(name, args, Some(id));
            namespace.ask_all(selection, &event, &mut pending)?;
            return Ok(pending);
        };
        let args = Args::write(args)?;
        let event = self.event(name, &args, Some(id));
        let packet = NODES.encode_event("/", name, &args, None)?;
        pending
            .ask_nodes(|mailbox| cluster.ask_sockets(nsp, selection, self.class, &packet, mailbox));
        namespace.ask_all(selection, &event, &mut pending)?;
        Ok(pending)
    }

    fn event<'a, P>(&self, name: &'a str, args: &'a P, ack: Option<u64>) -> Outgoing<'a, P> {
        Outgoing {
            ack,
            args,
            class: self.class,
            id: None,
            name,
        }
    }

    /// Disconnects those of the sockets of this server who are meant.
    fn expel(&self, close: bool) {
        for namespace in self.namespace.members() {
            namespace.expel(&self.selection, close);
        }
    }

    /// Tells other servers, of each namespace that is meant.
    fn tell(&self, tell: impl Fn(&Cluster, &Arc<str>)) {
        if let Some(cluster) = self.cluster() {
            let namespaces = self.namespace.members();
            namespaces
                .iter()
                .for_each(|namespace| tell(cluster, namespace.shared_name()));
        }
    }

    /// Where other servers are told.
    fn cluster(&self) -> Option<&Arc<Cluster>> {
        self.namespace.cluster().filter(|_| !self.is_local)
    }
}
