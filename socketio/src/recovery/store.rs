//! The place where recovery keeps what it needs, as its author sees it.

use std::fmt;
use std::pin::Pin;
use std::time::Instant;

use crate::{Absentee, Audience, Encoded, KeptEvent, KeptSession};

/// Where sessions wait for their clients, and events for those who missed them.
///
/// A server without one in [`Recovery::store`](crate::Recovery::store) has one of its
/// own, in memory. Another one is for servers that share what they keep, so that
/// clients come back to any of them.
///
/// Most of its methods are called in a turn of a namespace, under its lock: they do
/// not wait, run nothing of the application, and call nothing of this crate but what
/// their arguments have. Nor do they log, if a subscriber may emit. They are told the
/// time, which never runs backwards in a namespace, and means nothing elsewhere: a
/// store that is shared writes down that of the wall, and a task of its own can.
///
/// What it keeps, and for how long, is its own affair:
/// [`max_disconnection`](crate::Recovery::max_disconnection) and the
/// [`Limits`](crate::Limits) of recovery are those of the store in memory. A panic is caught, and what was asked is not known then. An event that was
/// not kept for it makes those new whom it was for, both who is away and who is there
/// when it next comes back; if nobody could be forgotten, everybody of the namespace
/// who is away is new. A store that loses something without a panic has to remember
/// that itself, and to give `None` to whom it concerns.
///
/// # Offsets
///
/// Each event that is kept ends with an offset, by which a client says which was the
/// last that it has. Offsets belong to the server that gave them: they are given in
/// the order in which events are kept there, which is another one at each server.
///
/// # A store that is shared
///
/// Each server has a handle of its own, and appends every event that it delivers,
/// those of other servers included. What two servers have of one event has the same
/// [`id`](KeptEvent::id), if they all have an [`Adapter`](crate::Adapter) and the
/// same settings. An event without an id is at one server alone, and stays there.
///
/// Let a client that was at server N, and has the event of offset `o`, come to server
/// M. To give it everything once and in order, [`restore`](Self::restore) at M
///
/// 1. waits, for a short while, until M has appended all events that N had appended
///    up to `o`. The client has these, and they must not come live. If they do not
///    come, it is not known what was missed;
/// 2. takes the session out, once for all servers, and gives it what N appended
///    behind `o`, with [`KeptSession::with_earlier`]. If the client was at another
///    server since, and got no event there, it gives as well what that appended for
///    this one socket alone behind the offset at which it
///    [entered](KeptSession::entered).
///
/// A server that started in the meantime never gets what N had before: nobody comes
/// back to one that is new until N keeps nothing older.
///
/// When the client is let in, [`missed`](Self::missed) at M gives
///
/// 1. of these events, in their order, each that M has appended as well, or that has no
///    id. What M has not appended yet comes live;
/// 2. then what M has appended that has an id, and neither was given just now nor did
///    N append it up to `o`.
///
/// Each of them is for the client: it was in its [`Audience`], and not sent before its
/// session [began](Absentee::since). What M gives has offsets of M: it is appended
/// once more, for this socket alone, [with a new offset](KeptEvent::for_socket), and
/// keeps its id. So a client that is cut off in the middle of it comes back to the
/// right place, whichever server it comes to.
///
/// The tests of this crate have such a store, in `tests/server/shared_store.rs`.
///
/// One that keeps for its own server alone what happened, all events and the sessions
/// of two minutes:
///
/// ```
/// use std::collections::HashSet;
/// use std::pin::Pin;
/// use std::sync::{Arc, Mutex, MutexGuard};
/// use std::time::{Duration, Instant};
/// use socketio::{
///     Absentee, Audience, Config, Encoded, KeptEvent, KeptSession, Recovery, RecoveryStatus,
///     RecoveryStore, Server,
/// };
///
/// #[derive(Debug, Default)]
/// struct Store(Mutex<Kept>);
///
/// #[derive(Debug, Default)]
/// struct Kept {
///     events: Vec<KeptEvent>,
///     offsets: u64,
///     sessions: Vec<(KeptSession, Instant)>,
/// }
///
/// const AWAY: Duration = Duration::from_secs(120);
///
/// impl Store {
///     fn kept(&self) -> MutexGuard<'_, Kept> {
///         self.0.lock().expect("nobody panics under it")
///     }
/// }
///
/// impl RecoveryStore for Store {
///     fn next_offset(&self, _nsp: &str) -> String {
///         let mut kept = self.kept();
///         kept.offsets += 1;
///         format!("{:016}", kept.offsets)
///     }
///
///     fn append(&self, event: KeptEvent, _now: Instant) {
///         self.kept().events.push(event);
///     }
///
///     fn persist(&self, session: KeptSession, now: Instant) {
///         self.kept().sessions.push((session, now));
///     }
///
///     fn restore<'a>(
///         &'a self,
///         nsp: &'a str,
///         pid: &'a str,
///         _offset: &'a str,
///         now: Instant,
///     ) -> Pin<Box<dyn Future<Output = Option<KeptSession>> + Send + 'a>> {
///         let mut kept = self.kept();
///         let mut sessions = kept.sessions.iter();
///         let at = sessions.position(|(session, _)| session.nsp() == nsp && session.pid() == pid);
///         let found = at.map(|at| kept.sessions.remove(at));
///         let found = found.filter(|(_, since)| now.duration_since(*since) <= AWAY);
///         Box::pin(std::future::ready(found.map(|(session, _)| session)))
///     }
///
///     fn missed(&self, who: &Absentee<'_>, _now: Instant) -> Option<Vec<Encoded>> {
///         let rooms: HashSet<_> = who.rooms.iter().map(AsRef::as_ref).collect();
///         let is_missed = |event: &&KeptEvent| {
///             let is_later = event.offset() > who.offset && event.offset() > who.since;
///             is_later && event.nsp() == who.nsp && event.audience().includes(who.sid, &rooms)
///         };
///         let kept = self.kept();
///         let missed = kept.events.iter().filter(is_missed);
///         Some(missed.map(|event| event.packet().clone()).collect())
///     }
///
///     fn forget(&self, nsp: &str, who: &Audience) -> Vec<KeptSession> {
///         let mut kept = self.kept();
///         let meant = kept.sessions.extract_if(.., |(session, _)| {
///             let rooms = session.rooms().iter().map(AsRef::as_ref).collect();
///             session.nsp() == nsp && who.includes(session.sid(), &rooms)
///         });
///         meant.map(|(session, _)| session).collect()
///     }
///
///     fn sweep(&self, now: Instant) {
///         let is_old = |(_, since): &mut (_, Instant)| now.duration_since(*since) > AWAY;
///         let old: Vec<_> = self.kept().sessions.extract_if(.., is_old).collect();
///         // The lock is free.
///         drop(old);
///     }
///
///     fn close(&self) {
///         let kept = std::mem::take(&mut *self.kept());
///         drop(kept);
///     }
///
///     fn status(&self) -> RecoveryStatus {
///         let kept = self.kept();
///         RecoveryStatus::new(kept.sessions.len(), 0, kept.events.len(), 0)
///     }
/// }
///
/// let recovery = Recovery::default().store(Arc::new(Store::default()));
/// let io = Server::new(Config::default().recovery(recovery));
/// assert_eq!(io.recovery().map(|kept| kept.sessions), Some(0));
/// ```
pub trait RecoveryStore: fmt::Debug + Send + Sync + 'static {
    /// An offset behind all that it gave before for this namespace: 16 printable
    /// characters of ASCII without `"` and `\`. It is for the event that is appended
    /// next, or says when a session began.
    fn next_offset(&self, nsp: &str) -> String;

    /// Keeps an event, with the offset that it just gave. The event goes to clients
    /// whatever this does.
    fn append(&self, event: KeptEvent, now: Instant);

    /// Keeps the session of a client that is gone.
    fn persist(&self, session: KeptSession, now: Instant);

    /// Takes out the session of a pid in a namespace. `None` if there is none, if it
    /// is too old, or if it is not known any more what its client missed behind
    /// this offset; it is gone in any case. Whoever comes with it at the same time,
    /// one gets it.
    ///
    /// The pid is an [id](engineio::Sid), and the offset has the form of one; but the
    /// client chose them.
    ///
    /// It is not called in a turn, and may wait: what the client sends meanwhile is
    /// held. If it takes longer than
    /// [`restore_timeout`](crate::Recovery::restore_timeout), or if the client goes
    /// away, the future is dropped, and the session had better still be there. If it is
    /// taken elsewhere in one step, let a task of its own do that, which puts it back
    /// when nobody is there to receive it.
    fn restore<'a>(
        &'a self,
        nsp: &'a str,
        pid: &'a str,
        offset: &'a str,
        now: Instant,
    ) -> Pin<Box<dyn Future<Output = Option<KeptSession>> + Send + 'a>>;

    /// What somebody missed, the first first. `None` if that is not known any more.
    fn missed(&self, who: &Absentee<'_>, now: Instant) -> Option<Vec<Encoded>>;

    /// Takes out the sessions of those who are meant, for good, and gives those that
    /// were persisted here.
    ///
    /// One that keeps sessions elsewhere does that in the background, and gives what it
    /// has here: the very values that came to [`persist`](Self::persist), which it
    /// had better keep until they are too old. Only they know the other namespaces of
    /// their client, which [`close`](crate::Broadcast::close) lets nobody come back to
    /// either; what was written and read does not.
    fn forget(&self, nsp: &str, who: &Audience) -> Vec<KeptSession>;

    /// Drops what is too old, and what had to go in the other methods. Called while
    /// nothing is locked.
    fn sweep(&self, _now: Instant) {}

    /// The server was [closed](crate::Server::close). What this handle keeps in the
    /// server's memory is to be dropped: a session that is kept as its value holds its
    /// namespace, which holds this. Called while nothing is locked, and once more when
    /// the server is dropped, which may be where there is no runtime;
    /// [`persist`](Self::persist) may still be called behind it.
    ///
    /// Every client is persisted just before, and nobody waits for what this sets
    /// going: a store that writes elsewhere has something of its own to await behind
    /// [`Server::close`](crate::Server::close), or a server that is started again has
    /// lost everybody.
    fn close(&self);

    /// How much this handle keeps in the server's memory.
    fn status(&self) -> RecoveryStatus {
        RecoveryStatus::default()
    }
}

/// How much is kept for clients that may come back: see
/// [`Server::recovery`](crate::Server::recovery).
///
/// ```
/// use socketio::{Config, Recovery, Server};
///
/// let io = Server::new(Config::default().recovery(Recovery::default()));
/// assert_eq!(io.recovery().map(|kept| kept.sessions), Some(0));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct RecoveryStatus {
    /// Bytes of events, as [`Limits::recovery_bytes`](crate::Limits::recovery_bytes)
    /// counts them.
    pub event_bytes: usize,
    /// Events that somebody may have missed.
    pub events: usize,
    /// Bytes of sessions, as
    /// [`Limits::recovery_session_bytes`](crate::Limits::recovery_session_bytes)
    /// counts them.
    pub session_bytes: usize,
    /// Clients that are away and may come back.
    pub sessions: usize,
}

impl RecoveryStatus {
    /// That of a store of one's own.
    ///
    /// ```
    /// # use socketio::RecoveryStatus;
    /// let (sessions, events) = (2, 30);
    /// let status = RecoveryStatus::new(sessions, 2 * 600, events, 30 * 100);
    /// assert_eq!(status.event_bytes, 3000);
    /// ```
    pub fn new(sessions: usize, session_bytes: usize, events: usize, event_bytes: usize) -> Self {
        Self {
            event_bytes,
            events,
            session_bytes,
            sessions,
        }
    }
}
