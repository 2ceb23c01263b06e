//! Who of a namespace may come back, and the order of what is sent in it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use engineio::{Close, CloseReason, Sid};
use serde::Deserialize;

use super::keeper::Keeper;
use super::restoring::Restoring;
use super::{Absentee, Audience, AuthDigest, Away, KeptEvent, KeptSession, Recovery};
use crate::rooms::Selection;
use crate::sync::lock;
use crate::unwind::discard;
use crate::{DisconnectReason, Encoded, Namespace, Socket};

/// Who of a namespace may come back, and the order of what is sent in it.
///
/// All that is kept for those who miss it is given its offset, kept and queued
/// in one turn; so is a socket let in, with what it missed, and so does it leave.
/// Hence a packet is either behind the CONNECT of a socket, or among what it
/// missed, and offsets reach every client in their order.
///
/// A turn is a lock outside of all others, those of rooms, lines and sessions.
/// Nothing of the application runs in it, and nobody is woken.
pub(crate) struct Ledger {
    keeper: Keeper,
    other_auth: bool,
    present: Mutex<Present>,
    restore_timeout: Duration,
}

#[derive(Default)]
struct Present {
    /// The store did not forget whom it was to: it is asked for nobody before it
    /// has forgotten all.
    is_owed: bool,
    restoring: Restoring,
    /// Those who come back and are not let in yet, by their pids.
    returning: HashMap<Sid, Socket>,
    /// The sockets that may come back, by their pids.
    sockets: HashMap<Sid, Socket>,
}

/// What a client says that wants to be who it was. It stands in its auth
/// payload, among what the application put there.
#[derive(Deserialize)]
pub(crate) struct Claim {
    pub(super) pid: String,
    pub(crate) offset: String,
}

impl Ledger {
    /// `None` if the server has no store, as that of a test.
    pub(crate) fn new(recovery: &Recovery) -> Option<Self> {
        Some(Self {
            keeper: recovery.keeper.clone()?,
            other_auth: recovery.other_auth,
            present: Mutex::default(),
            restore_timeout: recovery.restore_timeout,
        })
    }

    /// Takes a turn.
    pub(crate) fn turn(&self) -> Turn<'_> {
        let present = lock(&self.present);
        Turn {
            // Read in the turn, so that it does not run backwards.
            now: tokio::time::Instant::now().into_std(),
            present,
            keeper: &self.keeper,
        }
    }

    /// Gives back what is not needed any more. To be called after a turn.
    pub(crate) fn sweep(&self) {
        self.keeper.sweep(tokio::time::Instant::now().into_std());
    }

    /// Lets those who are meant, and are away, not come back as who they were,
    /// nor those who come back just now and are not let in yet. In the same turn
    /// it looks for something else. What it finds, and whom it forgot.
    pub(crate) fn forget<R>(
        &self,
        nsp: &str,
        who: &Audience,
        look: impl FnOnce() -> R,
    ) -> (R, Forgotten) {
        let (sessions, returning, found) = {
            let mut turn = self.turn();
            let sessions = turn.forget(nsp, who);
            (sessions, turn.end_returning(who), look())
        };
        let local = sessions.iter().filter_map(|session| session.local.as_ref());
        let away = local.map(|local| local.away.clone()).collect();
        // What the application kept with them.
        discard(sessions);
        for socket in &returning {
            socket.settle();
        }
        self.sweep();
        (found, Forgotten { away, returning })
    }

    /// Takes the session out that a client says was its own. If its socket still
    /// looks connected it leaves, and its connection is closed. Who has another auth
    /// payload is somebody else: no socket leaves for it, but the session is gone.
    pub(super) async fn restore(
        &self,
        namespace: &Namespace,
        claim: &Claim,
        auth: AuthDigest,
    ) -> Option<(KeptSession, Moment)> {
        let nsp = namespace.name();
        let moment = self.take_over(namespace, claim, auth)?;
        let now = tokio::time::Instant::now().into_std();
        let limit = self.restore_timeout;
        let session = self.keeper.restore(nsp, claim, now, limit).await;
        self.sweep();
        let is_its_own = |session: &KeptSession| {
            session.pid() == claim.pid && session.nsp() == nsp && self.may_be(session.auth, auth)
        };
        match session {
            Some(session) if is_its_own(&session) => Some((session, moment)),
            session => {
                discard(session);
                None
            }
        }
    }

    fn take_over(&self, namespace: &Namespace, claim: &Claim, auth: AuthDigest) -> Option<Moment> {
        let mut turn = self.turn();
        let Present {
            returning, sockets, ..
        } = &*turn.present;
        let before = returning.get(&*claim.pid);
        let before = before.or_else(|| sockets.get(&*claim.pid)).cloned();
        let ticket = before.as_ref().and_then(Socket::ticket);
        if ticket.is_some_and(|ticket| !self.may_be(ticket.auth(), auth)) {
            return None;
        }
        let overdue = turn.forget_overdue(namespace.name());
        if let Some(before) = &before {
            turn.end(before, TAKEN_OVER);
        }
        let since = turn.present.restoring.begin();
        drop(turn);
        let moment = Moment {
            namespace: namespace.clone(),
            since,
        };
        let is_sound = overdue.is_some();
        discard(overdue);
        if let Some(before) = before {
            tracing::debug!(socket = before.id(), "socket taken over by its client");
            before.settle();
            before.engine().close(Close::Discard);
        }
        is_sound.then_some(moment)
    }

    fn may_be(&self, before: AuthDigest, now: AuthDigest) -> bool {
        self.other_auth || before == now
    }

    /// Has the socket of a client that comes back taken over when it comes once
    /// more. If it was forgotten since this moment, when it was in nobody's hands, it
    /// is ended.
    pub(crate) fn enter(&self, pid: &Sid, socket: &Socket, since: Moment) {
        let is_meant = {
            let mut turn = self.turn();
            let rooms = socket.rooms();
            let rooms = rooms.iter().map(|room| &**room).collect();
            let restoring = &turn.present.restoring;
            let is_meant = restoring.is_forgotten(since.since, socket.id(), &rooms);
            if is_meant {
                turn.end(socket, DisconnectReason::Server);
            } else {
                turn.present.returning.insert(pid.clone(), socket.clone());
            }
            is_meant
        };
        if is_meant {
            socket.settle();
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}

/// Those who do not come back as who they were.
#[derive(Default)]
pub(crate) struct Forgotten {
    /// Where those are known that the ones who are away had beside them on their
    /// connections.
    away: Vec<Arc<Away>>,
    /// The sockets that came back and were not let in yet.
    returning: Vec<Socket>,
}

impl Forgotten {
    /// Closes the connections that they had and have.
    pub(crate) fn close(&self) {
        self.away.iter().for_each(|away| away.close());
        self.returning.iter().for_each(Socket::close_connection);
    }
}

/// When a session was asked for, until it is known what became of that. It is not to
/// be dropped in a turn.
pub(crate) struct Moment {
    namespace: Namespace,
    since: u64,
}

impl Drop for Moment {
    fn drop(&mut self) {
        if let Some(ledger) = self.namespace.recovery() {
            lock(&ledger.present).restoring.end(self.since);
        }
    }
}

/// A turn in a namespace, which nobody else has meanwhile.
pub(crate) struct Turn<'a> {
    now: Instant,
    keeper: &'a Keeper,
    present: MutexGuard<'a, Present>,
}

impl Turn<'_> {
    /// Has a socket taken over when its client comes back.
    pub(crate) fn enter(&mut self, pid: &Sid, socket: &Socket) {
        // What it replaces is the same socket, which the caller has.
        self.present.returning.remove(pid);
        self.present.sockets.insert(pid.clone(), socket.clone());
    }

    /// The offset of what comes next; `None` if the store does not know it.
    pub(crate) fn next_offset(&self, nsp: &str) -> Option<String> {
        self.keeper.next_offset(nsp)
    }

    /// Keeps an event. `false` if it may not be kept.
    pub(crate) fn append(&self, event: KeptEvent) -> bool {
        self.keeper.append(event, self.now).is_some()
    }

    /// An event was not kept: nobody for whom it was can be told what it missed. Who
    /// is there may be gone already. What is returned is to be dropped behind the
    /// turn.
    pub(crate) fn lose(&mut self, nsp: &str, who: &Audience, there: &[Socket]) -> Vec<KeptSession> {
        let returning = self.returning(who);
        for ticket in there.iter().chain(&returning).filter_map(Socket::ticket) {
            ticket.lose();
        }
        self.forget(nsp, who)
    }

    fn forget(&mut self, nsp: &str, who: &Audience) -> Vec<KeptSession> {
        self.present.restoring.forget(who);
        let forgotten = self.keeper.forget(nsp, who);
        self.present.is_owed |= forgotten.is_none();
        forgotten.unwrap_or_default()
    }

    /// Forgets everybody if somebody should have been forgotten; `None` if that
    /// still cannot be.
    fn forget_overdue(&mut self, nsp: &str) -> Option<Vec<KeptSession>> {
        if !self.present.is_owed {
            return Some(Vec::new());
        }
        let everyone = Audience::selection(&Selection::default());
        let forgotten = self.keeper.forget(nsp, &everyone)?;
        self.present.is_owed = false;
        Some(forgotten)
    }

    /// What a client missed that comes back.
    pub(crate) fn missed(&self, who: &Absentee<'_>) -> Option<Vec<Encoded>> {
        self.keeper.missed(who, self.now)
    }

    /// Ends those who are meant of the sockets that are not let in yet. Their
    /// connections learn it when they are to be.
    fn end_returning(&mut self, who: &Audience) -> Vec<Socket> {
        let returning = self.returning(who);
        for socket in &returning {
            self.end(socket, DisconnectReason::Server);
        }
        returning
    }

    /// Those who are meant of the sockets that are not let in yet.
    fn returning(&self, who: &Audience) -> Vec<Socket> {
        let is_meant = |socket: &&Socket| {
            let rooms = socket.rooms();
            let rooms = rooms.iter().map(|room| &**room).collect();
            who.includes(socket.id(), &rooms)
        };
        let returning = self.present.returning.values();
        returning.filter(is_meant).cloned().collect()
    }

    /// Ends a socket, and keeps its session if its client may come back. `false`
    /// if it has left already.
    pub(crate) fn end(&mut self, socket: &Socket, reason: DisconnectReason) -> bool {
        let is_first = socket.close_line(reason);
        if is_first && let Some(ticket) = socket.ticket() {
            // The caller has a clone of it, so it is not dropped here.
            let Present {
                returning, sockets, ..
            } = &mut *self.present;
            returning.remove(ticket.pid());
            sockets.remove(ticket.pid());
            if sockets.len() < sockets.capacity() / 4 {
                sockets.shrink_to(sockets.len() * 2);
            }
            if reason.is_recoverable()
                && let Some(session) = socket.session()
                && let Some(local) = &session.local
                && local.away.add(&local.namespace, &session.sid)
            {
                self.keeper.persist(session, self.now);
            }
        }
        is_first
    }
}

/// Why a socket leaves whose client is on another connection already.
const TAKEN_OVER: DisconnectReason = DisconnectReason::Closed(CloseReason::ForcedClose);
