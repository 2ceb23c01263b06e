use super::*;
use crate::{Limits, PayloadBody};

fn hello(transport: Transport) -> Hello {
    Hello {
        revision: Revision::V3,
        ..transport.into()
    }
}

fn polling() -> Test {
    let mut test = Test::open(Config::default(), hello(Transport::Polling));
    test.poll();
    assert!(test.payload().contains(":0{\"sid\""));
    test
}

fn websocket() -> Test {
    let mut test = Test::open(Config::default(), hello(Transport::Websocket));
    assert_eq!(test.transmit().len(), 1);
    test
}

#[test]
fn a_ping_is_answered_without_its_data_on_either_transport() {
    let mut test = polling();
    for ping in ["", "probe"] {
        test.post(&[Packet::Ping(ping.into())]).unwrap();
        test.poll();
        assert_eq!(test.payload(), "1:3");
    }
    let mut test = websocket();
    test.receive(Packet::Ping("probe".into())).unwrap();
    assert_eq!(test.transmit(), [Packet::PONG]);
}

#[test]
fn a_client_that_pings_stays_and_the_server_never_pings() {
    let mut test = websocket();
    for time in (0..5000).step_by(450) {
        test.wait_until(time);
        test.receive(Packet::PING).unwrap();
        assert_eq!(test.transmit(), [Packet::PONG]);
    }
}

#[test]
fn a_client_that_does_not_ping_is_closed_whatever_else_it_sends() {
    let mut test = websocket();
    test.wait_until(400);
    test.receive(Packet::Message("hello".into())).unwrap();
    test.receive(Packet::NOOP).unwrap();
    test.wait_until(499);
    assert!(test.session.is_open());
    test.wait_until(500);
    assert_eq!(test.session.close_reason(), Some(CloseReason::PingTimeout));
}

#[test]
fn a_pong_of_the_client_closes_the_session() {
    let mut test = websocket();
    assert_eq!(test.receive(Packet::PONG), Err(Fault::HeartbeatDirection));
    assert_eq!(
        test.session.close_reason(),
        Some(CloseReason::TransportError)
    );
}

#[test]
fn the_deadline_is_kept_across_the_upgrade() {
    let mut test = polling();
    test.wait_until(200);
    let id = test.session.begin_probe(test.now()).unwrap();
    test.probe(id, &Packet::Ping("probe".into())).unwrap();
    test.probe(id, &Packet::Upgrade("".into())).unwrap();
    test.wait_until(400);
    test.receive(Packet::PING).unwrap();
    test.wait_until(899);
    assert!(test.session.is_open());
    test.wait_until(900);
    assert_eq!(test.session.close_reason(), Some(CloseReason::PingTimeout));
}

#[test]
fn the_control_packets_of_polling_are_counted() {
    let mut test = polling();
    test.poll();
    test.post(&[Packet::CLOSE]).unwrap();
    assert_eq!(test.payload(), "1:6");

    let mut test = polling();
    test.poll();
    test.session.close(Close::Flush, test.now());
    assert_eq!(test.payload(), "1:1");
}

#[test]
fn binary_data_makes_a_payload_binary_unless_the_client_asks_for_base64() {
    let send = |hello| {
        let mut test = Test::open(Config::default(), hello);
        test.poll();
        test.payload();
        let binary = Message::from(vec![1, 2]);
        test.session
            .send(&["a".into(), binary], Class::Reliable)
            .unwrap();
        test.poll();
        test.session.poll_payload().unwrap().body
    };
    let hello = hello(Transport::Polling);
    assert_eq!(
        send(hello).as_bytes(),
        b"\x00\x02\xff4a\x01\x03\xff\x04\x01\x02"
    );
    let text = PayloadBody::from("2:4a6:b4AQI=");
    assert_eq!(
        send(Hello {
            base64: true,
            ..hello
        }),
        text
    );
    let jsonp = Some(0);
    assert_eq!(send(Hello { jsonp, ..hello }), text);
}

#[test]
fn a_client_that_pings_and_never_reads_comes_to_the_end_of_its_budget() {
    let limits = Limits::default().budget(1000);
    let config = Config::default().limits(limits);
    let mut test = Test::open(config, hello(Transport::Polling));
    let pings = vec![Packet::PING; 20];
    test.post(&pings).unwrap();
    assert_eq!(test.session.close_reason(), Some(CloseReason::SlowConsumer));
}

#[test]
fn a_ping_does_not_end_a_session_that_sends_a_large_message() {
    let limits = Limits::default().budget(1000);
    let mut test = Test::open(
        Config::default().limits(limits),
        hello(Transport::Websocket),
    );
    test.transmit();
    test.send(&"x".repeat(5000)).unwrap();
    let mut large = Vec::new();
    test.session.poll_transmit(&mut large);
    test.receive(Packet::PING).unwrap();
    assert!(test.session.is_open());
    assert_eq!(test.session.close_reason(), None);
}

#[test]
fn keyed_messages_go_before_a_pong_ends_a_session() {
    let limits = Limits::default().budget(500);
    let config = Config::default().limits(limits);
    let mut test = Test::open(config, hello(Transport::Websocket));
    test.transmit();
    let state = Message::from("x".repeat(400));
    test.session.send(&[state], Class::Keyed("x")).unwrap();
    test.receive(Packet::PING).unwrap();
    assert_eq!(test.transmit(), [Packet::PONG]);
}
