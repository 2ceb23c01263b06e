//! What this node asked others, and who of them has not answered yet.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use super::Cluster;
use super::wire::What;
use crate::ack::Mailbox;
use crate::sync::lock;
use crate::{Args, NodeId, Route};

/// The questions that this node asked, by their number.
#[derive(Debug, Default)]
pub(super) struct Questions(Mutex<Asked>);

#[derive(Debug, Default)]
struct Asked {
    next: u64,
    open: HashMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    mailbox: Arc<Mailbox>,
    /// The nodes that are not done.
    missing: BTreeSet<NodeId>,
}

impl Questions {
    /// A question to these nodes. All of them count as one to wait for.
    pub(super) fn open(&self, missing: Vec<NodeId>, mailbox: &Arc<Mailbox>) -> u64 {
        mailbox.expect_one();
        let mut asked = lock(&self.0);
        let id = asked.next;
        asked.next += 1;
        let open = Open {
            mailbox: mailbox.clone(),
            missing: missing.into_iter().collect(),
        };
        asked.open.insert(id, open);
        id
    }

    /// An answer. One that nobody waits for any more is ignored.
    pub(super) fn answer(&self, id: u64, answer: Args) {
        let mailbox = lock(&self.0).open.get(&id).map(|open| open.mailbox.clone());
        if let Some(mailbox) = mailbox {
            mailbox.push(answer);
        }
    }

    /// Of those who are asked, waits only for the nodes that are to be kept.
    pub(super) fn retain(&self, id: u64, keep: impl Fn(&NodeId) -> bool) {
        let done = {
            let mut asked = lock(&self.0);
            let missing = asked.open.get_mut(&id).map(|open| &mut open.missing);
            let is_done = missing.is_some_and(|missing| {
                missing.retain(keep);
                missing.is_empty()
            });
            is_done.then(|| asked.open.remove(&id)).flatten()
        };
        if let Some(open) = done {
            open.mailbox.settle(None);
        }
    }

    /// Waits for nothing more from a node; from none without one.
    pub(super) fn forget(&self, node: Option<&NodeId>) {
        let done: Vec<_> = {
            let mut asked = lock(&self.0);
            let is_done = |_: &u64, open: &mut Open| {
                match node {
                    Some(node) => drop(open.missing.remove(node)),
                    None => open.missing.clear(),
                }
                open.missing.is_empty()
            };
            asked.open.extract_if(is_done).collect()
        };
        for (_, open) in done {
            open.mailbox.settle(None);
        }
    }

    /// Takes a question back, and tells who has not answered it.
    fn close(&self, id: u64) -> BTreeSet<NodeId> {
        let open = lock(&self.0).open.remove(&id);
        open.map(|open| open.missing).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.0).open.len()
    }
}

/// A question to other nodes, whose answers are waited for. Dropping it tells
/// them that nobody waits any more.
#[derive(Debug)]
pub(crate) struct Question {
    pub(super) cluster: Arc<Cluster>,
    pub(super) id: u64,
    pub(super) nsp: Arc<str>,
}

impl Drop for Question {
    fn drop(&mut self) {
        for node in self.cluster.questions.close(self.id) {
            let cancel = What::Cancel { request: self.id };
            self.cluster
                .publish(Route::Node(node), &self.nsp, cancel, None);
        }
    }
}
