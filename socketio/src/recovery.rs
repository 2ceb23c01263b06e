//! Connection state recovery: clients that come back after a short
//! interruption are who they were, and get what they missed.

mod absence;
mod auth;
mod away;
mod comeback;
mod event;
mod keeper;
mod ledger;
mod logs;
mod memory;
mod restoring;
mod sessions;
mod store;
mod ticket;

use std::sync::Arc;
use std::time::Duration;

use crate::Config;

use keeper::Keeper;
use memory::Memory;

pub use absence::{Absentee, KeptSession};
pub use event::{Audience, EventId, KeptEvent};
pub use store::{RecoveryStatus, RecoveryStore};

pub(crate) use absence::Local;
pub(crate) use auth::{AuthDigest, without_claim};
pub(crate) use away::Away;
pub(crate) use comeback::Comeback;
pub(crate) use ledger::{Claim, Forgotten, Ledger};
pub(crate) use ticket::{Farewell, Ticket};

/// Connection state recovery: who comes back after a short interruption of the
/// network is who it was, and gets what it missed.
///
/// Its socket is a new one, with the id, the rooms and the
/// [extensions](crate::Socket::extensions) of the one before, whose
/// [last handlers](crate::Namespace::on_disconnect) have run, or have had
/// [`leave_timeout`](crate::Config::leave_timeout). Middleware decides once more;
/// the socket has its rooms and extensions then. Who stole the secret of another
/// needs its auth payload as well, unless [`other_auth`](Self::other_auth) says
/// otherwise.
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
/// * it comes on two connections at once while a store is asked: the first one gets it,
///   even if that is the one which is lost;
/// * it comes with another auth payload, see [`other_auth`](Self::other_auth);
/// * what it missed is more than a client can be sent at once, by the engine's
///   [`budget`](engineio::Limits::budget);
/// * it comes to another server, or to one that was started again: all of it is
///   in the memory of the process, unless there is another [`store`](Self::store).
///
/// With a store that servers share a client comes back to any of them, unless the
/// server that it was at has not noticed yet that it is gone, or a pattern made its
/// namespace. There its extensions are empty; its [data](crate::Socket::data) is
/// what it was.
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
    /// How long after its disconnection a client may come back, unless there is another
    /// [`store`](Self::store), which decides that. Default: 2 min.
    pub max_disconnection: Duration,
    /// Whether a client may come back with another auth payload than the one that it
    /// was let in with, for example because it has a token that is renewed. Who has
    /// stolen the secret of another is that one then, unless middleware finds that
    /// its user, in the auth payload, is not the one before, in the extensions.
    /// Default: `false`.
    pub other_auth: bool,
    /// How long the [store](Self::store) is waited for when a client comes back;
    /// then the client is new. It is waited for no longer than half the
    /// [`connect_timeout`](Config::connect_timeout). Default: 5 s.
    pub restore_timeout: Duration,
    /// Whether a client that is recovered passes no
    /// [middleware](crate::Namespace::middleware). It was let in before, but
    /// that may be out of date: who was banned meanwhile is let in again.
    /// Default: `false`.
    pub skip_middleware: bool,
    /// Where it is kept. It has limits of its own then, in time and in bytes. Default:
    /// in the server's memory.
    pub store: Option<Arc<dyn RecoveryStore>>,
    /// That of the server that has this configuration.
    keeper: Option<Keeper>,
}

impl Recovery {
    /// Sets [`max_disconnection`](Self::max_disconnection).
    pub fn max_disconnection(mut self, duration: Duration) -> Self {
        self.max_disconnection = duration;
        self
    }

    /// Sets [`other_auth`](Self::other_auth).
    pub fn other_auth(mut self, other: bool) -> Self {
        self.other_auth = other;
        self
    }

    /// Sets [`restore_timeout`](Self::restore_timeout).
    pub fn restore_timeout(mut self, timeout: Duration) -> Self {
        self.restore_timeout = timeout;
        self
    }

    /// Sets [`skip_middleware`](Self::skip_middleware).
    pub fn skip_middleware(mut self, skip: bool) -> Self {
        self.skip_middleware = skip;
        self
    }

    /// Sets [`store`](Self::store). Each server has one of its own.
    pub fn store(mut self, store: Arc<dyn RecoveryStore>) -> Self {
        self.store = Some(store);
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
            let memory = || Arc::new(Memory::new(recovery, detection, &config.limits)) as _;
            let store = recovery.store.clone().unwrap_or_else(memory);
            recovery.keeper = Some(Keeper::new(store));
            let connect = config.connect_timeout / 2;
            recovery.restore_timeout = recovery.restore_timeout.min(connect);
        }
    }

    /// Forgets everybody.
    pub(crate) fn close(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.close();
        }
    }

    pub(crate) fn status(&self) -> RecoveryStatus {
        let keeper = self.keeper.as_ref();
        keeper.map(Keeper::status).unwrap_or_default()
    }
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            max_disconnection: Duration::from_secs(120),
            other_auth: false,
            restore_timeout: Duration::from_secs(5),
            skip_middleware: false,
            store: None,
            keeper: None,
        }
    }
}
