//! Emitting to the other servers of a cluster, and not to clients.

use crate::ack::Pending;
use crate::cluster::{NODE_TIMEOUT, NODES};
use crate::{
    Ask, Emit, EncodeError, FromArgs, FromEvent, IntoArgs, Listen, Namespace, Replies, Reply,
};

/// Events from server to server: those that one emits are handled by the
/// others.
impl Namespace {
    /// Handles an event of this name that another server of the cluster emits
    /// with [`server_side_emit`](Self::server_side_emit). The handler gets this
    /// namespace and what the event carries; what it returns is the answer, see
    /// [`Reply`].
    ///
    /// Handlers start in the order in which one server emits. None is waited
    /// for when the server closes. What fails is logged, and not answered.
    ///
    /// ```
    /// # use socketio::{Ack, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/chat").on_server_side("how many?", async |chat, ()| Ack(chat.socket_count()));
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
        F: FnOnce(Self, D) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply> + Send + 'static,
    {
        self.behaviour().server_side.insert(event.as_str(), handler);
        self
    }

    /// Emits an event to the same namespace of all other servers of the
    /// cluster. This one does not get it. Without an
    /// [`Adapter`](crate::Adapter) there are no others.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/chat").server_side_emit("close room", "lobby")?;
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
        let packet = NODES.encode_event("/", event.as_str(), &args, None)?;
        if let Some(cluster) = self.cluster() {
            cluster.server_side(self.shared_name(), &packet);
        }
        Ok(())
    }

    /// Emits an event that all other servers are to answer. Those that have no
    /// handler for it, or whose handler fails, are not waited for; the others
    /// for 5 s, or as long as [`Replies::timeout`] says.
    ///
    /// ```no_run
    /// # use socketio::Server;
    /// # async fn count(io: Server) -> usize {
    /// let chat = io.of("/chat");
    /// let others = chat.server_side_emit_with_ack("how many?", ()).collect().await;
    /// let others: Vec<usize> = others.unwrap_or_else(|incomplete| incomplete.replies);
    /// chat.socket_count() + others.iter().sum::<usize>()
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if there is an [`Adapter`](crate::Adapter).
    pub fn server_side_emit_with_ack<P: IntoArgs, T: FromArgs>(
        &self,
        event: impl Emit<P> + Ask<T>,
        args: P,
    ) -> Replies<T> {
        let packet = match NODES.encode_event("/", event.as_str(), &args, None) {
            Ok(packet) => packet,
            Err(error) => return Replies::new(Err(error.into())),
        };
        let mut pending = Pending::new(0);
        let Some(cluster) = self.cluster() else {
            return Replies::new(Ok(pending));
        };
        pending.ask_nodes(|mailbox| cluster.ask_servers(self.shared_name(), &packet, mailbox));
        Replies::new(Ok(pending)).timeout(NODE_TIMEOUT)
    }
}
