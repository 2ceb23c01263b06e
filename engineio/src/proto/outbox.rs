//! What waits to be sent, counted.

mod keyed;

use std::collections::VecDeque;

use super::packet::{Message, Packet};
use super::revision::Revision;
use crate::Limits;
use keyed::Keyed;

/// What a queued packet costs beside its content: its place in the queue and
/// its framing. So an endless row of empty packets is not free.
const PACKET_CHARGE: usize = 64;

impl Packet {
    /// What a session charges for the packet while it is queued: its content
    /// and 64 bytes for its place.
    ///
    /// ```
    /// # use engineio::Packet;
    /// let packet = Packet::Message("hello".into());
    /// assert_eq!(packet.charge(), 64 + 5);
    /// ```
    pub fn charge(&self) -> usize {
        match self {
            Self::Message(message) => message.charge(),
            control => control.text_len(Revision::V4) + PACKET_CHARGE,
        }
    }
}

impl Message {
    pub(super) fn charge(&self) -> usize {
        self.len() + PACKET_CHARGE
    }
}

/// The packets of one session that its peer has not taken yet.
///
/// A packet is charged from when it is queued until the peer's side has it:
/// the kernel took its last byte, or the HTTP layer let go of the body.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Packet>,
    /// Boxed, as most sessions have none.
    keyed: Option<Box<Keyed>>,
    queued: usize,
    in_flight: usize,
}

impl Outbox {
    pub(crate) fn push(&mut self, packet: Packet) {
        self.queued += packet.charge();
        if self.queue.capacity() == 0 {
            // As in the inbox.
            self.queue.reserve_exact(1);
        }
        self.queue.push_back(packet);
    }

    /// Queues a message in place of the one of its key that waits, if one does.
    /// What is replaced goes into `discarded`.
    ///
    /// `false` if there is no room: at the high-water mark for a key that is
    /// new, and beyond the budget for any. All is as it was then.
    pub(crate) fn push_keyed(
        &mut self,
        key: &str,
        parts: &[Message],
        limits: &Limits,
        discarded: &mut Vec<Packet>,
    ) -> bool {
        let replaced = self.keyed.as_ref().and_then(|keyed| keyed.charged(key));
        if replaced.is_none() && self.charged() >= limits.high_water {
            return false;
        }
        let others = self.charged() - replaced.unwrap_or(0);
        let charge = keyed::charge(key, parts);
        if !fits(others, charge, limits.budget) {
            return false;
        }
        let keyed = self.keyed.get_or_insert_default();
        if let Some(replaced) = keyed.remove(key) {
            self.queued -= replaced.charge;
            discarded.extend(replaced.parts);
        }
        if !parts.is_empty() {
            keyed.push(key, parts, self.queue.len());
            self.queued += charge;
        }
        true
    }

    /// Makes room for packets of this charge: what is keyed goes into
    /// `discarded`, the oldest first, as far as it has to. `false` if they are
    /// beyond the budget nevertheless.
    pub(crate) fn make_room(
        &mut self,
        charge: usize,
        budget: usize,
        discarded: &mut Vec<Packet>,
    ) -> bool {
        while !self.fits(charge, budget) {
            let keyed = self.keyed.as_mut();
            let Some(oldest) = keyed.and_then(|keyed| keyed.remove_oldest()) else {
                return false;
            };
            self.queued -= oldest.charge;
            discarded.extend(oldest.parts);
        }
        true
    }

    /// Moves all that is queued into `out`; it stays charged until it is
    /// [released](Self::release). Returns its charge.
    pub(crate) fn take(&mut self, out: &mut Vec<Packet>) -> usize {
        let mut taken = std::mem::take(&mut self.queued);
        if let Some(keyed) = &mut self.keyed {
            taken -= keyed.take(&mut self.queue, out);
        }
        out.extend(self.queue.drain(..));
        // A queue that a burst has grown would keep its size for the session's life.
        self.queue.shrink_to(8);
        self.in_flight += taken;
        taken
    }

    /// Charges more for what was taken, until it is [released](Self::release).
    #[cfg(feature = "server")]
    pub(crate) fn charge_more(&mut self, charge: usize) {
        self.in_flight += charge;
    }

    pub(crate) fn release(&mut self, charge: usize) {
        debug_assert!(charge <= self.in_flight, "released more than was taken");
        self.in_flight -= charge;
    }

    /// Moves all that is queued into `discarded`.
    pub(crate) fn clear(&mut self, discarded: &mut Vec<Packet>) {
        if let Some(mut keyed) = self.keyed.take() {
            keyed.take(&mut self.queue, discarded);
        }
        discarded.extend(std::mem::take(&mut self.queue));
        self.queued = 0;
    }

    /// Whether packets of this charge keep within the budget. An empty outbox
    /// takes anything.
    pub(crate) fn fits(&self, charge: usize, budget: usize) -> bool {
        fits(self.charged(), charge, budget)
    }

    /// Whether this packet was queued last, keyed messages aside.
    pub(crate) fn ends_with(&self, packet: &Packet) -> bool {
        self.queue.back() == Some(packet)
    }

    /// Whether nothing waits to be taken; something may be in flight.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.keyed.as_ref().is_none_or(|keyed| keyed.is_empty())
    }

    /// Whether nothing waits and nothing is in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.charged() == 0
    }

    /// All that is charged, queued or in flight.
    pub(crate) fn charged(&self) -> usize {
        self.queued + self.in_flight
    }
}

fn fits(charged: usize, charge: usize, budget: usize) -> bool {
    charge == 0 || charged == 0 || charged + charge <= budget
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_charged_until_it_is_released() {
        let mut outbox = Outbox::default();
        outbox.push(Packet::Message(Message::from("hello")));
        assert_eq!(outbox.charged(), 5 + PACKET_CHARGE);
        let mut taken = Vec::new();
        let charge = outbox.take(&mut taken);
        assert!(outbox.is_empty() && !outbox.is_idle());
        outbox.release(charge);
        assert!(outbox.is_idle());
        assert_eq!(taken.len(), 1);
    }
}
