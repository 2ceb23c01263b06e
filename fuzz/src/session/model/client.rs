//! What the client and its connections do.

use engineio::{
    CloseReason, Delivery, Event, Fault, Packet, ProbeStep, Refused, Revision, Transport,
};

use super::{Beat, Candidate, Get, Model, PLACE, State, close, noop, pong};

impl Model {
    pub(in crate::session) fn receive(
        &mut self,
        via: Transport,
        packet: Packet,
        now: u64,
    ) -> Result<(), Fault> {
        self.tick(now);
        if via != self.transport {
            return Ok(());
        }
        match (self.revision, &packet) {
            (Revision::V3, Packet::Ping(_)) => {
                self.beat.last = now;
            }
            (Revision::V3, _) | (Revision::V4, Packet::Ping(_)) => {}
            (Revision::V4, Packet::Pong(_)) => {
                if self.beat.is_asked {
                    self.beat = Beat {
                        last: now,
                        is_asked: false,
                        other: None,
                        resumed: None,
                    };
                }
            }
            _ => {
                if self.beat.is_asked && self.beat.other.is_none() {
                    self.beat.other = Some(now);
                }
            }
        }
        if self.state != State::Open {
            return Ok(());
        }
        match (packet, self.revision) {
            (Packet::Message(message), _) => {
                self.events.push(Event::Message(message));
                if self.is_inbox_full() && self.full_since.is_none() {
                    self.full_since = Some(now);
                }
            }
            (Packet::Close(_), _) => {
                self.answer(noop());
                self.end(CloseReason::TransportClose);
            }
            (Packet::Ping(_), Revision::V3) => self.pong(),
            (Packet::Ping(_), _) | (Packet::Pong(_), Revision::V3) => {
                self.end(CloseReason::TransportError);
                return Err(Fault::HeartbeatDirection);
            }
            _ => {}
        }
        Ok(())
    }

    /// A pong goes out, unless it would be the second one beyond the budget.
    fn pong(&mut self) {
        let charge = 1 + PLACE;
        self.drop_keyed_for(charge);
        let last = self.queue.iter().rfind(|queued| queued.key.is_none());
        if !self.fits(charge) && last.is_some_and(|last| last.packet == pong()) {
            self.end(CloseReason::SlowConsumer);
        } else {
            self.control(pong());
        }
    }

    pub(in crate::session) fn lose(&mut self, via: Transport, reason: CloseReason, now: u64) {
        self.tick(now);
        if via == self.transport {
            self.end(reason);
        }
    }

    fn is_served_on_polling(&mut self, now: u64) -> Result<(), Refused> {
        self.tick(now);
        if self.close_reason().is_some() {
            Err(Refused::UnknownSid)
        } else if self.transport == Transport::Websocket {
            Err(Refused::TransportMismatch)
        } else {
            Ok(())
        }
    }

    pub(in crate::session) fn begin_poll(&mut self, now: u64) -> Result<(), Refused> {
        self.is_served_on_polling(now)?;
        let Get::None = self.get else {
            self.end(CloseReason::TransportError);
            return Err(Refused::Overlap);
        };
        let is_upgrading = self.candidate.as_ref().is_some_and(|it| it.has_pinged);
        self.get = Get::Waiting {
            noop_at: is_upgrading.then_some(now + 100),
        };
        Ok(())
    }

    /// The packets of the answer to the GET, and what is charged for them.
    pub(in crate::session) fn take_payload(&mut self) -> Option<(Vec<Packet>, usize)> {
        if !self.has_payload() {
            return None;
        }
        let (packets, charge) = match std::mem::replace(&mut self.get, Get::None) {
            Get::Answered(packet) => (vec![packet], 0),
            _ if self.queue.is_empty() => {
                self.end(CloseReason::ForcedClose);
                (vec![noop(), close()], 0)
            }
            _ => self.take_queue(),
        };
        self.discard(packets.clone());
        Some((packets, charge))
    }

    pub(in crate::session) fn end_poll(&mut self, charge: usize, how: Delivery, now: u64) {
        self.tick(now);
        self.in_flight -= charge;
        self.end_exchange(how);
        self.end_if_flushed();
    }

    pub(in crate::session) fn cancel_poll(&mut self, now: u64) {
        self.tick(now);
        self.get = Get::None;
        self.end_exchange(Delivery::Aborted);
    }

    pub(in crate::session) fn begin_push(&mut self, now: u64) -> Result<(), Refused> {
        self.is_served_on_polling(now)?;
        if self.is_posting {
            self.end(CloseReason::TransportError);
            return Err(Refused::Overlap);
        }
        self.is_posting = true;
        Ok(())
    }

    pub(in crate::session) fn end_push(&mut self, how: Delivery, now: u64) {
        self.tick(now);
        self.is_posting = false;
        self.end_exchange(how);
    }

    fn end_exchange(&mut self, how: Delivery) {
        if how == Delivery::Aborted && self.transport == Transport::Polling {
            self.end(CloseReason::TransportError);
        }
    }

    /// A new candidate; they are numbered in order.
    pub(in crate::session) fn begin_probe(&mut self, now: u64) -> Result<(), Refused> {
        self.is_served_on_polling(now)?;
        if self.candidate.is_some() || !self.limits.allow_upgrades {
            return Err(Refused::TransportMismatch);
        }
        let number = self.candidates;
        self.candidates += 1;
        self.candidate = Some(Candidate {
            number,
            until: now + self.limits.upgrade_timeout,
            has_pinged: false,
        });
        Ok(())
    }

    pub(in crate::session) fn probe(
        &mut self,
        number: usize,
        packet: &Packet,
        now: u64,
    ) -> Result<ProbeStep, Fault> {
        self.tick(now);
        if self.candidate() != Some(number) {
            return Err(Fault::StaleProbe);
        }
        match packet {
            Packet::Ping(data) if data == "probe" => {
                self.candidate.as_mut().expect("it is the one").has_pinged = true;
                if self.queue.is_empty() {
                    self.answer(noop());
                }
                Ok(ProbeStep::Pong)
            }
            Packet::Upgrade(_) => {
                self.candidate = None;
                self.answer(noop());
                self.transport = Transport::Websocket;
                self.events.push(Event::Upgraded);
                self.end_if_flushed();
                Ok(ProbeStep::Upgraded)
            }
            _ => {
                self.candidate = None;
                Err(Fault::NoProbe)
            }
        }
    }

    pub(in crate::session) fn cancel_probe(&mut self, number: usize) {
        if self.candidate() == Some(number) {
            self.candidate = None;
        }
    }

    pub(in crate::session) fn transmit(&mut self) -> Vec<Packet> {
        if self.transport == Transport::Polling {
            return Vec::new();
        }
        self.take_queue().0
    }

    pub(in crate::session) fn transmitted(&mut self, charge: usize) {
        self.in_flight -= charge;
        self.end_if_flushed();
    }
}
