//! The rules of a session, as the documents tell them: slow and obvious.
//!
//! Times are milliseconds since the session was opened.

use engineio::{
    Close, CloseReason, Config, Delivery, Event, Fault, Message, Packet, ProbeStep, Refused,
    Revision, SendError, Transport,
};

use super::operation::{Kind, Scenario};

/// What a packet in the queue or a message in the inbox costs beside its length.
const PLACE: usize = 64;

pub(super) struct Model {
    revision: Revision,
    limits: Limits,
    pub(super) transport: Transport,
    pub(super) state: State,
    queue: Vec<Queued>,
    in_flight: usize,
    events: Vec<Event>,
    full_since: Option<u64>,
    get: Get,
    is_posting: bool,
    candidate: Option<Candidate>,
    candidates: usize,
    beat: Beat,
    /// Messages that were queued and are done with.
    pub(super) discarded: Vec<Packet>,
}

struct Limits {
    allow_upgrades: bool,
    budget: usize,
    close_timeout: u64,
    high_water: usize,
    inbox: usize,
    interval: u64,
    max_pause: u64,
    timeout: u64,
    upgrade_timeout: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Open,
    /// It ends at this time, if not before.
    Closing(u64),
    Closed(CloseReason),
}

struct Queued {
    packet: Packet,
    key: Option<&'static str>,
    /// Of a message with several parts, the key is charged with the first.
    is_first: bool,
}

enum Get {
    None,
    Waiting { noop_at: Option<u64> },
    Answered(Packet),
}

struct Candidate {
    number: usize,
    until: u64,
    has_pinged: bool,
}

/// What the client did to show that it is there, and when.
struct Beat {
    /// Revision 4: the opening, or the last pong that was asked for.
    /// Revision 3: the opening, or the last ping.
    last: u64,
    /// Revision 4: the time for a ping has come, and no pong since.
    is_asked: bool,
    /// The first other packet since then.
    other: Option<u64>,
    /// When its connection was read again.
    resumed: Option<u64>,
}

impl Model {
    pub(super) fn new(scenario: &Scenario, config: &Config, sid: &str) -> Self {
        let upgrades = if scenario.transport == Transport::Polling && scenario.allow_upgrades {
            "\"websocket\""
        } else {
            ""
        };
        let open = format!(
            "{{\"sid\":\"{sid}\",\"upgrades\":[{upgrades}],\"pingInterval\":300,\
            \"pingTimeout\":200,\"maxPayload\":1000000}}"
        );
        let milliseconds = |time: std::time::Duration| time.as_millis() as u64;
        let mut model = Self {
            revision: scenario.revision,
            limits: Limits {
                allow_upgrades: config.allow_upgrades,
                budget: config.limits.budget,
                close_timeout: milliseconds(config.limits.close_timeout),
                high_water: config.limits.high_water,
                inbox: config.limits.inbox,
                interval: milliseconds(config.ping_interval),
                max_pause: milliseconds(config.limits.max_pause),
                timeout: milliseconds(config.ping_timeout),
                upgrade_timeout: milliseconds(config.upgrade_timeout),
            },
            transport: scenario.transport,
            state: State::Open,
            queue: Vec::new(),
            in_flight: 0,
            events: Vec::new(),
            full_since: None,
            get: Get::None,
            is_posting: false,
            candidate: None,
            candidates: 0,
            beat: Beat {
                last: 0,
                is_asked: false,
                other: None,
                resumed: None,
            },
            discarded: Vec::new(),
        };
        model.control(Packet::Open(open.into()));
        model
    }

    // What can be seen.

    pub(super) fn buffered(&self) -> usize {
        self.in_flight + self.queue.iter().map(Queued::charge).sum::<usize>()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.buffered() < self.limits.high_water
    }

    pub(super) fn is_inbox_full(&self) -> bool {
        let charges = self.events.iter().map(|event| match event {
            Event::Message(message) => message.len() + PLACE,
            _ => 0,
        });
        charges.sum::<usize>() >= self.limits.inbox
    }

    pub(super) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    pub(super) fn has_get(&self) -> bool {
        !matches!(self.get, Get::None)
    }

    pub(super) fn has_payload(&self) -> bool {
        match self.get {
            Get::Answered(_) => true,
            Get::None => false,
            Get::Waiting { .. } => !self.queue.is_empty() || self.state != State::Open,
        }
    }

    pub(super) fn has_transmit(&self) -> bool {
        self.transport == Transport::Websocket && !self.queue.is_empty()
    }

    pub(super) fn close_reason(&self) -> Option<CloseReason> {
        match self.state {
            State::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// The number of the candidate that is tried.
    pub(super) fn candidate(&self) -> Option<usize> {
        Some(self.candidate.as_ref()?.number)
    }

    /// The first of all deadlines.
    pub(super) fn deadline(&self) -> Option<u64> {
        if self.close_reason().is_some() {
            return None;
        }
        let mut deadlines = Vec::new();
        if let State::Closing(by) = self.state {
            deadlines.push(by);
        }
        deadlines.extend(self.stalled_at());
        deadlines.extend(self.ping_at());
        deadlines.extend(self.lost_at());
        deadlines.extend(self.candidate.as_ref().map(|candidate| candidate.until));
        if let Get::Waiting { noop_at } = self.get {
            deadlines.extend(noop_at);
        }
        deadlines.into_iter().min()
    }

    fn stalled_at(&self) -> Option<u64> {
        Some(self.full_since? + self.limits.max_pause)
    }

    fn ping_at(&self) -> Option<u64> {
        let is_due = self.revision == Revision::V4 && !self.beat.is_asked;
        is_due.then_some(self.beat.last + self.limits.interval)
    }

    /// When the client is gone; not while it is not read.
    fn lost_at(&self) -> Option<u64> {
        if self.full_since.is_some() || self.ping_at().is_some() {
            return None;
        }
        let silent = self.beat.last + self.limits.interval;
        [Some(silent), self.beat.other, self.beat.resumed]
            .into_iter()
            .flatten()
            .max()
            .map(|since| since + self.limits.timeout)
    }

    // Time.

    pub(super) fn tick(&mut self, now: u64) {
        let is_due = |deadline: Option<u64>| deadline.is_some_and(|deadline| now >= deadline);
        if let State::Closing(by) = self.state
            && now >= by
        {
            self.end(CloseReason::ForcedClose);
        }
        if is_due(self.stalled_at()) {
            self.end(CloseReason::Stalled);
        }
        if self.close_reason().is_some() {
            return;
        }
        if is_due(self.ping_at()) {
            self.beat.is_asked = true;
            // A closing session says nothing new.
            if self.state == State::Open {
                self.control(ping());
            }
        }
        if is_due(self.lost_at()) {
            return self.end(CloseReason::PingTimeout);
        }
        if is_due(self.candidate.as_ref().map(|candidate| candidate.until)) {
            self.candidate = None;
        }
        if let Get::Waiting { noop_at } = self.get
            && is_due(noop_at)
        {
            self.answer(noop());
        }
    }

    // What the client does.

    pub(super) fn receive(
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

    pub(super) fn lose(&mut self, via: Transport, reason: CloseReason, now: u64) {
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

    pub(super) fn begin_poll(&mut self, now: u64) -> Result<(), Refused> {
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
    pub(super) fn take_payload(&mut self) -> Option<(Vec<Packet>, usize)> {
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

    pub(super) fn end_poll(&mut self, charge: usize, how: Delivery, now: u64) {
        self.tick(now);
        self.in_flight -= charge;
        self.end_exchange(how);
        self.end_if_flushed();
    }

    pub(super) fn cancel_poll(&mut self, now: u64) {
        self.tick(now);
        self.get = Get::None;
        self.end_exchange(Delivery::Aborted);
    }

    pub(super) fn begin_push(&mut self, now: u64) -> Result<(), Refused> {
        self.is_served_on_polling(now)?;
        if self.is_posting {
            self.end(CloseReason::TransportError);
            return Err(Refused::Overlap);
        }
        self.is_posting = true;
        Ok(())
    }

    pub(super) fn end_push(&mut self, how: Delivery, now: u64) {
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
    pub(super) fn begin_probe(&mut self, now: u64) -> Result<(), Refused> {
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

    pub(super) fn probe(
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

    pub(super) fn cancel_probe(&mut self, number: usize) {
        if self.candidate() == Some(number) {
            self.candidate = None;
        }
    }

    // What the websocket does.

    pub(super) fn transmit(&mut self) -> Vec<Packet> {
        if self.transport == Transport::Polling {
            return Vec::new();
        }
        self.take_queue().0
    }

    pub(super) fn transmitted(&mut self, charge: usize) {
        self.in_flight -= charge;
        self.end_if_flushed();
    }

    // What the application does.

    pub(super) fn take_event(&mut self, now: u64) -> Option<Event> {
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

    pub(super) fn send(&mut self, parts: &[Message], kind: Kind) -> Result<(), SendError> {
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

    pub(super) fn close(&mut self, how: Close, now: u64) {
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

    // The pieces of these.

    fn control(&mut self, packet: Packet) {
        self.queue.push(Queued {
            packet,
            key: None,
            is_first: true,
        });
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
    fn fits(&self, charge: usize) -> bool {
        charge == 0 || self.buffered() == 0 || self.buffered() + charge <= self.limits.budget
    }

    /// Drops keyed messages, the oldest first, until so much more fits.
    fn drop_keyed_for(&mut self, charge: usize) {
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

    fn remove(&mut self, key: &'static str) {
        let (removed, kept) = std::mem::take(&mut self.queue)
            .into_iter()
            .partition(|queued| queued.key == Some(key));
        self.queue = kept;
        self.discard(packets(removed));
    }

    /// Everything that is queued is in flight; what is charged for it there.
    fn take_queue(&mut self) -> (Vec<Packet>, usize) {
        let packets = packets(std::mem::take(&mut self.queue));
        let charge = packets.iter().map(charge).sum();
        self.in_flight += charge;
        (packets, charge)
    }

    fn discard(&mut self, packets: Vec<Packet>) {
        self.discarded.extend(packets);
    }

    fn answer(&mut self, packet: Packet) {
        if let Get::Waiting { .. } = self.get {
            self.get = Get::Answered(packet);
        }
    }

    fn end_if_flushed(&mut self) {
        if matches!(self.state, State::Closing(_))
            && self.transport == Transport::Websocket
            && self.buffered() == 0
        {
            self.end(CloseReason::ForcedClose);
        }
    }

    fn end(&mut self, reason: CloseReason) {
        if self.close_reason().is_some() {
            return;
        }
        self.state = State::Closed(reason);
        self.answer(close());
        let queued = packets(std::mem::take(&mut self.queue));
        self.discard(queued);
        self.candidate = None;
        self.full_since = None;
        self.events.push(Event::Closed(reason));
    }
}

impl Queued {
    fn charge(&self) -> usize {
        let key = self.key.filter(|_| self.is_first).map_or(0, str::len);
        charge(&self.packet) + key
    }
}

fn packets(queued: Vec<Queued>) -> Vec<Packet> {
    queued.into_iter().map(|queued| queued.packet).collect()
}

fn charge(packet: &Packet) -> usize {
    let length = match packet {
        Packet::Message(message) => message.len(),
        Packet::Open(data)
        | Packet::Close(data)
        | Packet::Ping(data)
        | Packet::Pong(data)
        | Packet::Upgrade(data)
        | Packet::Noop(data) => 1 + data.len(),
    };
    length + PLACE
}

fn close() -> Packet {
    Packet::Close("".into())
}

fn noop() -> Packet {
    Packet::Noop("".into())
}

fn ping() -> Packet {
    Packet::Ping("".into())
}

fn pong() -> Packet {
    Packet::Pong("".into())
}
