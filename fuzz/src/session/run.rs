//! A session and its model, side by side.

use std::time::{Duration, Instant};

use engineio::{
    Class, Close, CloseReason, Delivery, Event, Hello, Message, Packet, PayloadBody, ProbeId,
    Revision, Session, Sid, Transport, decode_payload,
};

use super::model::{Model, PLACE, State};
use super::operation::{Incoming, Kind, Length, Operation, Part, Scenario, Time, Via, Which};
use crate::start;

pub(super) struct Run {
    session: Session,
    model: Model,
    /// Its client takes no binary data.
    base64: bool,
    start: Instant,
    /// Milliseconds since the start.
    now: u64,
    candidates: Vec<ProbeId>,
    /// The charges of payloads whose clients are still reading.
    reading: Vec<usize>,
    /// The charges of packets that a websocket is still writing.
    writing: Vec<usize>,
    /// How many parts of messages were made: each holds its number.
    made: usize,
    accepted: Vec<usize>,
    delivered: Vec<usize>,
    discarded: Vec<usize>,
    end: Option<CloseReason>,
}

impl Run {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let start = start();
        let config = scenario.config();
        let sid = Sid::from_bytes([1; 15]);
        let hello = Hello {
            base64: scenario.base64,
            jsonp: scenario.jsonp,
            revision: scenario.revision,
            ..scenario.transport.into()
        };
        Self {
            model: Model::new(scenario, &config, sid.as_str()),
            session: Session::new(config.into(), sid, hello, start),
            base64: scenario.base64 || scenario.jsonp.is_some(),
            start,
            now: 0,
            candidates: Vec::new(),
            reading: Vec::new(),
            writing: Vec::new(),
            made: 0,
            accepted: Vec::new(),
            delivered: Vec::new(),
            discarded: Vec::new(),
            end: None,
        }
    }

    fn at(&self, milliseconds: u64) -> Instant {
        self.start + Duration::from_millis(milliseconds)
    }

    pub(super) fn step(&mut self, operation: &Operation) {
        let (time, now) = (self.now, self.at(self.now));
        match operation {
            Operation::BeginPoll => {
                assert_eq!(self.session.begin_poll(now), self.model.begin_poll(time));
            }
            Operation::BeginProbe => {
                let begun = self.session.begin_probe(now);
                let expected = self.model.begin_probe(time);
                assert_eq!(begun.as_ref().err(), expected.as_ref().err());
                self.candidates.extend(begun);
            }
            Operation::BeginPush => {
                assert_eq!(self.session.begin_push(now), self.model.begin_push(time));
            }
            Operation::CancelPoll => {
                self.session.cancel_poll(now);
                self.model.cancel_poll(time);
            }
            Operation::CancelProbe(which) => {
                if let Some((id, number)) = self.candidate(*which) {
                    self.session.cancel_probe(id);
                    self.model.cancel_probe(number);
                }
            }
            Operation::Close(how) => {
                self.session.close(*how, now);
                self.model.close(*how, time);
            }
            Operation::Detach => self.session.detach_events(100),
            Operation::Drain => match self.model.transport {
                Transport::Polling => {
                    self.step(&Operation::Get);
                    self.take_payload();
                    while !self.reading.is_empty() {
                        self.step(&Operation::EndPoll(Delivery::Done));
                    }
                }
                Transport::Websocket => {
                    self.transmit();
                    self.transmitted(usize::MAX);
                }
            },
            Operation::DropBody => {
                self.session.end_poll(0, Delivery::Aborted, now);
                self.model.end_poll(0, Delivery::Aborted, time);
            }
            Operation::EndPoll(how) => {
                if !self.reading.is_empty() {
                    let charge = self.reading.remove(0);
                    self.session.end_poll(charge, *how, now);
                    self.model.end_poll(charge, *how, time);
                }
            }
            Operation::EndPush(how) => {
                self.session.end_push(*how, now);
                self.model.end_push(*how, time);
            }
            Operation::Get => {
                if !self.model.has_get() {
                    self.step(&Operation::BeginPoll);
                }
            }
            Operation::Loss(via, reason) => {
                let via = self.transport(*via);
                self.session.handle_loss(via, *reason, now);
                self.model.lose(via, *reason, time);
            }
            Operation::Post(packets) => self.post(packets),
            Operation::Probe(which, packet) => self.probe(*which, *packet),
            Operation::Receive(via, packet) => {
                self.receive(self.transport(*via), *packet);
            }
            Operation::Send(kind, parts) => self.send(*kind, parts),
            Operation::TakeEvent => self.take_event(),
            Operation::TakePayload => self.take_payload(),
            Operation::Transmit => self.transmit(),
            Operation::Transmitted(count) => self.transmitted(*count),
            Operation::Wait { time, tick } => self.wait(*time, *tick),
        }
    }

    /// Everything that can be seen is the same.
    pub(super) fn compare(&mut self) {
        let (session, model) = (&self.session, &mut self.model);
        assert_eq!(session.is_open(), model.state == State::Open);
        assert_eq!(session.close_reason(), model.close_reason());
        assert_eq!(session.transport(), model.transport);
        assert_eq!(session.is_ready(), model.is_ready());
        assert_eq!(session.buffered(), model.buffered());
        assert_eq!(session.is_inbox_full(), model.is_inbox_full());
        assert_eq!(session.has_events(), model.has_events());
        assert_eq!(session.has_payload(), model.has_payload());
        assert_eq!(session.has_transmit(), model.has_transmit());
        assert_eq!(session.is_upgrading(), model.candidate().is_some());
        for (number, id) in self.candidates.iter().enumerate() {
            assert_eq!(session.is_probing(*id), model.candidate() == Some(number));
        }
        let deadline = session
            .poll_timeout()
            .map(|deadline| (deadline - self.start).as_micros());
        let expected = model.deadline().map(|deadline| u128::from(deadline) * 1000);
        assert_eq!(deadline, expected, "the deadline, in microseconds");
        let discarded = self.session.take_discarded();
        assert_eq!(discarded, std::mem::take(&mut model.discarded));
        self.discarded.extend(discarded.iter().filter_map(number));
    }

    fn post(&mut self, packets: &[Incoming]) {
        let (time, now) = (self.now, self.at(self.now));
        let begun = self.session.begin_push(now);
        assert_eq!(begun, self.model.begin_push(time));
        if begun.is_err() {
            return;
        }
        for packet in packets {
            if !self.receive(Transport::Polling, *packet) {
                break;
            }
        }
        self.session.end_push(Delivery::Done, now);
        self.model.end_push(Delivery::Done, time);
    }

    fn transport(&self, via: Via) -> Transport {
        match (via, self.model.transport) {
            (Via::Current, transport) => transport,
            (Via::Other, Transport::Polling) => Transport::Websocket,
            (Via::Other, Transport::Websocket) => Transport::Polling,
        }
    }

    /// Whether the connection goes on.
    fn receive(&mut self, via: Transport, packet: Incoming) -> bool {
        let (time, now) = (self.now, self.at(self.now));
        let Some(packet) = self.packet(packet) else {
            let reason = CloseReason::ParseError;
            self.session.handle_loss(via, reason, now);
            self.model.lose(via, reason, time);
            return false;
        };
        let result = self.session.handle_packet(via, packet.clone(), now);
        assert_eq!(result, self.model.receive(via, packet, time));
        result.is_ok()
    }

    fn probe(&mut self, which: Which, packet: Incoming) {
        let (time, now) = (self.now, self.at(self.now));
        let Some((id, number)) = self.candidate(which) else {
            return;
        };
        let Some(packet) = self.packet(packet) else {
            self.session.cancel_probe(id);
            return self.model.cancel_probe(number);
        };
        let step = self.session.handle_probe(id, &packet, now);
        assert_eq!(step, self.model.probe(number, &packet, time));
    }

    fn candidate(&self, which: Which) -> Option<(ProbeId, usize)> {
        let last = self.candidates.len().checked_sub(1)?;
        let number = match which {
            Which::Last => last,
            Which::Older => last.saturating_sub(1),
        };
        Some((self.candidates[number], number))
    }

    fn send(&mut self, kind: Kind, parts: &[Part]) {
        let first = self.made;
        let key = match kind {
            Kind::Keyed(key) => key.len(),
            Kind::Reliable | Kind::Volatile => 0,
        };
        let parts: Vec<_> = parts.iter().map(|part| self.message(*part, key)).collect();
        let class = match kind {
            Kind::Keyed(key) => Class::Keyed(key),
            Kind::Reliable => Class::Reliable,
            Kind::Volatile => Class::Volatile,
        };
        let sent = self.session.send(&parts, class);
        assert_eq!(sent, self.model.send(&parts, kind));
        if sent.is_ok() {
            self.accepted.extend(first..self.made);
        }
    }

    fn take_event(&mut self) {
        let event = self.session.poll_event(self.at(self.now));
        assert_eq!(event, self.model.take_event(self.now));
        if let Some(event) = event {
            assert_eq!(self.end, None, "nothing follows the end");
            if let Event::Closed(reason) = event {
                self.end = Some(reason);
            }
        }
    }

    fn take_payload(&mut self) {
        let payload = self.session.poll_payload();
        let expected = self.model.take_payload();
        assert_eq!(payload.is_some(), expected.is_some());
        let (Some(payload), Some((packets, charge))) = (payload, expected) else {
            return;
        };
        assert_eq!(payload.charge, charge);
        assert_eq!(payload.packets, packets.len());
        self.reading.push(charge);
        let revision = self.session.hello().revision;
        let is_binary = |packet: &Packet| matches!(packet, Packet::Message(Message::Binary(_)));
        assert_eq!(
            matches!(payload.body, PayloadBody::Binary(_)),
            revision == Revision::V3 && !self.base64 && packets.iter().any(is_binary)
        );
        let read = decode_payload(payload.body, revision, usize::MAX);
        assert_eq!(read, (packets.clone(), Ok(())));
        self.deliver(&packets);
    }

    fn transmit(&mut self) {
        let mut packets = Vec::new();
        self.session.poll_transmit(&mut packets);
        assert_eq!(packets, self.model.transmit());
        self.writing.extend(packets.iter().map(Packet::charge));
        self.deliver(&packets);
    }

    fn transmitted(&mut self, count: usize) {
        let charge = self.writing.drain(..count.min(self.writing.len())).sum();
        self.session.transmitted(charge);
        self.model.transmitted(charge);
    }

    fn wait(&mut self, time: Time, tick: bool) {
        let deadline = self.model.deadline().unwrap_or(self.now);
        let until = match time {
            Time::AtDeadline => deadline,
            Time::BeforeDeadline => deadline.saturating_sub(1),
            Time::Milliseconds(time) => self.now + time,
            Time::PastDeadline => deadline + 1,
        };
        // The deadline may have passed if nobody told the session.
        self.now = self.now.max(until);
        if tick {
            self.session.handle_timeout(self.at(self.now));
            self.model.tick(self.now);
        }
    }

    fn deliver(&mut self, packets: &[Packet]) {
        self.delivered.extend(packets.iter().filter_map(number));
    }

    /// A part that holds its number.
    fn message(&mut self, part: Part, key: usize) -> Message {
        let length = match part.length {
            Length::Bytes(length) => length,
            Length::To(limit, offset) => limit
                .saturating_add_signed(offset)
                .saturating_sub(self.model.buffered() + PLACE + key),
        };
        let text = format!("{:0>length$}", self.made);
        self.made += 1;
        if part.is_binary {
            Message::from(text.into_bytes())
        } else {
            Message::from(text)
        }
    }

    fn packet(&self, packet: Incoming) -> Option<Packet> {
        let ping = Packet::Ping("".into());
        let pong = Packet::Pong("".into());
        let is_old = self.session.hello().revision == Revision::V3;
        Some(match packet {
            Incoming::Bad => return None,
            Incoming::Beat if is_old => ping,
            Incoming::Beat => pong,
            Incoming::Close => Packet::Close("".into()),
            Incoming::Message(length) => Packet::Message("x".repeat(length).into()),
            Incoming::Noop => Packet::Noop("".into()),
            Incoming::Open => Packet::Open("".into()),
            Incoming::Probe => Packet::Ping("probe".into()),
            Incoming::Upgrade => Packet::Upgrade("".into()),
            Incoming::WrongBeat if is_old => pong,
            Incoming::WrongBeat => ping,
        })
    }

    /// Ends the session, takes what there is, and looks at the whole.
    pub(super) fn finish(mut self) {
        self.step(&Operation::Close(Close::Discard));
        self.compare();
        self.take_payload();
        while self.session.has_events() {
            self.take_event();
        }
        self.transmitted(usize::MAX);
        while !self.reading.is_empty() {
            self.step(&Operation::EndPoll(Delivery::Done));
        }
        self.compare();
        assert!(self.end.is_some() && self.end == self.session.close_reason());
        assert_eq!(self.session.buffered(), 0, "every charge comes back");

        let is_rising = |numbers: &[usize]| numbers.is_sorted_by(|a, b| a < b);
        assert!(is_rising(&self.delivered), "in order, and none twice");
        let mut done: Vec<_> = self.delivered.iter().chain(&self.discarded).collect();
        done.sort_unstable();
        done.dedup();
        let accepted: Vec<_> = self.accepted.iter().collect();
        assert_eq!(done, accepted, "nothing is lost, or comes from nowhere");
    }
}

/// The number that a part holds; the initial message has none.
fn number(packet: &Packet) -> Option<usize> {
    let Packet::Message(message) = packet else {
        return None;
    };
    let text = match message {
        Message::Binary(data) => std::str::from_utf8(data).ok()?,
        Message::Text(text) => text.as_str(),
    };
    text.parse().ok()
}
