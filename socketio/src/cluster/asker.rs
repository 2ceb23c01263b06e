//! The way back to a node that asked.

use std::sync::Arc;

use super::Cluster;
use super::wire::{NODES, What};
use crate::told::{Shortened, Told};
use crate::{Encoded, IntoArgs, NodeId, Route};

/// A node that asked something. Dropping this tells it that there are no more
/// replies of this node, so that it never waits for one that cannot come.
pub(super) struct Asker {
    cluster: Arc<Cluster>,
    node: NodeId,
    nsp: Arc<str>,
    pub(super) request: u64,
}

impl Asker {
    pub(super) fn new(cluster: &Arc<Cluster>, node: NodeId, nsp: &str, request: u64) -> Self {
        Self {
            cluster: cluster.clone(),
            node,
            nsp: nsp.into(),
            request,
        }
    }

    /// Sends a reply; there may be more.
    pub(super) fn reply(&self, args: &impl IntoArgs) {
        match NODES.encode_ack("/", self.request, args) {
            Ok(packet) => self.send_reply(&packet),
            Err(error) => {
                let (nsp, error) = (Shortened(&self.nsp), Told(&error));
                tracing::warn!(?nsp, %error, "reply not written");
            }
        }
    }

    /// Sends a reply that is written.
    pub(super) fn send_reply(&self, packet: &Encoded) {
        let request = self.request;
        self.publish(What::Reply { request }, Some(packet));
    }

    /// Replies on a task of its own, until it is done or nobody waits any more.
    pub(super) fn spawn<F>(self, work: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (cluster, key) = (self.cluster.clone(), (self.node.clone(), self.request));
        cluster.spawn(key, work(self));
    }

    fn publish(&self, what: What, packet: Option<&Encoded>) {
        let route = Route::Node(self.node.clone());
        self.cluster.publish(route, &self.nsp, what, packet);
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.publish(
            What::Done {
                request: self.request,
            },
            None,
        );
    }
}
