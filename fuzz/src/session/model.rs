//! The rules of a session, as the documents tell them: slow and obvious.
//!
//! Times are milliseconds since the session was opened.

mod application;
mod client;

use engineio::{CloseReason, Config, Event, Packet, Revision, Transport};

use super::operation::Scenario;

/// What a packet in the queue or a message in the inbox costs beside its length.
pub(super) const PLACE: usize = 64;

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
        if let Some(initial) = scenario.initial {
            model.control(Packet::Message(initial.into()));
        }
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

    /// If several deadlines passed unnoticed, the first of these is the reason.
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

    // The pieces of these.

    fn control(&mut self, packet: Packet) {
        self.queue.push(Queued {
            packet,
            key: None,
            is_first: true,
        });
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
