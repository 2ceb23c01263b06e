//! What a process costs, as the operating system counts it.

use std::fs;
use std::io;
use std::time::Duration;

/// The CPU time that all threads of a process have used.
pub(crate) fn cpu_time(pid: u32) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may have ended since it was listed; what it used is lost, so
        // the servers keep theirs.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else {
            continue;
        };
        let used = text.split(' ').next().and_then(|used| used.parse().ok());
        nanoseconds += used.unwrap_or(0_u64);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The bytes of a process that are in memory and its own.
pub(crate) fn resident(pid: u32) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line
        .and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok())
        .ok_or_else(|| io::Error::other("no RssAnon in the status of the process"))?;
    Ok(kilobytes * 1024)
}
