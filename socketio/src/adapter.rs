//! The wire between the servers of a cluster, as its author sees it.

use std::fmt;
use std::sync::{Arc, Weak};

use bytes::Bytes;

use crate::BoxError;
use crate::cluster::Cluster;

/// The wire between the nodes of a cluster: servers of which each has some of
/// the clients.
///
/// It carries what is published from one node to others, and knows who is
/// there. What is published means, it need not know. Each server has an
/// adapter of its own, in [`Config::adapter`](crate::Config::adapter).
///
/// # What it has to guarantee
///
/// - What one node publishes arrives at each other node in that order,
///   whatever the [`Route`]s, and none of it twice. What is lost on the way is
///   lost: an event does not reach the clients of that node, and an answer is
///   missing until its time is over.
/// - [`publish`](Self::publish) and the other methods do not wait. They are
///   called on the tasks of the application, also outside of a runtime.
/// - [`peers`](Self::peers) knows a node before anything that it published
///   arrives, and forgets it before [`Inbox::left`] is called.
///
/// `docs/scaling.md` has an adapter to start from, and the form of what is
/// carried. This one is to nobody:
///
/// ```
/// use std::sync::Arc;
/// use socketio::{Adapter, BoxError, Config, Inbox, NodeId, Publication, Server};
///
/// #[derive(Debug)]
/// struct Hermit;
///
/// impl Adapter for Hermit {
///     fn start(&self, _: Inbox) {}
///
///     fn publish(&self, _: Publication) -> Result<(), BoxError> {
///         Ok(())
///     }
///
///     fn peers(&self) -> Vec<NodeId> {
///         Vec::new()
///     }
/// }
///
/// let io = Server::new(Config::default().adapter(Arc::new(Hermit)));
/// assert!(io.cluster().is_some_and(|cluster| cluster.peers.is_empty()));
/// ```
pub trait Adapter: fmt::Debug + Send + Sync + 'static {
    /// Takes the inbox of the server whose adapter this is. It is called once,
    /// by [`Server::new`](crate::Server::new), before anything is published; on
    /// a runtime, if the server is made on one.
    fn start(&self, inbox: Inbox);

    /// Sends something to other nodes, soon. That it comes back to this one
    /// does no harm.
    ///
    /// # Errors
    ///
    /// If it will not be sent, for example because too much waits. It is logged
    /// and counted; the clients of this node get their events all the same.
    fn publish(&self, publication: Publication) -> Result<(), BoxError>;

    /// The other nodes that are there now.
    fn peers(&self) -> Vec<NodeId>;

    /// Somebody of this node is in this room of a namespace now, and nobody was.
    /// A socket is alone in the room that its id names.
    ///
    /// With this and [`room_closed`](Self::room_closed) an adapter can leave
    /// out, of what has the route [`Route::Room`], what no client of this node
    /// is to get. One that brings everything to every node need not care, and
    /// nor need one that leaves it out where it arrives. One that leaves it out
    /// where it is published does not know yet of sockets that this very node
    /// told to join a moment ago, so that they miss what comes next.
    ///
    /// ```
    /// # use std::{collections::BTreeSet, sync::Mutex};
    /// # use socketio::{Adapter, BoxError, Inbox, NodeId, Publication};
    /// /// A wire with a channel for each room.
    /// #[derive(Debug)]
    /// struct Channels {
    ///     subscribed: Mutex<BTreeSet<String>>,
    /// }
    ///
    /// impl Adapter for Channels {
    ///     fn room_opened(&self, nsp: &str, room: &str) {
    ///         self.subscribed.lock().unwrap().insert(format!("{nsp},{room}"));
    ///     }
    ///
    ///     fn room_closed(&self, nsp: &str, room: &str) {
    ///         self.subscribed.lock().unwrap().remove(&format!("{nsp},{room}"));
    ///     }
    ///
    ///     fn close(&self) {
    ///         self.subscribed.lock().unwrap().clear();
    ///     }
    ///     // start, publish and peers as ever
    /// #     fn start(&self, _: Inbox) {}
    /// #     fn publish(&self, _: Publication) -> Result<(), BoxError> { Ok(()) }
    /// #     fn peers(&self) -> Vec<NodeId> { Vec::new() }
    /// }
    /// ```
    fn room_opened(&self, _nsp: &str, _room: &str) {}

    /// Nobody of this node is in this room any more: see
    /// [`room_opened`](Self::room_opened).
    fn room_closed(&self, _nsp: &str, _room: &str) {}

    /// The server was [closed](crate::Server::close). Nothing is published any
    /// more, and the others are to be told that this node left. What was opened for
    /// [rooms](Self::room_opened) is to be given back.
    fn close(&self) {}
}

/// Something for other nodes.
///
/// ```
/// use socketio::{Publication, Route};
///
/// /// What goes over a wire that reaches everybody: for whom, and what.
/// fn frame(publication: Publication) -> Vec<u8> {
///     let mut frame = match &publication.route {
///         Route::Node(node) => node.as_str().to_owned(),
///         _ => "all".to_owned(),
///     };
///     frame.push('\n');
///     [frame.as_bytes(), &publication.body].concat()
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Publication {
    /// Who is to get it.
    pub route: Route,
    /// What the others are to give to [`Inbox::receive`], as it is.
    pub body: Bytes,
}

impl Publication {
    pub(crate) fn new(route: Route, body: Bytes) -> Self {
        Self { route, body }
    }
}

/// Which nodes are to get something. Who gets it without need ignores it.
///
/// ```
/// use socketio::Route;
///
/// /// The channel of a wire that has one for each node and each room.
/// fn channel(route: &Route) -> String {
///     match route {
///         Route::Node(node) => format!("node/{node}"),
///         Route::Room { nsp, room } => format!("room{nsp}/{room}"),
///         _ => "all".into(),
///     }
/// }
/// assert_eq!(channel(&Route::Node("a".into())), "node/a");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Route {
    /// All others.
    All,
    /// This one.
    Node(NodeId),
    /// Those with somebody in this room: see [`Adapter::room_opened`].
    Room {
        /// The namespace's name.
        nsp: Arc<str>,
        /// The room's name, or a socket's id.
        room: Arc<str>,
    },
}

/// The name of a node, which is random and never that of another.
///
/// ```
/// use socketio::NodeId;
///
/// let node = NodeId::from("AbCdEfGhIjKlMnOpQrSt");
/// assert_eq!(node.as_str(), node.to_string());
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NodeId(Arc<str>);

impl NodeId {
    pub(crate) fn random() -> Self {
        Self(engineio::Sid::random().as_str().into())
    }

    /// The name, 20 characters of `A-Z`, `a-z`, `0-9`, `-` and `_`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name that another node told.
impl From<&str> for NodeId {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an [`Adapter`] brings what other nodes published.
///
/// A cheap clone. It does not keep the server alive; when the server is gone it
/// takes everything and does nothing.
///
/// ```
/// use bytes::Bytes;
/// use socketio::{Inbox, NodeId};
/// use tokio::sync::mpsc::Receiver;
///
/// enum News {
///     Gone(NodeId),
///     Published(Bytes),
/// }
///
/// /// Brings the server what comes over the wire.
/// async fn bring(inbox: Inbox, mut wire: Receiver<News>) {
///     println!("this is {}", inbox.node());
///     while let Some(news) = wire.recv().await {
///         match news {
///             News::Gone(node) => inbox.left(&node),
///             News::Published(body) => inbox.receive(body),
///         }
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Inbox {
    cluster: Weak<Cluster>,
    node: NodeId,
}

impl Inbox {
    pub(crate) fn new(cluster: Weak<Cluster>, node: NodeId) -> Self {
        Self { cluster, node }
    }

    /// The name of this node.
    pub fn node(&self) -> &NodeId {
        &self.node
    }

    /// Takes what another node published. What it says is done when this
    /// returns, but for the handlers of the application, which have started
    /// then. Must be called within a tokio runtime, and for what one node
    /// published by one task at a time.
    ///
    /// What cannot be read, or is too large, is skipped and
    /// [counted](crate::ClusterStatus::skipped).
    pub fn receive(&self, body: Bytes) {
        if let Some(cluster) = self.cluster.upgrade() {
            cluster.receive(body);
        }
    }

    /// A node left, or is held to be dead. Nobody waits for its answers any
    /// more, and nothing goes on that it asked for.
    pub fn left(&self, node: &NodeId) {
        if let Some(cluster) = self.cluster.upgrade() {
            cluster.forget(node);
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}
