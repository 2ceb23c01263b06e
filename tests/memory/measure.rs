//! Memory and processor time, as the kernel counts them.

use std::fs;

use engineio::{Close, Config};

use crate::client::{client, handshake, silent};
use crate::fragments::endless_message;

pub(crate) const KIB: usize = 1 << 10;

pub(crate) const MIB: usize = 1 << 20;

/// How often a scenario is run at most until it leaves nothing more.
const RUNS: usize = 14;

/// What is nothing: pages that are taken and given back anyhow.
const NOTHING: usize = 256 * KIB;

/// Runs a scenario, whose peak is at most `allowed` bytes above the beginning;
/// then again, until a run leaves nothing behind. What the first ones leave are
/// pages with something else on them; what leaks does so in each.
#[track_caller]
pub(crate) fn measure(allowed: usize, scenario: impl AsyncFn()) {
    // The program's own pages are loaded when they are needed.
    run(&async || {
        endless_message(1, b"x", 1000).await;
        let engine = silent(Config::default());
        handshake(&mut client(&engine.service())).await;
        engine.close(Close::Discard).await;
    });
    let before = status("VmRSS");
    // Makes the peak the present.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    run(&scenario);
    let peak = status("VmHWM").saturating_sub(before);
    let first = status("VmRSS").saturating_sub(before);
    let mut left = usize::MAX;
    let mut runs = 1;
    while left > NOTHING && runs < RUNS {
        let held = status("VmRSS");
        run(&scenario);
        left = status("VmRSS").saturating_sub(held);
        runs += 1;
    }
    println!(
        "  KiB: {} at the peak of {} allowed; left by the first run: {}, by run {runs}: {}",
        peak / KIB,
        allowed / KIB,
        first / KIB,
        left / KIB
    );
    assert!(peak <= allowed, "{peak} bytes, {allowed} are allowed");
    assert!(left <= NOTHING, "each run leaves {left} bytes");
}

/// Runs on a clock that stands still until everybody waits.
pub(crate) fn run(scenario: &impl AsyncFn()) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(scenario());
}

/// What this thread has used, in nanoseconds.
pub(crate) fn processor_time() -> u64 {
    let usage = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    usage.split(' ').next().unwrap().parse().unwrap()
}

/// A line of the process's status, in bytes.
fn status(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * KIB
}
