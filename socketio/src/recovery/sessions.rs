//! Sessions whose clients may come back.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use engineio::Sid;

use super::logs::is_over;
use super::{Audience, KeptSession, Local};

/// The sessions of clients that are gone, by their pids. They go in the order in
/// which they came: when they are too old, or when all of them take too many
/// bytes.
#[derive(Debug)]
pub(super) struct Sessions {
    by_number: BTreeMap<u64, Kept>,
    bytes: usize,
    lifetime: Duration,
    max_bytes: usize,
    next: u64,
    numbers: HashMap<Sid, u64>,
}

#[derive(Debug)]
struct Kept {
    session: KeptSession,
    since: Instant,
}

impl Sessions {
    pub(super) fn new(lifetime: Duration, max_bytes: usize) -> Self {
        Self {
            by_number: BTreeMap::new(),
            bytes: 0,
            lifetime,
            max_bytes,
            next: 0,
            numbers: HashMap::new(),
        }
    }

    /// Keeps a session. What has to go for it goes into `discarded`.
    pub(super) fn insert(
        &mut self,
        session: KeptSession,
        now: Instant,
        discarded: &mut Vec<KeptSession>,
    ) {
        debug_assert!(
            !self.numbers.contains_key(&session.pid),
            "pids are random, and a session is kept once"
        );
        self.bytes += charge(&session);
        self.numbers.insert(session.pid.clone(), self.next);
        let since = now;
        self.by_number.insert(self.next, Kept { session, since });
        self.next += 1;
        while self.bytes > self.max_bytes {
            self.drop_first(discarded);
        }
    }

    /// Takes out the session of this pid in a namespace, unless it is too old.
    pub(super) fn take(&mut self, nsp: &str, pid: &str, now: Instant) -> Option<KeptSession> {
        let number = *self.numbers.get(pid)?;
        let kept = self.by_number.get(&number)?;
        let is_over = is_over(kept.since, self.lifetime, now);
        if is_over || kept.session.nsp() != nsp {
            return None;
        }
        self.remove(number)
    }

    /// Takes out the sessions of those who are meant.
    pub(super) fn forget(&mut self, nsp: &str, who: &Audience) -> Vec<KeptSession> {
        let is_meant = |session: &KeptSession| {
            let rooms = || session.rooms.iter().map(|room| &**room).collect();
            session.nsp() == nsp && who.includes(&session.sid, &rooms())
        };
        let meant: Vec<_> = self
            .by_number
            .iter()
            .filter(|(_, kept)| is_meant(&kept.session))
            .map(|(number, _)| *number)
            .collect();
        meant
            .into_iter()
            .filter_map(|number| self.remove(number))
            .collect()
    }

    /// Throws away what is too old.
    pub(super) fn expire(&mut self, now: Instant, discarded: &mut Vec<KeptSession>) {
        while let Some(first) = self.by_number.first_entry()
            && is_over(first.get().since, self.lifetime, now)
        {
            self.drop_first(discarded);
        }
    }

    pub(super) fn clear(&mut self) -> Self {
        std::mem::replace(self, Self::new(self.lifetime, self.max_bytes))
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn drop_first(&mut self, discarded: &mut Vec<KeptSession>) {
        let first = self.by_number.first_key_value().map(|(number, _)| *number);
        discarded.extend(first.and_then(|number| self.remove(number)));
    }

    fn remove(&mut self, number: u64) -> Option<KeptSession> {
        let Kept { session, .. } = self.by_number.remove(&number)?;
        self.numbers.remove(&session.pid);
        if self.numbers.len() < self.numbers.capacity() / 4 {
            self.numbers.shrink_to(self.numbers.len() * 2);
        }
        self.bytes -= charge(&session);
        Some(session)
    }
}

/// What a session costs, beside what the application keeps with it.
fn charge(session: &KeptSession) -> usize {
    let namespace = |local: &Local| local.namespace.bytes();
    let namespace = session.local.as_ref().map_or(0, namespace);
    let rooms = session.rooms.iter();
    let rooms: usize = rooms.map(|room| room.len() + ROOM_CHARGE).sum();
    SESSION_CHARGE + namespace + rooms + session.data.bytes()
}

const SESSION_CHARGE: usize = 512;

const ROOM_CHARGE: usize = 32;
