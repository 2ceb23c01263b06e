//! What was sent, for those who missed it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Absentee, Audience, KeptEvent};
use crate::Encoded;

/// The newest packets of all namespaces: a ring for each.
///
/// Packets are numbered in one row, and thrown away in that order: when they
/// are so old that nobody can have missed them who still may come back, or
/// earlier, when all of them take too many bytes.
#[derive(Debug)]
pub(super) struct Logs {
    bytes: usize,
    max_age: Duration,
    max_bytes: usize,
    next: u64,
    /// The namespace of each packet, in the order of their numbers.
    order: VecDeque<Arc<str>>,
    rings: HashMap<Arc<str>, Ring>,
    /// Rings at which those are thrown out that say nothing any more.
    sweep_at: usize,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Entry>,
    /// The last packet that was thrown away before its time, and when it was
    /// sent. Who has not seen it may have missed it.
    lost: Option<(u64, Instant)>,
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    audience: Audience,
    number: u64,
    packet: Encoded,
}

impl Logs {
    pub(super) fn new(max_age: Duration, max_bytes: usize) -> Self {
        Self {
            bytes: 0,
            max_age,
            max_bytes,
            next: 0,
            order: VecDeque::new(),
            rings: HashMap::new(),
            sweep_at: 0,
        }
    }

    /// A number for a packet, or for a place between packets.
    pub(super) fn next(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Keeps a packet, whose number is higher than those before it in its
    /// namespace. What has to go for it goes into `discarded`.
    pub(super) fn push(
        &mut self,
        number: u64,
        event: KeptEvent,
        at: Instant,
        discarded: &mut Vec<Encoded>,
    ) {
        let (nsp, audience, packet) = event.into_parts();
        let nsp = self.ring(&nsp, at);
        let ring = self.rings.get_mut(&nsp).expect("it was just looked for");
        let entry = Entry {
            at,
            audience,
            number,
            packet,
        };
        self.bytes += entry.charge();
        ring.entries.push_back(entry);
        self.order.push_back(nsp);
        while self.bytes > self.max_bytes {
            self.drop_first(true, discarded);
        }
    }

    /// Throws away what is too old.
    pub(super) fn expire(&mut self, now: Instant, discarded: &mut Vec<Encoded>) {
        while self.first_at().is_some_and(|at| self.is_old(at, now)) {
            self.drop_first(false, discarded);
        }
        if self.order.len() < self.order.capacity() / 4 {
            self.order.shrink_to(self.order.len() * 2);
        }
    }

    /// Whether all is known that was sent in a namespace behind the packet of
    /// this number.
    ///
    /// That packet itself may be gone. What was thrown away for its age was
    /// delivered to whoever is not gone for as long: a heartbeat behind it was
    /// answered.
    pub(super) fn reaches_back(&self, nsp: &str, number: u64, now: Instant) -> bool {
        let lost = self.rings.get(nsp).and_then(|ring| ring.lost);
        let is_lost = lost.is_some_and(|(last, at)| number < last && !self.is_old(at, now));
        number < self.next && !is_lost
    }

    /// The packets that somebody missed who has the one of this number, the
    /// first first.
    pub(super) fn missed(&self, who: &Absentee<'_>, after: u64, now: Instant) -> Vec<Encoded> {
        let Some(ring) = self.rings.get(who.nsp) else {
            return Vec::new();
        };
        let rooms: HashSet<&str> = who.rooms.iter().map(|room| &**room).collect();
        let start = ring.entries.partition_point(|entry| entry.number <= after);
        ring.entries
            .range(start..)
            .filter(|entry| !self.is_old(entry.at, now))
            .filter(|entry| entry.audience.includes(who.sid, &rooms))
            .map(|entry| entry.packet.clone())
            .collect()
    }

    pub(super) fn clear(&mut self) -> Self {
        let mut empty = Self::new(self.max_age, self.max_bytes);
        empty.next = self.next;
        std::mem::replace(self, empty)
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub(super) fn ring_count(&self) -> usize {
        self.rings.len()
    }

    /// The name of a namespace as its ring keeps it. The ring is made if there
    /// is none.
    fn ring(&mut self, nsp: &str, now: Instant) -> Arc<str> {
        if let Some((nsp, _)) = self.rings.get_key_value(nsp) {
            return nsp.clone();
        }
        if self.rings.len() >= self.sweep_at {
            let max_age = self.max_age;
            self.rings.retain(|_, ring| !ring.is_silent(max_age, now));
            self.sweep_at = 2 * self.rings.len() + 32;
            self.rings.shrink_to(self.sweep_at);
        }
        let nsp: Arc<str> = nsp.into();
        self.rings.insert(nsp.clone(), Ring::default());
        nsp
    }

    fn first_at(&self) -> Option<Instant> {
        let ring = self.rings.get(self.order.front()?)?;
        Some(ring.entries.front()?.at)
    }

    fn drop_first(&mut self, before_its_time: bool, discarded: &mut Vec<Encoded>) {
        let nsp = self.order.pop_front().expect("what is counted is there");
        let ring = self.rings.get_mut(&nsp).expect("its packets are in order");
        let entry = ring.entries.pop_front().expect("one for each in order");
        if ring.entries.len() < ring.entries.capacity() / 4 {
            ring.entries.shrink_to(ring.entries.len() * 2);
        }
        if before_its_time {
            ring.lost = Some((entry.number, entry.at));
        }
        self.bytes -= entry.charge();
        discarded.push(entry.packet);
    }

    fn is_old(&self, at: Instant, now: Instant) -> bool {
        is_over(at, self.max_age, now)
    }
}

impl Entry {
    /// What the packet costs.
    fn charge(&self) -> usize {
        let messages = self.packet.parts().iter();
        let content: usize = messages.map(|part| part.len() + MESSAGE_CHARGE).sum();
        content + self.audience.bytes()
    }
}

impl Ring {
    fn is_silent(&self, max_age: Duration, now: Instant) -> bool {
        let is_lost = self.lost.is_some_and(|(_, at)| !is_over(at, max_age, now));
        self.entries.is_empty() && !is_lost
    }
}

/// Whether something that began at one time and takes this long is over.
pub(super) fn is_over(begin: Instant, length: Duration, now: Instant) -> bool {
    now.saturating_duration_since(begin) >= length
}

/// What each message of a packet costs beside its content: its places in a ring
/// and in the queue of whoever it is sent to again.
const MESSAGE_CHARGE: usize = 192;
