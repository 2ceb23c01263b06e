//! Who of a namespace may come back, and the order of what is sent in it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use engineio::{Close, CloseReason, Sid};
use serde::Deserialize;

use super::{Absentee, Audience, Recovery, RecoveryStore, Session};
use crate::sync::lock;
use crate::{DisconnectReason, Encoded, Socket};

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
    store: Arc<dyn RecoveryStore>,
    present: Mutex<Present>,
}

#[derive(Default)]
struct Present {
    /// How many times somebody was to be forgotten.
    forgotten: u64,
    /// Those who come back and are not let in yet, by their pids.
    returning: HashMap<Sid, Socket>,
    /// The sockets that may come back, by their pids.
    sockets: HashMap<Sid, Socket>,
}

/// What a client says that wants to be who it was. It stands in its auth
/// payload, among what the application put there.
#[derive(Deserialize)]
pub(crate) struct Claim {
    pid: String,
    pub(crate) offset: String,
}

impl Ledger {
    /// `None` if the server has no store, as that of a test.
    pub(crate) fn new(recovery: &Recovery) -> Option<Self> {
        Some(Self {
            store: recovery.store.clone()?,
            present: Mutex::default(),
        })
    }

    /// Takes a turn.
    pub(crate) fn turn(&self) -> Turn<'_> {
        let present = lock(&self.present);
        Turn {
            // Read in the turn, so that it does not run backwards.
            now: tokio::time::Instant::now().into_std(),
            present,
            store: &*self.store,
        }
    }

    /// Gives back what is not needed any more. To be called after a turn.
    pub(crate) fn sweep(&self) {
        self.store.sweep(tokio::time::Instant::now().into_std());
    }

    /// Lets those who are meant, and are away, not come back as who they were,
    /// nor those who come back just now and are not let in yet. In the same turn
    /// it looks for something else.
    pub(crate) fn forget<R>(&self, nsp: &str, who: &Audience, look: impl FnOnce() -> R) -> R {
        let (returning, found) = {
            let mut turn = self.turn();
            turn.store.forget(nsp, who);
            turn.present.forgotten += 1;
            (turn.end_returning(who), look())
        };
        for socket in &returning {
            socket.settle();
        }
        self.sweep();
        found
    }

    /// Takes the session out that a client says was its own. If its socket still
    /// looks connected it leaves, and its connection is closed.
    pub(crate) fn restore(&self, nsp: &str, claim: &Claim) -> Option<(Session, Moment)> {
        let mut turn = self.turn();
        let Present {
            returning, sockets, ..
        } = &*turn.present;
        let before = returning.get(&*claim.pid);
        let before = before.or_else(|| sockets.get(&*claim.pid)).cloned();
        if let Some(before) = &before {
            turn.end(before, TAKEN_OVER);
        }
        let session = turn.store.restore(nsp, &claim.pid, &claim.offset, turn.now);
        let moment = Moment(turn.present.forgotten);
        drop(turn);
        if let Some(before) = before {
            tracing::debug!(socket = before.id(), "socket taken over by its client");
            before.settle();
            before.engine().close(Close::Discard);
        }
        self.sweep();
        Some((session?, moment))
    }

    /// Has the socket of a client that comes back taken over when it comes once
    /// more. If somebody was forgotten since this moment, that may have been the
    /// client, which was in nobody's hands then: it is ended.
    pub(crate) fn enter(&self, pid: &Sid, socket: &Socket, since: Moment) {
        let is_meant = {
            let mut turn = self.turn();
            let is_meant = turn.present.forgotten != since.0;
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

/// When a session was taken out.
#[derive(Clone, Copy)]
pub(crate) struct Moment(u64);

/// A turn in a namespace, which nobody else has meanwhile.
pub(crate) struct Turn<'a> {
    pub(crate) now: Instant,
    present: MutexGuard<'a, Present>,
    pub(crate) store: &'a dyn RecoveryStore,
}

impl Turn<'_> {
    /// Has a socket taken over when its client comes back.
    pub(crate) fn enter(&mut self, pid: &Sid, socket: &Socket) {
        // What it replaces is the same socket, which the caller has.
        self.present.returning.remove(pid);
        self.present.sockets.insert(pid.clone(), socket.clone());
    }

    /// What a client missed that comes back.
    pub(crate) fn missed(&self, who: &Absentee<'_>, offset: &str) -> Option<Vec<Encoded>> {
        self.store.missed(who, offset, self.now)
    }

    /// Ends those who are meant of the sockets that are not let in yet. Their
    /// connections learn it when they are to be.
    fn end_returning(&mut self, who: &Audience) -> Vec<Socket> {
        let is_meant = |socket: &&Socket| {
            let rooms = socket.rooms();
            let rooms = rooms.iter().map(|room| &**room).collect();
            who.includes(socket.id(), &rooms)
        };
        let returning = self.present.returning.values();
        let returning: Vec<_> = returning.filter(is_meant).cloned().collect();
        for socket in &returning {
            self.end(socket, DisconnectReason::Server);
        }
        returning
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
            {
                self.store.persist(session, self.now);
            }
        }
        is_first
    }
}

/// Why a socket leaves whose client is on another connection already.
const TAKEN_OVER: DisconnectReason = DisconnectReason::Closed(CloseReason::ForcedClose);
