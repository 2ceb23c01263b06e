//! Replays the fuzzers' corpus on a stable compiler, and random input beside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use proptest::prelude::*;

#[test]
fn the_corpus_of_engineio_payload_passes() {
    replay("engineio_payload", fuzz::engineio_payload);
}

#[test]
fn the_corpus_of_engineio_session_passes() {
    replay("engineio_session", fuzz::engineio_session);
}

#[test]
fn the_corpus_of_socketio_connection_passes() {
    replay("socketio_connection", fuzz::socketio_connection);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_operations_on_a_session_pass(operations in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzz::engineio_session(&operations);
    }
}

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::read(&path).unwrap();
        let result = std::panic::catch_unwind(|| run(&data));
        assert!(result.is_ok(), "{} fails", path.display());
        count += 1;
    }
    assert!(count > 0, "the corpus is empty");
}
