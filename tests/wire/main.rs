//! What is on the wire, byte for byte, and when.
//!
//! Scripted clients talk to the whole stack over in-memory pipes, on a clock
//! that stands still until everybody waits: no port, no sleep, no race.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod engine;
mod socket;
mod support;
mod vectors;
