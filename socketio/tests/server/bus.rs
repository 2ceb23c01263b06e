//! A wire between servers in one process, which tests can cut, hold up and
//! poison.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use bytes::Bytes;
use socketio::{Adapter, BoxError, Inbox, NodeId, Publication, Route};
use tokio::sync::{mpsc, watch};

/// The wire. Everything arrives in the order in which it was published, and by
/// itself, unless the node is [held](Self::hold).
#[derive(Clone, Debug, Default)]
pub(crate) struct Bus(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Rooms that were opened or closed out of turn.
    misfits: Vec<String>,
    nodes: BTreeMap<NodeId, Node>,
    published: Vec<Publication>,
    /// Everything arrives before it is published, as it were.
    is_direct: bool,
    /// Nothing is taken for publication.
    is_full: bool,
}

#[derive(Debug)]
struct Node {
    gate: watch::Sender<bool>,
    inbox: Inbox,
    queue: mpsc::UnboundedSender<Publication>,
    rooms: BTreeSet<(String, String)>,
}

impl Bus {
    /// The adapter of one more node.
    pub(crate) fn adapter(&self) -> Arc<Wire> {
        Arc::new(Wire {
            bus: self.clone(),
            node: OnceLock::new(),
        })
    }

    /// What was published so far.
    pub(crate) fn published(&self) -> Vec<Publication> {
        self.state().published.clone()
    }

    /// The rooms that a node has open, as namespace and name.
    pub(crate) fn rooms(&self, node: &NodeId) -> BTreeSet<(String, String)> {
        let state = self.state();
        assert!(state.misfits.is_empty(), "{:?}", state.misfits);
        state.nodes[node].rooms.clone()
    }

    /// Keeps from a node what others publish, until it is released.
    pub(crate) fn hold(&self, node: &NodeId) {
        self.state().nodes[node].gate.send_replace(false);
    }

    /// Brings a node what was kept from it.
    pub(crate) fn release(&self, node: &NodeId) {
        self.state().nodes[node].gate.send_replace(true);
    }

    /// From now on nothing is taken, or everything again.
    pub(crate) fn fill(&self, is_full: bool) {
        self.state().is_full = is_full;
    }

    /// From now on everything arrives while it is published.
    pub(crate) fn shorten(&self) {
        self.state().is_direct = true;
    }

    /// Ends a node for the others, without its knowledge.
    pub(crate) fn kill(&self, node: &NodeId) {
        self.state().nodes.remove(node);
        let inboxes: Vec<_> = {
            let state = self.state();
            state
                .nodes
                .values()
                .map(|peer| peer.inbox.clone())
                .collect()
        };
        inboxes.iter().for_each(|inbox| inbox.left(node));
    }

    /// Brings a node something that no node published.
    pub(crate) fn inject(&self, node: &NodeId, body: Bytes) {
        let inbox = self.state().nodes[node].inbox.clone();
        inbox.receive(body);
    }

    /// Brings a node something, if it is for it when it arrives.
    fn bring(&self, node: &NodeId, publication: &Publication) {
        let inbox = {
            let state = self.state();
            let Some(it) = state.nodes.get(node) else {
                return;
            };
            let is_meant = match &publication.route {
                Route::Node(meant) => meant == node,
                Route::Room { nsp, room } => {
                    it.rooms.contains(&(nsp.to_string(), room.to_string()))
                }
                _ => true,
            };
            is_meant.then(|| it.inbox.clone())
        };
        if let Some(inbox) = inbox {
            inbox.receive(publication.body.clone());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics in it")
    }
}

/// One node's end of the wire.
#[derive(Debug)]
pub(crate) struct Wire {
    bus: Bus,
    node: OnceLock<NodeId>,
}

impl Wire {
    pub(crate) fn node(&self) -> &NodeId {
        self.node.get().expect("the server has started")
    }

    /// Changes the rooms that the node has open, which has to change them.
    fn change(
        &self,
        room: (&str, &str),
        change: impl FnOnce(&mut BTreeSet<(String, String)>, (String, String)) -> bool,
    ) {
        let mut state = self.bus.state();
        if let Some(node) = state.nodes.get_mut(self.node())
            && !change(&mut node.rooms, (room.0.to_owned(), room.1.to_owned()))
        {
            state.misfits.push(room.1.to_owned());
        }
    }
}

impl Adapter for Wire {
    fn start(&self, inbox: Inbox) {
        let id = inbox.node().clone();
        let (queue, mut publications) = mpsc::unbounded_channel();
        let (gate, mut is_open) = watch::channel(true);
        let node = Node {
            gate,
            inbox,
            queue,
            rooms: BTreeSet::new(),
        };
        self.bus.state().nodes.insert(id.clone(), node);
        self.node
            .set(id.clone())
            .expect("an adapter has one server");
        let bus = self.bus.clone();
        tokio::spawn(async move {
            while let Some(publication) = publications.recv().await {
                if is_open.wait_for(|is_open| *is_open).await.is_err() {
                    return;
                }
                bus.bring(&id, &publication);
            }
        });
    }

    fn publish(&self, publication: Publication) -> Result<(), BoxError> {
        let mut state = self.bus.state();
        if state.is_full {
            return Err("the wire is full".into());
        }
        // What a dead node says is heard by nobody; what a node says itself it
        // hears as well, as on many a wire.
        let nodes = match state.nodes.contains_key(self.node()) {
            true => state.nodes.keys().cloned().collect(),
            false => Vec::new(),
        };
        let is_direct = state.is_direct;
        for node in nodes.iter().filter(|_| !is_direct) {
            state.nodes[node].queue.send(publication.clone())?;
        }
        state.published.push(publication.clone());
        drop(state);
        for node in nodes.iter().filter(|_| is_direct) {
            self.bus.bring(node, &publication);
        }
        Ok(())
    }

    fn peers(&self) -> Vec<NodeId> {
        let state = self.bus.state();
        let peers = state.nodes.keys().filter(|peer| *peer != self.node());
        peers.cloned().collect()
    }

    fn room_opened(&self, nsp: &str, room: &str) {
        self.change((nsp, room), |rooms, room| rooms.insert(room));
    }

    fn room_closed(&self, nsp: &str, room: &str) {
        self.change((nsp, room), |rooms, room| rooms.remove(&room));
    }

    fn close(&self) {
        self.bus.kill(self.node());
    }
}
