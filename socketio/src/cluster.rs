//! One server among others: what is published for them, and what is done that
//! they published. The [`Adapter`] only carries it.

mod asker;
mod questions;
mod server_side;
mod status;
mod tasks;
mod visit;
mod wire;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use engineio::Class;

use self::questions::Questions;
use self::tasks::Tasks;
#[cfg(feature = "__fuzzing")]
pub(crate) use self::wire::again;
use self::wire::{Header, What};
pub(crate) use self::wire::{NODES, To};
use crate::ack::Mailbox;
use crate::rooms::Selection;
use crate::told::{Shortened, Told};
use crate::unwind::discard;
use crate::{Adapter, Config, Encoded, EventId, Inbox, Namespace, NodeId, Publication, Route};

pub(crate) use self::questions::Question;
pub use self::status::ClusterStatus;

/// A server's part in its cluster.
pub(crate) struct Cluster {
    adapter: Arc<dyn Adapter>,
    /// The number of the next event that is kept.
    events: AtomicU64,
    /// A namespace of this server, if it is there.
    find: Find,
    is_closed: AtomicBool,
    /// Nodes keep what somebody may miss who is in no room meanwhile.
    keeps_events: bool,
    /// Bytes of a message between nodes.
    limit: usize,
    node: NodeId,
    questions: Questions,
    skipped: AtomicU64,
    tasks: Tasks,
    unpublished: AtomicU64,
}

type Find = Box<dyn Fn(&str) -> Option<Namespace> + Send + Sync>;

impl Cluster {
    pub(crate) fn new(
        adapter: Arc<dyn Adapter>,
        config: &Config,
        find: impl Fn(&str) -> Option<Namespace> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            adapter,
            events: AtomicU64::new(0),
            find: Box::new(find),
            is_closed: AtomicBool::new(false),
            keeps_events: config.recovery.is_some(),
            limit: config.node_limit,
            node: NodeId::random(),
            questions: Questions::default(),
            skipped: AtomicU64::new(0),
            tasks: Tasks::default(),
            unpublished: AtomicU64::new(0),
        })
    }

    /// Gives the adapter its inbox.
    pub(crate) fn start(self: &Arc<Self>) {
        let inbox = Inbox::new(Arc::downgrade(self), self.node.clone());
        self.adapter.start(inbox);
    }

    /// Leaves the cluster.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.call((), |adapter| adapter.close());
        self.questions.forget(None);
    }

    /// Tells the adapter that somebody is in a room, or that nobody is.
    pub(crate) fn tell_room(&self, nsp: &str, room: &str, is_open: bool) {
        self.call((), |adapter| match is_open {
            true => adapter.room_opened(nsp, room),
            false => adapter.room_closed(nsp, room),
        });
    }

    fn peers(&self) -> Vec<NodeId> {
        self.call(Vec::new(), |adapter| adapter.peers())
    }

    /// Calls the adapter, whose panic is nobody else's: it gives `otherwise`.
    fn call<T>(&self, otherwise: T, call: impl FnOnce(&dyn Adapter) -> T) -> T {
        catch_unwind(AssertUnwindSafe(|| call(&*self.adapter))).unwrap_or_else(|panic| {
            discard(panic);
            tracing::error!("the adapter panicked");
            otherwise
        })
    }

    /// Publishes an event, written for `/`, for the sockets of other nodes. What it
    /// is called there and here, if it is kept, and did go out.
    pub(crate) fn emit(
        &self,
        nsp: &Arc<str>,
        selection: &Selection,
        class: Class<'_>,
        event: &Encoded,
    ) -> Option<EventId> {
        let is_kept = self.keeps_events && class == Class::Reliable;
        let route = match &selection.rooms[..] {
            [room] if !is_kept => Route::Room {
                nsp: nsp.clone(),
                room: room.clone(),
            },
            _ => Route::All,
        };
        let id = is_kept.then(|| self.events.fetch_add(1, Ordering::Relaxed));
        let what = What::Emit {
            to: selection.into(),
            volatile: class == Class::Volatile,
            request: None,
            id,
        };
        let is_sent = self.publish(route, nsp, what, Some(event));
        let id = id.filter(|_| is_sent)?;
        Some(EventId::new(self.node.clone(), id))
    }

    /// Publishes an event that the sockets of other nodes are to answer.
    pub(crate) fn ask_sockets(
        self: &Arc<Self>,
        nsp: &Arc<str>,
        selection: &Selection,
        class: Class<'_>,
        event: &Encoded,
        mailbox: &Arc<Mailbox>,
    ) -> Question {
        let what = |request| What::Emit {
            to: selection.into(),
            volatile: class == Class::Volatile,
            request: Some(request),
            id: None,
        };
        self.ask(nsp, what, Some(event), mailbox)
    }

    /// Asks other nodes about their sockets.
    pub(crate) fn fetch(
        self: &Arc<Self>,
        nsp: &Arc<str>,
        selection: &Selection,
        mailbox: &Arc<Mailbox>,
    ) -> Question {
        let to = selection.into();
        self.ask(nsp, |request| What::Fetch { to, request }, None, mailbox)
    }

    /// Publishes that the sockets of other nodes join a room.
    pub(crate) fn join(&self, nsp: &Arc<str>, selection: &Selection, room: &str) {
        let (to, room) = (selection.into(), room.to_owned());
        self.publish(Route::All, nsp, What::Join { to, room }, None);
    }

    /// Publishes that the sockets of other nodes leave a room.
    pub(crate) fn leave(&self, nsp: &Arc<str>, selection: &Selection, room: &str) {
        let (to, room) = (selection.into(), room.to_owned());
        self.publish(Route::All, nsp, What::Leave { to, room }, None);
    }

    /// Publishes that the sockets of other nodes are disconnected.
    pub(crate) fn disconnect(&self, nsp: &Arc<str>, selection: &Selection, close: bool) {
        let to = selection.into();
        self.publish(Route::All, nsp, What::Disconnect { to, close }, None);
    }

    /// Publishes a question to all other nodes.
    fn ask(
        self: &Arc<Self>,
        nsp: &Arc<str>,
        what: impl FnOnce(u64) -> What,
        packet: Option<&Encoded>,
        mailbox: &Arc<Mailbox>,
    ) -> Question {
        let id = self.questions.open(self.peers(), mailbox);
        let is_sent = self.publish(Route::All, nsp, what(id), packet);
        // Who left before the question was open is not waited for, and who
        // leaves from now on is told to `forget`.
        let there = match is_sent {
            true => self.peers(),
            false => Vec::new(),
        };
        self.questions.retain(id, |node| there.contains(node));
        Question {
            cluster: self.clone(),
            id,
            nsp: nsp.clone(),
        }
    }

    /// Whether it is on its way.
    fn publish(&self, route: Route, nsp: &str, what: What, packet: Option<&Encoded>) -> bool {
        if self.is_closed.load(Ordering::SeqCst) {
            return false;
        }
        let header = Header {
            from: self.node.to_string(),
            nsp: nsp.to_owned(),
            what,
        };
        let body = wire::write(&header, packet);
        let outcome = match body.len() {
            len if len > self.limit => Err(format!("{len} bytes are too many").into()),
            _ => self.call(Err("panic".into()), |adapter| {
                adapter.publish(Publication::new(route, body))
            }),
        };
        if let Err(error) = &outcome {
            let unpublished = self.unpublished.fetch_add(1, Ordering::Relaxed) + 1;
            // A wire that is full is not to fill the log.
            if unpublished.is_power_of_two() {
                let (nsp, error) = (Shortened(nsp), Told(&**error));
                tracing::warn!(?nsp, %error, unpublished, "not published to other nodes");
            }
        }
        outcome.is_ok()
    }

    /// A node is gone.
    pub(crate) fn forget(&self, node: &NodeId) {
        self.questions.forget(Some(node));
        self.tasks.cancel_all(node);
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("adapter", &self.adapter)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

/// How long other nodes are waited for that are to answer themselves.
pub(crate) const NODE_TIMEOUT: Duration = Duration::from_secs(5);
