mod closing;
mod keyed;
mod revision_3;
mod sending;
mod upgrade;

use std::time::Duration;

use super::*;
use crate::Refused;

/// A session with a clock of its own, in milliseconds.
struct Test {
    session: Session,
    start: Instant,
    now: u64,
}

impl Test {
    fn polling() -> Self {
        let mut test = Self::open(Config::default(), Transport::Polling);
        test.poll();
        assert!(test.payload().starts_with("0{"));
        test
    }

    fn websocket() -> Self {
        let mut test = Self::open(Config::default(), Transport::Websocket);
        assert_eq!(test.transmit().len(), 1);
        test
    }

    fn open(config: Config, hello: impl Into<Hello>) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "an arbitrary origin for a fake clock"
        )]
        let start = Instant::now();
        let config = Config {
            ping_interval: Duration::from_millis(300),
            ping_timeout: Duration::from_millis(200),
            ..config
        };
        Self {
            session: Session::new(config.into(), Sid::from_bytes([0; 15]), hello, start),
            start,
            now: 0,
        }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.now)
    }

    /// Moves the clock, as a driver would: from deadline to deadline.
    fn wait_until(&mut self, ms: u64) {
        let end = self.start + Duration::from_millis(ms);
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= end) {
            self.session.handle_timeout(due);
        }
        self.now = ms;
        self.session.handle_timeout(end);
    }

    fn poll(&mut self) {
        self.session.begin_poll(self.now()).unwrap();
    }

    /// The body that the waiting GET gets, delivered; empty if it goes on waiting.
    fn payload(&mut self) -> String {
        let now = self.now();
        self.session
            .poll_payload()
            .map_or(String::new(), |payload| {
                self.session.end_poll(payload.charge, Delivery::Done, now);
                str::from_utf8(payload.body.as_bytes()).unwrap().into()
            })
    }

    /// A whole POST.
    fn post(&mut self, packets: &[Packet]) -> Result<(), Refused> {
        let now = self.now();
        self.session.begin_push(now)?;
        for packet in packets {
            // What a bad packet does is asserted on the session.
            let _ = self
                .session
                .handle_packet(Transport::Polling, packet.clone(), now);
        }
        self.session.end_push(Delivery::Done, now);
        Ok(())
    }

    /// What the websocket takes, all the way to the kernel.
    fn transmit(&mut self) -> Vec<Packet> {
        let mut packets = Vec::new();
        self.session.poll_transmit(&mut packets);
        let charge = packets.iter().map(Packet::charge).sum();
        self.session.transmitted(charge);
        packets
    }

    fn receive(&mut self, packet: Packet) -> Result<(), Fault> {
        let now = self.now();
        self.session
            .handle_packet(Transport::Websocket, packet, now)
    }

    fn send(&mut self, text: &str) -> Result<(), SendError> {
        self.session.send(&[text.into()], Class::Reliable)
    }

    fn probe(&mut self, id: ProbeId, packet: &Packet) -> Result<ProbeStep, Fault> {
        let now = self.now();
        self.session.handle_probe(id, packet, now)
    }

    fn close(&mut self, how: Close) {
        let now = self.now();
        self.session.close(how, now);
    }

    fn events(&mut self) -> Vec<Event> {
        let now = self.now();
        std::iter::from_fn(|| self.session.poll_event(now)).collect()
    }

    #[track_caller]
    fn assert_closed(&mut self, reason: CloseReason) {
        assert_eq!(self.session.close_reason(), Some(reason));
        assert_eq!(self.session.poll_timeout(), None);
        assert_eq!(self.events().last(), Some(&Event::Closed(reason)));
        self.close(Close::Discard);
        assert_eq!(self.events(), [], "it closes once");
    }
}

fn text(text: &str) -> Packet {
    Packet::Message(text.into())
}

fn pong() -> Packet {
    Packet::Pong("".into())
}

fn probe_ping() -> Packet {
    Packet::Ping("probe".into())
}

fn upgrade() -> Packet {
    Packet::Upgrade("".into())
}

fn message(text: &str) -> Event {
    Event::Message(text.into())
}

#[test]
fn the_open_packet_has_the_five_keys_of_the_reference_in_order() {
    let mut polling = Test::open(Config::default(), Transport::Polling);
    polling.poll();
    assert_eq!(
        polling.payload(),
        concat!(
            r#"0{"sid":"AAAAAAAAAAAAAAAAAAAA","upgrades":["websocket"],"#,
            r#""pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#
        )
    );
    let mut websocket = Test::open(Config::default(), Transport::Websocket);
    let Packet::Open(open) = &websocket.transmit()[0] else {
        panic!("expected the open packet first");
    };
    assert!(open.contains(r#""upgrades":[],"#), "{open}");
}

#[test]
fn upgrades_are_offered_only_where_they_are_allowed() {
    for config in [
        Config::default().allow_upgrades(false),
        Config::default().transports([Transport::Polling]),
    ] {
        let mut test = Test::open(config, Transport::Polling);
        test.poll();
        assert!(test.payload().contains(r#""upgrades":[],"#));
    }
}

#[test]
fn a_poll_waits_until_something_is_queued() {
    let mut test = Test::polling();
    test.poll();
    assert_eq!(test.payload(), "");
    test.send("a").unwrap();
    test.send("b").unwrap();
    assert_eq!(test.payload(), "4a\u{1e}4b");
    assert_eq!(test.session.buffered(), 0);
}

#[test]
fn messages_are_events_in_order() {
    let mut test = Test::polling();
    test.post(&[text("a"), Packet::NOOP, text("b")]).unwrap();
    assert_eq!(test.events(), [message("a"), message("b")]);
}

#[test]
fn an_unanswered_ping_closes_one_interval_and_one_timeout_after_the_start() {
    for mut test in [Test::polling(), Test::websocket()] {
        test.wait_until(499);
        assert_eq!(test.session.close_reason(), None);
        test.wait_until(500);
        test.assert_closed(CloseReason::PingTimeout);
    }
}

#[test]
fn an_expired_session_is_refused_even_if_its_timer_is_late() {
    let mut test = Test::polling();
    test.now = 500;
    let now = test.now();
    assert_eq!(test.session.begin_poll(now), Err(Refused::UnknownSid));
}

#[test]
fn a_pong_keeps_the_session_open() {
    let mut test = Test::websocket();
    for round in 1..=3 {
        test.wait_until(round * 400 - 100);
        assert_eq!(test.transmit(), [Packet::PING]);
        test.wait_until(round * 400);
        test.receive(pong()).unwrap();
    }
    assert_eq!(test.session.close_reason(), None);
}

#[test]
fn a_flood_of_pongs_does_not_put_off_the_ping() {
    let mut test = Test::websocket();
    for ms in (0..300).step_by(50) {
        test.wait_until(ms);
        test.receive(pong()).unwrap();
    }
    test.wait_until(300);
    assert_eq!(test.transmit(), [Packet::PING]);
}

#[test]
fn a_ping_from_the_client_closes() {
    let mut test = Test::websocket();
    assert_eq!(test.receive(Packet::PING), Err(Fault::HeartbeatDirection));
    test.assert_closed(CloseReason::TransportError);
}

fn with_inbox(bytes: usize) -> Test {
    let limits = crate::Limits::default()
        .inbox(bytes)
        .max_pause(Duration::from_secs(2));
    Test::open(Config::default().limits(limits), Transport::Websocket)
}

#[test]
fn a_client_whose_connection_is_not_read_is_excused_for_its_pong() {
    let mut test = with_inbox(10);
    test.wait_until(310);
    test.receive(text("this fills the inbox")).unwrap();
    test.wait_until(1000);
    assert_eq!(test.session.close_reason(), None);
    assert_eq!(test.events(), [message("this fills the inbox")]);
    test.wait_until(1199);
    assert_eq!(
        test.session.close_reason(),
        None,
        "a whole timeout from then on"
    );
    test.wait_until(1200);
    test.assert_closed(CloseReason::PingTimeout);
}

#[test]
fn an_application_that_takes_nothing_is_given_up() {
    let mut test = with_inbox(10);
    test.wait_until(100);
    test.receive(text("this fills the inbox")).unwrap();
    test.wait_until(2099);
    assert_eq!(test.session.close_reason(), None);
    test.wait_until(2100);
    test.assert_closed(CloseReason::Stalled);
}

#[test]
fn every_message_takes_room_in_the_inbox() {
    let mut test = with_inbox(640);
    for _ in 0..9 {
        test.receive(text("")).unwrap();
    }
    assert!(!test.session.is_inbox_full());
    test.receive(text("")).unwrap();
    assert!(test.session.is_inbox_full());
}

#[test]
fn what_waits_in_the_inbox_is_copied_out_of_a_larger_buffer() {
    let mut test = Test::websocket();
    let buffer = bytes::Bytes::from(vec![7; 1000]);
    for length in [100, 600] {
        let part = Packet::from_binary(buffer.slice(..length), Revision::V4).unwrap();
        test.receive(part).unwrap();
    }
    test.session.detach_events(500);
    for (event, is_shared) in test.events().into_iter().zip([false, true]) {
        let Event::Message(Message::Binary(data)) = event else {
            panic!("expected binary data, got {event:?}");
        };
        assert_eq!(data.as_ptr() == buffer.as_ptr(), is_shared);
    }
}

#[test]
fn a_second_poll_closes_and_the_first_is_told() {
    let mut test = Test::polling();
    test.poll();
    let now = test.now();
    assert_eq!(test.session.begin_poll(now), Err(Refused::Overlap));
    assert_eq!(test.payload(), "1");
    test.assert_closed(CloseReason::TransportError);
    assert_eq!(test.session.begin_poll(now), Err(Refused::UnknownSid));
}

#[test]
fn a_second_push_closes() {
    let mut test = Test::polling();
    let now = test.now();
    test.session.begin_push(now).unwrap();
    assert_eq!(test.session.begin_push(now), Err(Refused::Overlap));
    test.assert_closed(CloseReason::TransportError);
}

#[test]
fn an_aborted_exchange_closes() {
    let mut test = Test::polling();
    test.poll();
    let now = test.now();
    test.session.cancel_poll(now);
    test.assert_closed(CloseReason::TransportError);

    let mut test = Test::polling();
    test.session.begin_push(now).unwrap();
    test.session.end_push(Delivery::Aborted, now);
    test.assert_closed(CloseReason::TransportError);

    let mut test = Test::polling();
    test.poll();
    test.send("lost on the way").unwrap();
    let payload = test.session.poll_payload().unwrap();
    test.session
        .end_poll(payload.charge, Delivery::Aborted, now);
    test.assert_closed(CloseReason::TransportError);
}

#[test]
fn a_close_packet_releases_the_poll_and_ends_the_payload() {
    let mut test = Test::polling();
    test.poll();
    test.post(&[text("a"), Packet::CLOSE, text("b")]).unwrap();
    assert_eq!(test.payload(), "6");
    assert_eq!(
        test.events(),
        [message("a"), Event::Closed(CloseReason::TransportClose)]
    );
}

#[test]
fn a_close_packet_on_a_websocket_closes_at_once() {
    let mut test = Test::websocket();
    test.receive(Packet::CLOSE).unwrap();
    test.assert_closed(CloseReason::TransportClose);
}

#[test]
fn an_interval_beyond_the_clock_is_never() {
    let config = Config::default().limits(crate::Limits::default().close_timeout(Duration::MAX));
    let mut test = Test::open(config.upgrade_timeout(Duration::MAX), Transport::Polling);
    test.session.begin_probe(test.now()).unwrap();
    test.close(Close::Flush);
    assert_eq!(test.session.close_reason(), None);
}
