//! Messages that a newer one of their key replaces.

use super::*;

/// A websocket session with room for 500 bytes until it is not ready, and for
/// 1000 in all.
fn small() -> Test {
    let limits = crate::Limits::default().high_water(500).budget(1000);
    let mut test = Test::open(Config::default().limits(limits), Transport::Websocket);
    test.transmit();
    test
}

/// A message that is charged this much, without its key.
fn charged(name: char, charge: usize) -> Message {
    name.to_string().repeat(charge - 64).into()
}

fn send(test: &mut Test, key: &str, parts: &[Message]) -> Result<(), SendError> {
    test.session.send(parts, Class::Keyed(key))
}

#[test]
fn a_newer_keyed_message_takes_the_place_of_the_older_at_the_end() {
    let mut test = small();
    test.send("a").unwrap();
    send(&mut test, "x", &["x1".into(), "x1+".into()]).unwrap();
    test.send("b").unwrap();
    send(&mut test, "y", &["y1".into()]).unwrap();
    send(&mut test, "x", &["x2".into()]).unwrap();
    test.send("c").unwrap();
    assert_eq!(test.session.buffered(), 5 * 64 + 7 + 2, "with the keys");
    assert_eq!(
        test.session.take_discarded(),
        [text("x1"), text("x1+")],
        "whole, and to be dropped outside of the lock"
    );
    assert_eq!(test.transmit(), ["a", "b", "y1", "x2", "c"].map(text));
    assert_eq!(test.session.buffered(), 0);
}

#[test]
fn what_a_transport_has_taken_is_not_replaced() {
    let mut test = small();
    send(&mut test, "x", &["x1".into()]).unwrap();
    assert_eq!(test.transmit(), [text("x1")]);
    send(&mut test, "x", &["x2".into()]).unwrap();
    assert_eq!(test.session.take_discarded(), []);
    assert_eq!(test.transmit(), [text("x2")]);
}

#[test]
fn a_new_key_is_dropped_at_the_high_water_mark_and_a_known_one_at_the_budget() {
    let mut test = small();
    test.session
        .send(&[charged('a', 400)], Class::Reliable)
        .unwrap();
    send(&mut test, "x", &[charged('x', 99)]).unwrap();
    assert_eq!(test.session.buffered(), 500, "at the mark");
    let dropped = Err(SendError::Dropped);
    assert_eq!(send(&mut test, "y", &[charged('y', 64)]), dropped);
    assert_eq!(send(&mut test, "x", &[charged('x', 600)]), dropped);
    assert_eq!(test.session.buffered(), 500, "nothing was touched");
    assert_eq!(send(&mut test, "x", &[charged('z', 599)]), Ok(()));
    assert_eq!(test.session.buffered(), 1000);
    assert!(test.session.is_open());
    assert_eq!(test.transmit().len(), 2);
}

#[test]
fn an_outbox_with_nothing_else_takes_any_keyed_message() {
    let mut test = small();
    for _ in 0..2 {
        send(&mut test, "x", &[charged('x', 5000)]).unwrap();
    }
    assert_eq!(test.transmit().len(), 1);
}

#[test]
fn keyed_messages_go_first_when_a_reliable_one_would_exceed_the_budget() {
    let mut test = small();
    for (key, charge) in [("x", 99), ("y", 149), ("z", 199)] {
        let part = charged(key.chars().next().unwrap(), charge);
        send(&mut test, key, &[part]).unwrap();
    }
    let reliable = charged('r', 600);
    test.session
        .send(std::slice::from_ref(&reliable), Class::Reliable)
        .unwrap();
    assert_eq!(
        test.session.take_discarded(),
        [Packet::Message(charged('x', 99))],
        "the oldest, and no more than it takes"
    );
    assert_eq!(test.session.buffered(), 950);
    test.session
        .send(&[charged('r', 64)], Class::Reliable)
        .unwrap();
    assert_eq!(test.session.buffered(), 864);
    assert_eq!(
        test.session.send(&[reliable], Class::Reliable),
        Err(SendError::SlowConsumer)
    );
    test.assert_closed(CloseReason::SlowConsumer);
    assert_eq!(test.session.buffered(), 0);
}

#[test]
fn a_reliable_message_of_any_length_takes_the_place_of_all_keyed_ones() {
    let mut test = small();
    send(&mut test, "x", &["x".into()]).unwrap();
    test.session
        .send(&[charged('r', 5000)], Class::Reliable)
        .unwrap();
    assert_eq!(test.transmit().len(), 1);
}

#[test]
fn no_parts_take_back_what_waits() {
    let mut test = Test::polling();
    test.poll();
    send(&mut test, "x", &["x".into()]).unwrap();
    assert!(test.session.has_payload());
    test.session.take_discarded();
    send(&mut test, "x", &[]).unwrap();
    assert!(!test.session.has_payload());
    assert_eq!(test.session.buffered(), 0);
    assert_eq!(test.session.take_discarded(), [text("x")]);
    assert_eq!(test.payload(), "");
}

#[test]
fn what_waits_can_be_taken_back_beyond_the_budget() {
    let mut test = small();
    send(&mut test, "x", &["x".into()]).unwrap();
    test.session
        .send(&[charged('r', 934)], Class::Reliable)
        .unwrap();
    test.wait_until(300);
    test.receive(pong()).unwrap();
    test.wait_until(600);
    assert_eq!(test.session.buffered(), 1000 + 2 * 65, "with two pings");
    assert_eq!(send(&mut test, "x", &[]), Ok(()));
    assert_eq!(test.session.buffered(), 934 + 2 * 65);
}

#[test]
fn what_was_replaced_leaves_nothing_behind() {
    let mut test = small();
    test.send("first").unwrap();
    for round in 0..10_000 {
        let key = (round % 3).to_string();
        send(&mut test, &key, &[round.to_string().as_str().into()]).unwrap();
        assert!(test.session.take_discarded().len() <= 1);
    }
    let last = ["first", "9997", "9998", "9999"].map(text);
    assert_eq!(test.transmit(), last);
}
