//! Replays the fuzzers' corpus on a stable compiler, and random input beside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use fuzz::{Conversation, Scenario};
use proptest::prelude::*;

#[test]
fn the_corpus_of_engineio_connection_passes() {
    replay("engineio_connection", fuzz::engineio_connection);
}

#[test]
fn the_corpus_of_engineio_jsonp_passes() {
    replay("engineio_jsonp", fuzz::engineio_jsonp);
}

#[test]
fn the_corpus_of_engineio_payload_passes() {
    replay("engineio_payload", fuzz::engineio_payload);
}

#[test]
fn the_corpus_of_engineio_payload_binary_passes() {
    replay("engineio_payload_binary", fuzz::engineio_payload_binary);
}

#[test]
fn the_corpus_of_engineio_payload_counted_passes() {
    replay("engineio_payload_counted", fuzz::engineio_payload_counted);
}

#[test]
fn the_corpus_of_engineio_request_passes() {
    replay("engineio_request", fuzz::engineio_request);
}

#[test]
fn the_corpus_of_engineio_session_passes() {
    replay("engineio_session", fuzz::engineio_session);
}

#[test]
fn the_corpus_of_engineio_websocket_passes() {
    replay("engineio_websocket", fuzz::engineio_websocket);
}

#[test]
fn the_corpus_of_socketio_args_passes() {
    replay("socketio_args", fuzz::socketio_args);
}

#[test]
fn the_corpus_of_socketio_binary_passes() {
    replay("socketio_binary", fuzz::socketio_binary);
}

#[test]
fn the_corpus_of_socketio_connection_passes() {
    replay("socketio_connection", fuzz::socketio_connection);
}

#[test]
fn the_corpus_of_socketio_connection_4_passes() {
    replay("socketio_connection_4", fuzz::socketio_connection_4);
}

#[test]
fn the_corpus_of_socketio_msgpack_passes() {
    replay("socketio_msgpack", fuzz::socketio_msgpack);
}

#[test]
fn the_corpus_of_socketio_nodes_passes() {
    replay("socketio_nodes", fuzz::socketio_nodes);
}

#[test]
fn the_corpus_of_socketio_packet_passes() {
    replay("socketio_packet", fuzz::socketio_packet);
}

#[test]
fn the_corpus_of_socketio_rooms_passes() {
    replay("socketio_rooms", fuzz::socketio_rooms);
}

#[test]
fn the_corpus_of_socketio_rules_passes() {
    replay("socketio_rules", fuzz::socketio_rules);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn random_operations_on_a_session_do_what_the_model_does(scenario in scenario()) {
        fuzz::run_scenario(&scenario);
    }

    #[test]
    fn the_machine_does_what_the_table_of_rules_says(conversation in conversation()) {
        fuzz::run_conversation(&conversation);
    }

    #[test]
    fn any_values_are_the_same_wherever_they_are_read(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        fuzz::socketio_binary(&bytes);
    }
}

fn conversation() -> impl Strategy<Value = Conversation> {
    prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| Conversation::decode(&bytes))
}

/// Shrunk by its bytes, shown as operations.
fn scenario() -> impl Strategy<Value = Scenario> {
    prop::collection::vec(any::<u8>(), 0..400).prop_map(|bytes| Scenario::decode(&bytes))
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
