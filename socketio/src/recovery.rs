//! Connection state recovery: clients that come back after a short
//! interruption are who they were, and get what they missed.

mod ledger;
mod logs;
mod memory;
mod sessions;
mod ticket;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engineio::Sid;

use crate::proto::draft::Draft;
use crate::rooms::Selection;
use crate::{Config, Encoded, Extensions, Namespace};

use memory::Memory;

pub(crate) use ledger::{Claim, Ledger};
pub(crate) use ticket::{Farewell, Ticket};

/// Connection state recovery: who comes back after a short interruption of the
/// network is who it was, and gets what it missed.
///
/// Its socket is a new one, with the id, the rooms and the
/// [extensions](crate::Socket::extensions) of the one before, whose
/// [last handlers](crate::Namespace::on_disconnect) have run, or have had
/// [`leave_timeout`](crate::Config::leave_timeout). Middleware decides once more;
/// the socket has its rooms and extensions then. Who knows the secret of another,
/// and passes, is the other: where clients have users, middleware compares the one
/// of the auth payload with the one in the extensions, which may not be the same.
/// Then what the client missed is sent to it, in the order in which it was
/// emitted, and the socket is connected; [`recovered`](crate::Socket::recovered)
/// says so.
///
/// What a client can miss is each event that was for it, through its id or a
/// room that it was in, or for everyone. Events that are volatile, or that it
/// was to answer, are not sent again.
///
/// It is not who it was, and nobody is told why, if
///
/// * it left, or the server disconnected it, also while it was away, or it sent
///   what is no packet;
/// * it was away for more than [`max_disconnection`](Self::max_disconnection);
/// * it never got an event that it can miss, so that nothing says what it has;
/// * what it missed had to go for want of room, by the [`Limits`](crate::Limits)
///   `recovery_bytes` and `recovery_session_bytes`;
/// * it speaks revision 3 of the protocol, or was refused meanwhile;
/// * it comes to another server, or to one that was started again: all of it is
///   in the memory of the process.
///
/// So an application still needs a way to tell a new client everything. What is
/// kept is given back when something is emitted, or somebody comes or goes.
///
/// It has its price: events of a namespace are sent one after the other, from
/// whichever thread, and clients see one more argument in them, a string.
///
/// The fields are public and have setters that chain.
///
/// ```
/// use std::time::Duration;
/// use socketio::{Config, Recovery};
///
/// let recovery = Recovery::default().max_disconnection(Duration::from_secs(60));
/// let config = Config::default().recovery(recovery);
/// assert!(!config.recovery.unwrap().skip_middleware);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recovery {
    /// How long after its disconnection a client may come back. Default: 2 min.
    pub max_disconnection: Duration,
    /// Whether a client that is recovered passes no
    /// [middleware](crate::Namespace::middleware). It was let in before, but
    /// that may be out of date: who was banned meanwhile is let in again.
    /// Default: `false`.
    pub skip_middleware: bool,
    /// That of the server that has this configuration.
    store: Option<Arc<dyn RecoveryStore>>,
}

impl Recovery {
    /// Sets [`max_disconnection`](Self::max_disconnection).
    pub fn max_disconnection(mut self, duration: Duration) -> Self {
        self.max_disconnection = duration;
        self
    }

    /// Sets [`skip_middleware`](Self::skip_middleware).
    pub fn skip_middleware(mut self, skip: bool) -> Self {
        self.skip_middleware = skip;
        self
    }

    /// Gives a server its store.
    pub(crate) fn prepare(config: &mut Config) {
        let engine = &config.engine;
        // A ping timeout is granted anew behind a pause, and behind a packet
        // that may have been in the way of the pong.
        let waits = [
            engine.ping_timeout,
            engine.ping_timeout,
            engine.ping_timeout,
            engine.limits.max_pause,
        ];
        let add = |sum: Duration, wait| sum.saturating_add(wait);
        let detection = waits.into_iter().fold(engine.ping_interval, add);
        if let Some(recovery) = &mut config.recovery {
            let memory = Memory::new(recovery, detection, &config.limits);
            recovery.store = Some(Arc::new(memory));
        }
    }

    /// Forgets everybody.
    pub(crate) fn clear(&self) {
        if let Some(store) = &self.store {
            store.clear();
        }
    }
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            max_disconnection: Duration::from_secs(120),
            skip_middleware: false,
            store: None,
        }
    }
}

/// Where sessions wait for their clients, and packets for those who missed
/// them.
///
/// Its methods are called while a namespace is locked: they neither wait nor run
/// anything of the application, such as the destructor of what it keeps with a
/// session. They are told the time, which never runs backwards in a namespace.
pub(crate) trait RecoveryStore: fmt::Debug + Send + Sync {
    /// Gives an event its offset, and keeps it. Within a namespace offsets are
    /// given in the order of these calls.
    fn append(&self, nsp: &str, audience: Audience, draft: Draft, now: Instant) -> Encoded;

    /// Keeps a session whose client is gone.
    fn persist(&self, session: Session, now: Instant);

    /// Takes out the session of a pid in a namespace. `None` if there is none,
    /// if it is too old, or if it is not known any more what its client missed
    /// behind this offset; it is gone in any case.
    fn restore(&self, nsp: &str, pid: &str, offset: &str, now: Instant) -> Option<Session>;

    /// What somebody missed behind an offset. `None` if that is not known any
    /// more.
    fn missed(&self, who: &Absentee<'_>, offset: &str, now: Instant) -> Option<Vec<Encoded>>;

    /// Throws away the sessions of those who are meant.
    fn forget(&self, nsp: &str, who: &Audience);

    /// Drops what is too old, and what had to go in the other methods. Called
    /// while nothing is locked.
    fn sweep(&self, now: Instant);

    /// Drops everything. Called while nothing is locked.
    fn clear(&self);
}

/// Whom a packet was for.
#[derive(Debug)]
pub(crate) enum Audience {
    Selection(Selection),
    /// The socket of this id.
    Socket(Arc<str>),
}

impl Audience {
    /// Whether somebody of this id who was in these rooms was meant.
    fn includes(&self, sid: &str, rooms: &HashSet<&str>) -> bool {
        match self {
            Self::Selection(selection) => selection.means(sid, rooms),
            Self::Socket(id) => **id == *sid,
        }
    }

    /// What it takes.
    fn bytes(&self) -> usize {
        match self {
            Self::Selection(Selection { rooms, except, .. }) => {
                let names = rooms.iter().chain(except);
                names.map(|name| name.len() + size_of::<Arc<str>>()).sum()
            }
            Self::Socket(_) => 0,
        }
    }
}

/// What a client has when it comes back.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) extensions: Extensions,
    /// The last handlers of the socket, which may still run.
    pub(crate) farewell: Farewell,
    /// It is there as long as somebody may come back to it, for what is emitted
    /// in it meanwhile.
    pub(crate) namespace: Namespace,
    /// A secret of the client: who knows it can take the session.
    pub(crate) pid: Sid,
    /// The rooms that the socket was in, without its id.
    pub(crate) rooms: Vec<Arc<str>>,
    pub(crate) sid: Arc<str>,
    /// When the client was let in first.
    pub(crate) since: Instant,
}

/// Who missed something.
#[derive(Debug)]
pub(crate) struct Absentee<'a> {
    pub(crate) nsp: &'a str,
    pub(crate) rooms: &'a [Arc<str>],
    pub(crate) sid: &'a str,
    /// When the client was let in first. What was sent before was not for it.
    pub(crate) since: Instant,
}
