//! What this node does for others that asked, and may give up.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use futures_util::future::select;
use tokio::sync::Notify;

use super::Cluster;
use crate::NodeId;
use crate::sync::lock;

/// Work for other nodes, by who asked for it.
#[derive(Debug, Default)]
pub(super) struct Tasks(Mutex<HashMap<Key, Arc<Notify>>>);

/// A node and the number that it gave its question.
pub(super) type Key = (NodeId, u64);

impl Tasks {
    /// Gives up what was asked for.
    pub(super) fn cancel(&self, key: &Key) {
        let cancelled = lock(&self.0).remove(key);
        if let Some(cancelled) = cancelled {
            cancelled.notify_one();
        }
    }

    /// Gives up what was asked for by this node.
    pub(super) fn cancel_all(&self, node: &NodeId) {
        let cancelled: Vec<_> = {
            let mut tasks = lock(&self.0);
            tasks.extract_if(|(asker, _), _| asker == node).collect()
        };
        for (_, cancelled) in cancelled {
            cancelled.notify_one();
        }
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

impl Cluster {
    /// Does something for another node, on a task of its own, until it is done
    /// or nobody waits for it any more. What a node asked that has left
    /// meanwhile is not begun.
    pub(super) fn spawn(
        self: &Arc<Self>,
        key: Key,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let cancelled = Arc::new(Notify::new());
        lock(&self.tasks.0).insert(key.clone(), cancelled.clone());
        let task = Running {
            cluster: self.clone(),
            key,
        };
        // Who leaves from now on is told to `cancel_all`.
        if !self.peers().contains(&task.key.0) {
            return;
        }
        tokio::spawn(async move {
            select(pin!(work), pin!(cancelled.notified())).await;
            drop(task);
        });
    }
}

/// Work that is going on; it is forgotten however it ends.
struct Running {
    cluster: Arc<Cluster>,
    key: Key,
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.cluster.tasks.0).remove(&self.key);
    }
}
