//! What slow and hostile clients cost, in resident memory.
//!
//! Resident memory belongs to the process, so each scenario has one of its own:
//! the only test of this binary starts it again and again, with an allocator that
//! gives back what it can.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod fragments;
mod hostile;
#[path = "../wire/support/http.rs"]
#[expect(dead_code, reason = "it has more than these tests need")]
mod http;
mod measure;
mod pins;
mod readers;

use std::process::Command;

const SCENARIOS: [(&str, fn()); 15] = [
    (
        "stopped readers",
        readers::stopped_readers_share_what_they_are_sent,
    ),
    ("unread answers", readers::unread_answers_cost_the_budget),
    ("names", hostile::names_leave_nothing_behind),
    (
        "attachments",
        hostile::attachments_without_end_cost_those_of_one_packet,
    ),
    ("claimed lengths", hostile::a_claimed_length_costs_nothing),
    (
        "one-byte fragments",
        fragments::fragments_of_a_byte_cost_a_byte,
    ),
    ("empty fragments", fragments::empty_fragments_cost_nothing),
    (
        "unfinished handshakes",
        hostile::what_is_never_finished_is_cleared_away,
    ),
    (
        "waiting handlers",
        pins::handlers_that_wait_keep_their_events_alone,
    ),
    (
        "waiting handlers of requests",
        pins::handlers_that_wait_do_not_keep_the_bodies_of_their_requests,
    ),
    (
        "long messages that say little",
        pins::what_a_message_says_is_kept_without_the_rest,
    ),
    (
        "long messages of MessagePack",
        pins::a_binary_message_is_not_kept_for_an_attachment,
    ),
    (
        "handlers that took little",
        pins::a_handler_that_waits_keeps_what_it_took,
    ),
    (
        "waiting events",
        pins::events_that_wait_keep_what_they_are_counted_with,
    ),
    (
        "long messages of the past",
        pins::a_long_message_leaves_nothing_with_its_connection,
    ),
];

/// Tells the process which scenario to run.
const SCENARIO: &str = "MEMORY_SCENARIO";

#[test]
fn slow_and_hostile_clients_cost_no_more_memory_than_they_are_allowed() {
    if let Ok(name) = std::env::var(SCENARIO) {
        let (_, run) = SCENARIOS.iter().find(|(known, _)| *known == name).unwrap();
        return run();
    }
    for (name, _) in SCENARIOS {
        println!("{name}");
        let output = Command::new(std::env::current_exe().unwrap())
            .arg("--nocapture")
            .env(SCENARIO, name)
            .env("MALLOC_ARENA_MAX", "1")
            .env("MALLOC_MMAP_THRESHOLD_", "65536")
            .env("MALLOC_TRIM_THRESHOLD_", "65536")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let failed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}{failed}");
        said.lines()
            .filter(|line| line.starts_with("  "))
            .for_each(|line| println!("{line}"));
    }
}
