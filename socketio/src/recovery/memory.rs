//! A store in the memory of this process.

use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use engineio::Sid;

use super::logs::Logs;
use super::sessions::Sessions;
use super::{Absentee, Audience, KeptEvent, KeptSession, Recovery, RecoveryStatus, RecoveryStore};
use crate::sync::lock;
use crate::unwind::discard;
use crate::{Encoded, Limits};

/// Sessions and packets in the memory of this process.
pub(crate) struct Memory {
    /// The first characters of every offset: those of another server, or of
    /// this one before it was restarted, mean nothing here.
    epoch: Arc<str>,
    state: Mutex<State>,
}

struct State {
    /// What was thrown away, to be dropped when no lock is held: it can be of
    /// the application's making.
    discarded: Discarded,
    logs: Logs,
    sessions: Sessions,
}

#[derive(Default)]
struct Discarded {
    packets: Vec<Encoded>,
    sessions: Vec<KeptSession>,
}

impl Memory {
    /// A store that is empty. It is told how long it takes at most until a
    /// client is known to be gone, and how much to keep.
    pub(crate) fn new(recovery: &Recovery, detection: Duration, limits: &Limits) -> Self {
        let lifetime = recovery.max_disconnection;
        let max_age = lifetime.saturating_add(detection);
        let random = Sid::random();
        Self {
            epoch: random.as_str()[..EPOCH].into(),
            state: Mutex::new(State {
                discarded: Discarded::default(),
                logs: Logs::new(max_age, limits.recovery_bytes),
                sessions: Sessions::new(lifetime, limits.recovery_session_bytes),
            }),
        }
    }

    fn take(&self, nsp: &str, pid: &str, offset: &str, now: Instant) -> Option<KeptSession> {
        let mut state = lock(&self.state);
        let session = state.sessions.take(nsp, pid, now)?;
        let number = self.number(offset);
        if number.is_some_and(|number| state.logs.reaches_back(nsp, number, now)) {
            return Some(session);
        }
        state.discarded.sessions.push(session);
        None
    }

    fn offset(&self, number: u64) -> String {
        format!("{}{number:012x}", self.epoch)
    }

    /// The number of a packet, if this is an offset of this store.
    fn number(&self, offset: &str) -> Option<u64> {
        let digits = offset.strip_prefix(&*self.epoch)?;
        let number = u64::from_str_radix(digits, 16).ok()?;
        (self.offset(number) == offset).then_some(number)
    }
}

impl RecoveryStore for Memory {
    fn next_offset(&self, _nsp: &str) -> String {
        self.offset(lock(&self.state).logs.next())
    }

    fn append(&self, event: KeptEvent, now: Instant) {
        // One that this store did not number has nothing to do here.
        if let Some(number) = self.number(event.offset()) {
            let mut state = lock(&self.state);
            let State {
                discarded, logs, ..
            } = &mut *state;
            logs.push(number, event, now, &mut discarded.packets);
        }
    }

    fn persist(&self, session: KeptSession, now: Instant) {
        let mut state = lock(&self.state);
        let State {
            discarded,
            sessions,
            ..
        } = &mut *state;
        sessions.insert(session, now, &mut discarded.sessions);
    }

    /// It is known at once.
    fn restore<'a>(
        &'a self,
        nsp: &'a str,
        pid: &'a str,
        offset: &'a str,
        now: Instant,
    ) -> Pin<Box<dyn Future<Output = Option<KeptSession>> + Send + 'a>> {
        Box::pin(ready(self.take(nsp, pid, offset, now)))
    }

    fn missed(&self, who: &Absentee<'_>, now: Instant) -> Option<Vec<Encoded>> {
        let state = lock(&self.state);
        let after = self.number(who.offset)?;
        let is_whole = state.logs.reaches_back(who.nsp, after, now);
        // What was sent before the session began was not for it.
        let begin = self.number(who.since)?;
        is_whole.then(|| state.logs.missed(who, after.max(begin), now))
    }

    fn forget(&self, nsp: &str, who: &Audience) -> Vec<KeptSession> {
        lock(&self.state).sessions.forget(nsp, who)
    }

    fn sweep(&self, now: Instant) {
        let discarded = {
            let mut state = lock(&self.state);
            let State {
                discarded,
                logs,
                sessions,
            } = &mut *state;
            logs.expire(now, &mut discarded.packets);
            sessions.expire(now, &mut discarded.sessions);
            std::mem::take(discarded)
        };
        discard(discarded);
    }

    fn close(&self) {
        let cleared = {
            let mut state = lock(&self.state);
            (state.logs.clear(), state.sessions.clear())
        };
        discard(cleared);
    }

    fn status(&self) -> RecoveryStatus {
        let State { logs, sessions, .. } = &*lock(&self.state);
        RecoveryStatus {
            event_bytes: logs.bytes(),
            events: logs.len(),
            session_bytes: sessions.bytes(),
            sessions: sessions.len(),
        }
    }
}

/// What clients are sent is nobody else's.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// Characters of an offset that tell the store.
const EPOCH: usize = 4;

#[cfg(test)]
mod tests;
