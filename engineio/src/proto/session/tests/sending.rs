//! What may be dropped, and what must not.

use super::*;

#[test]
fn a_volatile_message_leaves_at_once_or_never() {
    let send = |test: &mut Test| {
        test.session
            .send(&["v".into(), "w".into()], Class::Volatile)
    };

    let mut test = Test::polling();
    assert_eq!(send(&mut test), Err(SendError::Dropped), "no poll waits");
    test.poll();
    assert_eq!(send(&mut test), Ok(()));
    assert_eq!(send(&mut test), Err(SendError::Dropped), "one is queued");
    assert_eq!(test.payload(), "4v\u{1e}4w");

    let mut test = Test::websocket();
    assert_eq!(send(&mut test), Ok(()));
    let mut packets = Vec::new();
    test.session.poll_transmit(&mut packets);
    assert_eq!(send(&mut test), Err(SendError::Dropped), "being written");
}

#[test]
fn a_client_that_does_not_read_is_closed_at_its_budget() {
    let limits = crate::Limits::default().high_water(500).budget(1000);
    let mut test = Test::open(Config::default().limits(limits), Transport::Websocket);
    test.transmit();
    test.send(&"x".repeat(5000)).unwrap();
    assert!(!test.session.is_ready());
    assert_eq!(test.transmit().len(), 1, "an empty outbox takes anything");
    assert!(test.session.is_ready());
    test.send(&"x".repeat(900)).unwrap();
    assert_eq!(test.send("one more"), Err(SendError::SlowConsumer));
    test.assert_closed(CloseReason::SlowConsumer);
}

#[test]
fn a_volatile_message_yields_to_what_is_still_being_read() {
    let limits = crate::Limits::default().high_water(500).budget(1000);
    for (in_flight, volatile, fits) in [
        (400, 100, true),
        (500, 100, false),
        (400, 601, false),
        (400, 600, true),
    ] {
        let mut test = Test::open(Config::default().limits(limits.clone()), Transport::Polling);
        test.poll();
        test.payload();
        test.poll();
        test.send(&"x".repeat(in_flight - 64)).unwrap();
        let _being_read = test.session.poll_payload().unwrap();
        test.poll();
        let sent = test
            .session
            .send(&["v".repeat(volatile - 64).into()], Class::Volatile);
        assert_eq!(sent.is_ok(), fits, "{volatile} behind {in_flight}");
        assert!(
            test.session.is_open(),
            "it may be dropped, so it harms nobody"
        );
    }
}

#[test]
fn sending_nothing_changes_nothing() {
    let limits = crate::Limits::default().high_water(500).budget(1000);
    let mut test = Test::open(Config::default().limits(limits), Transport::Websocket);
    test.transmit();
    test.send(&"x".repeat(5000)).unwrap();
    assert_eq!(test.session.send(&[], Class::Reliable), Ok(()));
    assert!(test.session.is_open());
}
