//! Random operations on an Engine.IO session.

use std::time::{Duration, Instant};

use engineio::{
    Class, Close, CloseReason, Config, Delivery, Event, Limits, Message, Packet, PayloadBody,
    ProbeId, Revision, Session, Sid, Transport, decode_payload,
};

use crate::start;

/// Runs operations, a byte each, and checks what must hold after any of them:
/// what is sent arrives once and in order, and the session ends once.
pub fn engineio_session(data: &[u8]) {
    let Some((first, operations)) = data.split_first() else {
        return;
    };
    let transport = match first % 2 {
        0 => Transport::Polling,
        _ => Transport::Websocket,
    };
    let mut run = Run::new(transport);
    for operation in operations {
        run.step(*operation);
        run.check();
    }
    run.finish();
}

struct Run {
    session: Session,
    now: Instant,
    probe: Option<ProbeId>,
    is_pushing: bool,
    /// The charges of payloads whose clients are still reading.
    reading: Vec<usize>,
    /// The charges of packets that a websocket is still writing.
    writing: Vec<usize>,
    sent: u32,
    arrived: u32,
    end: Option<CloseReason>,
}

impl Run {
    fn new(transport: Transport) -> Self {
        let limits = Limits::default().high_water(300).budget(1000).inbox(1000);
        let config = Config::default().limits(limits);
        let now = start();
        let sid = Sid::from_bytes([1; 15]);
        Self {
            session: Session::new(config.into(), sid, transport, now),
            now,
            probe: None,
            is_pushing: false,
            reading: Vec::new(),
            writing: Vec::new(),
            sent: 0,
            arrived: 0,
            end: None,
        }
    }

    fn step(&mut self, operation: u8) {
        let now = self.now;
        let via = match operation & 0x80 {
            0 => Transport::Polling,
            _ => Transport::Websocket,
        };
        match operation & 0x1f {
            0 => self.wait(Duration::from_millis(50)),
            1 => self.wait(Duration::from_secs(10)),
            2 => self.wait(Duration::from_secs(25)),
            3 => self.receive(via, Packet::Message(Message::from("hello"))),
            4 => self.receive(via, Packet::Pong("".into())),
            5 => self.receive(via, Packet::Ping("".into())),
            6 => self.receive(via, Packet::Close("".into())),
            7 => self.receive(via, Packet::Upgrade("".into())),
            8 => self.send(Class::Reliable),
            9 => self.send(Class::Volatile),
            10 => drop(self.session.begin_poll(now)),
            11 => self.session.cancel_poll(now),
            12 => self.read(Delivery::Done),
            13 => self.read(Delivery::Aborted),
            14 => self.is_pushing |= self.session.begin_push(now).is_ok(),
            15 => self.end_push(Delivery::Done),
            16 => self.end_push(Delivery::Aborted),
            17 => self.probe = self.session.begin_probe(now).ok().or(self.probe),
            18 => self.prove(&Packet::Ping("probe".into())),
            19 => self.prove(&Packet::Upgrade("".into())),
            20 => self.prove(&Packet::Message(Message::from("early"))),
            21 => self
                .probe
                .iter()
                .for_each(|id| self.session.cancel_probe(*id)),
            22 => self.transmit(),
            23 => self.wrote(),
            24 => self.session.close(Close::Flush, now),
            25 => self.session.close(Close::Discard, now),
            26 => self
                .session
                .handle_loss(via, CloseReason::TransportError, now),
            27 => self.session.detach_events(100),
            _ => self.take_events(),
        }
    }

    /// What the session has to say is true after every step.
    fn check(&mut self) {
        if let Some(payload) = self.session.poll_payload() {
            self.arrive(payload.body);
            self.reading.push(payload.charge);
        }
        drop(self.session.take_discarded());
        assert_eq!(
            self.session.poll_timeout().is_none(),
            self.session.close_reason().is_some()
        );
        if self.session.close_reason().is_none() {
            let due = self
                .session
                .poll_timeout()
                .expect("an open session has a deadline");
            assert!(due > self.now, "what is due was done");
        }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.session.handle_timeout(self.now);
    }

    fn receive(&mut self, via: Transport, packet: Packet) {
        let _ = self.session.handle_packet(via, packet, self.now);
    }

    fn send(&mut self, class: Class) {
        let number = Message::from(self.sent.to_string());
        if self.session.send(&[number], class).is_ok() {
            self.sent += 1;
        }
    }

    fn read(&mut self, how: Delivery) {
        if let Some(charge) = self.reading.pop() {
            self.session.end_poll(charge, how, self.now);
        }
    }

    fn end_push(&mut self, how: Delivery) {
        if std::mem::take(&mut self.is_pushing) {
            self.session.end_push(how, self.now);
        }
    }

    fn prove(&mut self, packet: &Packet) {
        if let Some(id) = self.probe {
            let _ = self.session.handle_probe(id, packet, self.now);
        }
    }

    fn transmit(&mut self) {
        let mut packets = Vec::new();
        self.session.poll_transmit(&mut packets);
        for packet in packets {
            self.writing.push(packet.charge());
            self.deliver(&packet);
        }
    }

    fn wrote(&mut self) {
        let charge = self.writing.drain(..).sum();
        self.session.transmitted(charge);
    }

    fn arrive(&mut self, body: PayloadBody) {
        let (packets, result) = decode_payload(body, Revision::V4, usize::MAX);
        assert_eq!(result, Ok(()), "what is sent can be read");
        packets.iter().for_each(|packet| self.deliver(packet));
    }

    fn deliver(&mut self, packet: &Packet) {
        if let Packet::Message(Message::Text(text)) = packet {
            assert_eq!(
                text.as_str(),
                self.arrived.to_string(),
                "once, and in order"
            );
            self.arrived += 1;
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.session.poll_event(self.now) {
            assert_eq!(self.end, None, "nothing follows the end");
            if let Event::Closed(reason) = event {
                self.end = Some(reason);
            }
        }
    }

    fn finish(mut self) {
        self.session.close(Close::Discard, self.now);
        self.take_events();
        assert_eq!(self.end, self.session.close_reason());
        assert!(self.end.is_some(), "every session ends");
        self.wrote();
        while !self.reading.is_empty() {
            self.read(Delivery::Done);
        }
        assert_eq!(self.session.buffered(), 0, "every charge comes back");
    }
}
