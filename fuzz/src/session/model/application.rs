//! What the application does.

use engineio::{Close, CloseReason, Event, Message, Packet, Revision, SendError, Transport};

use super::{Get, Model, PLACE, Queued, State, packets};
use crate::session::operation::Kind;

impl Model {
    pub(in crate::session) fn take_event(&mut self, now: u64) -> Option<Event> {
        if self.events.is_empty() {
            return None;
        }
        let event = self.events.remove(0);
        if self.full_since.is_some() && !self.is_inbox_full() {
            self.full_since = None;
            // Who was not asked needs no more time.
            if self.revision == Revision::V3 || self.beat.is_asked {
                self.beat.resumed = Some(now);
            }
        }
        Some(event)
    }

    pub(in crate::session) fn send(
        &mut self,
        parts: &[Message],
        kind: Kind,
    ) -> Result<(), SendError> {
        if self.state != State::Open {
            return Err(SendError::Closed);
        }
        let charge: usize = parts.iter().map(|part| part.len() + PLACE).sum();
        match kind {
            Kind::Reliable => {
                self.drop_keyed_for(charge);
                if !self.fits(charge) {
                    self.end(CloseReason::SlowConsumer);
                    return Err(SendError::SlowConsumer);
                }
                self.push(parts, None);
            }
            Kind::Volatile => {
                let can_leave = match self.transport {
                    Transport::Polling => matches!(self.get, Get::Waiting { .. }),
                    Transport::Websocket => self.in_flight == 0,
                };
                if !self.queue.is_empty() || !can_leave || !self.is_ready() || !self.fits(charge) {
                    return Err(SendError::Dropped);
                }
                self.push(parts, None);
            }
            Kind::Keyed(key) => {
                let older = self.charge_of(key);
                if older == 0 && !self.is_ready() {
                    return Err(SendError::Dropped);
                }
                let others = self.buffered() - older;
                let charge = charge + key.len();
                if !parts.is_empty() && others > 0 && others + charge > self.limits.budget {
                    return Err(SendError::Dropped);
                }
                self.remove(key);
                self.push(parts, Some(key));
            }
        }
        Ok(())
    }

    pub(in crate::session) fn close(&mut self, how: Close, now: u64) {
        self.tick(now);
        if self.close_reason().is_some() {
            return;
        }
        if how == Close::Discard {
            return self.end(CloseReason::ForcedClose);
        }
        if self.state != State::Open {
            return;
        }
        self.state = State::Closing(now + self.limits.close_timeout);
        if let Get::Waiting { .. } = self.get
            && self.queue.is_empty()
        {
            self.end(CloseReason::ForcedClose);
        }
        self.end_if_flushed();
    }

    fn push(&mut self, parts: &[Message], key: Option<&'static str>) {
        for (index, part) in parts.iter().enumerate() {
            self.queue.push(Queued {
                packet: Packet::Message(part.clone()),
                key,
                is_first: index == 0,
            });
        }
    }

    /// Whether so much more is within the budget; nothing in the way of a single
    /// message, however long it is.
    pub(super) fn fits(&self, charge: usize) -> bool {
        charge == 0 || self.buffered() == 0 || self.buffered() + charge <= self.limits.budget
    }

    /// Drops keyed messages, the oldest first, until so much more fits.
    pub(super) fn drop_keyed_for(&mut self, charge: usize) {
        while !self.fits(charge) {
            let Some(key) = self.queue.iter().find_map(|queued| queued.key) else {
                return;
            };
            self.remove(key);
        }
    }

    fn charge_of(&self, key: &'static str) -> usize {
        self.queue
            .iter()
            .filter(|queued| queued.key == Some(key))
            .map(Queued::charge)
            .sum()
    }

    pub(super) fn remove(&mut self, key: &'static str) {
        let (removed, kept) = std::mem::take(&mut self.queue)
            .into_iter()
            .partition(|queued| queued.key == Some(key));
        self.queue = kept;
        self.discard(packets(removed));
    }
}
