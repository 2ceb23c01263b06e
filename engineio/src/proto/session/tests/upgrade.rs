//! The way from polling to a websocket.

use super::*;

#[test]
fn an_upgrade_keeps_every_message_in_order() {
    let mut test = Test::polling();
    let id = test.session.begin_probe(test.now()).unwrap();
    test.poll();
    assert_eq!(test.probe(id, &probe_ping()), Ok(ProbeStep::Pong));
    assert_eq!(test.payload(), "6", "the waiting poll is released");
    for text in ["a", "b", "c"] {
        test.send(text).unwrap();
    }
    test.post(&[text("x")]).unwrap();
    assert!(!test.session.has_transmit());
    assert_eq!(test.probe(id, &upgrade()), Ok(ProbeStep::Upgraded));
    test.receive(text("y")).unwrap();
    assert_eq!(test.transmit(), [text("a"), text("b"), text("c")]);
    assert_eq!(test.events(), [message("x"), Event::Upgraded, message("y")]);
    let now = test.now();
    assert_eq!(
        test.session.begin_poll(now),
        Err(Refused::TransportMismatch)
    );
    assert_eq!(
        test.session.begin_probe(now),
        Err(Refused::TransportMismatch)
    );
}

#[test]
fn a_poll_during_an_upgrade_is_released_after_a_while() {
    let mut test = Test::polling();
    let id = test.session.begin_probe(test.now()).unwrap();
    test.probe(id, &probe_ping()).unwrap();
    test.poll();
    test.wait_until(99);
    assert_eq!(test.payload(), "");
    test.wait_until(100);
    assert_eq!(test.payload(), "6");
}

#[test]
fn a_poll_that_waits_at_the_upgrade_gets_a_noop() {
    let mut test = Test::polling();
    let id = test.session.begin_probe(test.now()).unwrap();
    test.probe(id, &probe_ping()).unwrap();
    test.poll();
    test.probe(id, &upgrade()).unwrap();
    assert_eq!(test.payload(), "6");
    assert_eq!(test.session.close_reason(), None);
}

#[test]
fn messages_flow_over_polling_while_an_upgrade_is_tried() {
    let mut test = Test::polling();
    let id = test.session.begin_probe(test.now()).unwrap();
    test.poll();
    test.send("now").unwrap();
    assert_eq!(test.payload(), "4now");
    test.probe(id, &probe_ping()).unwrap();
    assert_eq!(test.probe(id, &probe_ping()), Ok(ProbeStep::Pong), "again");
}

#[test]
fn an_abandoned_probe_leaves_the_session_on_polling() {
    let config = Config::default().upgrade_timeout(Duration::from_millis(250));
    let mut test = Test::open(config, Transport::Polling);
    test.poll();
    test.payload();
    let id = test.session.begin_probe(test.now()).unwrap();
    test.probe(id, &probe_ping()).unwrap();
    test.wait_until(250);
    assert!(!test.session.is_probing(id));
    assert_eq!(test.probe(id, &upgrade()), Err(Fault::StaleProbe));
    test.send("still here").unwrap();
    test.poll();
    assert_eq!(test.payload(), "4still here");
    let next = test.session.begin_probe(test.now()).unwrap();
    test.session.cancel_probe(id);
    assert!(test.session.is_probing(next), "the stale one harms nothing");
}

#[test]
fn a_wrong_packet_ends_the_candidate_and_not_the_session() {
    for packet in [Packet::PING, text("hello"), Packet::CLOSE, pong()] {
        let mut test = Test::polling();
        let id = test.session.begin_probe(test.now()).unwrap();
        assert_eq!(test.probe(id, &packet), Err(Fault::NoProbe));
        assert_eq!(test.session.transport(), Transport::Polling);
        assert!(test.session.is_open());
        assert_eq!(test.events(), []);
    }
}

#[test]
fn one_candidate_at_a_time() {
    let mut test = Test::polling();
    let now = test.now();
    let id = test.session.begin_probe(now).unwrap();
    assert_eq!(
        test.session.begin_probe(now),
        Err(Refused::TransportMismatch)
    );
    assert!(test.session.is_probing(id));
}

#[test]
fn closing_ends_a_candidate_when_the_close_is_delivered() {
    let mut test = Test::polling();
    let id = test.session.begin_probe(test.now()).unwrap();
    test.poll();
    test.close(Close::Flush);
    assert_eq!(test.payload(), "1");
    assert!(!test.session.is_probing(id));
    assert_eq!(test.probe(id, &upgrade()), Err(Fault::StaleProbe));
}

#[test]
fn closing_in_mid_upgrade_flushes_over_the_websocket() {
    let mut test = Test::polling();
    let id = test.session.begin_probe(test.now()).unwrap();
    test.probe(id, &probe_ping()).unwrap();
    test.send("last words").unwrap();
    test.close(Close::Flush);
    assert_eq!(test.probe(id, &upgrade()), Ok(ProbeStep::Upgraded));
    assert_eq!(test.transmit(), [text("last words")]);
    test.assert_closed(CloseReason::ForcedClose);
}

#[test]
fn an_outstanding_ping_survives_the_upgrade() {
    let mut test = Test::polling();
    test.poll();
    test.wait_until(300);
    assert_eq!(test.payload(), "2");
    let id = test.session.begin_probe(test.now()).unwrap();
    test.probe(id, &upgrade()).unwrap();
    test.wait_until(400);
    test.receive(pong()).unwrap();
    test.wait_until(700);
    assert_eq!(test.transmit(), [Packet::PING]);
    test.wait_until(900);
    test.assert_closed(CloseReason::PingTimeout);
}

#[test]
fn what_a_left_transport_does_no_longer_matters() {
    let mut test = Test::polling();
    let id = test.session.begin_probe(test.now()).unwrap();
    let now = test.now();
    test.poll();
    test.session.begin_push(now).unwrap();
    test.probe(id, &upgrade()).unwrap();
    test.session.cancel_poll(now);
    test.session.end_push(Delivery::Aborted, now);
    test.session
        .handle_loss(Transport::Polling, CloseReason::TransportError, now);
    assert!(test.session.is_open());
}
