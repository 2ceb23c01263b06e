//! What can be counted of a cluster.

use std::sync::atomic::Ordering;

use super::Cluster;
use crate::NodeId;

/// How a server does in its cluster: see
/// [`Server::cluster`](crate::Server::cluster).
///
/// ```
/// use socketio::ClusterStatus;
///
/// fn is_healthy(cluster: &ClusterStatus) -> bool {
///     cluster.skipped == 0 && cluster.unpublished == 0 && !cluster.peers.is_empty()
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClusterStatus {
    /// What this node does for others that asked and still wait.
    pub answering: usize,
    /// What this node asked others and waits for.
    pub asking: usize,
    /// The name of this node.
    pub node: NodeId,
    /// The other nodes that are there.
    pub peers: Vec<NodeId>,
    /// Messages of other nodes that were too large or could not be read, since
    /// the start. If it grows, somebody else or another version of this crate
    /// is on the wire.
    pub skipped: u64,
    /// Messages for other nodes that were too large or that the adapter did not
    /// take, since the start.
    pub unpublished: u64,
}

impl Cluster {
    pub(crate) fn status(&self) -> ClusterStatus {
        ClusterStatus {
            answering: self.tasks.len(),
            asking: self.questions.len(),
            node: self.node.clone(),
            peers: self.peers(),
            skipped: self.skipped.load(Ordering::Relaxed),
            unpublished: self.unpublished.load(Ordering::Relaxed),
        }
    }
}
