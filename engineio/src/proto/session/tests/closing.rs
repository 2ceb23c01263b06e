//! How a server closes a session.

use super::*;

#[test]
fn closing_answers_a_waiting_poll() {
    let mut test = Test::polling();
    test.poll();
    test.close(Close::Flush);
    assert_eq!(test.payload(), "1");
    test.assert_closed(CloseReason::ForcedClose);
}

#[test]
fn closing_without_a_poll_waits_for_one() {
    let mut test = Test::polling();
    test.close(Close::Flush);
    assert_eq!(test.session.close_reason(), None);
    assert_eq!(test.post(&[text("ignored")]), Ok(()));
    assert_eq!(test.send("late"), Err(SendError::Closed));
    test.poll();
    assert_eq!(test.payload(), "6\u{1e}1");
    assert_eq!(test.events(), [Event::Closed(CloseReason::ForcedClose)]);
}

#[test]
fn closing_sends_what_is_queued_first() {
    let mut test = Test::polling();
    test.send("last words").unwrap();
    test.close(Close::Flush);
    test.poll();
    assert_eq!(test.payload(), "4last words");
    test.poll();
    assert_eq!(test.payload(), "6\u{1e}1");
    test.assert_closed(CloseReason::ForcedClose);

    let mut test = Test::websocket();
    test.send("last words").unwrap();
    test.close(Close::Flush);
    assert_eq!(test.session.close_reason(), None);
    assert_eq!(test.transmit(), [text("last words")]);
    test.assert_closed(CloseReason::ForcedClose);
}

#[test]
fn closing_does_not_wait_for_ever() {
    let limits = crate::Limits::default().close_timeout(Duration::from_millis(100));
    let mut test = Test::open(Config::default().limits(limits), Transport::Websocket);
    test.close(Close::Flush);
    test.wait_until(100);
    test.assert_closed(CloseReason::ForcedClose);
}

#[test]
fn the_heartbeat_goes_on_while_closing() {
    let mut test = Test::polling();
    test.close(Close::Flush);
    test.wait_until(300);
    test.poll();
    assert_eq!(test.payload(), "6\u{1e}1", "no ping comes in its place");

    let mut test = Test::polling();
    test.close(Close::Flush);
    test.wait_until(500);
    test.assert_closed(CloseReason::PingTimeout);
}

#[test]
fn a_slow_reader_that_answers_its_ping_gets_the_last_messages() {
    let mut test = Test::websocket();
    test.wait_until(300);
    test.send("last words").unwrap();
    test.close(Close::Flush);
    test.wait_until(400);
    test.receive(pong()).unwrap();
    test.wait_until(600);
    assert_eq!(test.transmit(), [Packet::PING, text("last words")]);
    test.assert_closed(CloseReason::ForcedClose);
}

#[test]
fn a_poll_that_is_delivered_after_the_upgrade_ends_a_flush() {
    let mut test = Test::polling();
    test.poll();
    test.send("in flight").unwrap();
    let payload = test.session.poll_payload().unwrap();
    let id = test.session.begin_probe(test.now()).unwrap();
    test.probe(id, &upgrade()).unwrap();
    test.close(Close::Flush);
    assert_eq!(test.session.close_reason(), None);
    let now = test.now();
    test.session.end_poll(payload.charge, Delivery::Done, now);
    test.assert_closed(CloseReason::ForcedClose);
}

#[test]
fn discarding_drops_what_is_queued() {
    let mut test = Test::polling();
    test.send("dropped").unwrap();
    test.close(Close::Discard);
    assert_eq!(test.session.buffered(), 0);
    test.assert_closed(CloseReason::ForcedClose);
}
