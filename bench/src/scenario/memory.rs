//! What connections take that do nothing, or do not read.

use std::time::{Duration, Instant};

use super::fan_out::{check, open};
use super::{Sample, Target};
use crate::client::{Kind, Request, payload};

const IDLE: usize = 10_000;
/// What is broadcast to those who do not read: more than any server keeps.
const LARGE: usize = 64 << 10;
const BROADCASTS: usize = 150;
/// How long a server may take to give back what it does not need.
const SETTLE: Duration = Duration::from_secs(1);

pub(super) async fn idle(target: &Target<'_>) -> Result<Sample, String> {
    // What the first one takes is not for each.
    let first = open(target, 1).await?;
    let before = target.resident()?;
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let count = target.scaled(IDLE);
    let connections = open(target, count).await?;
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    let taken = target.resident()?.saturating_sub(before);
    drop((first, connections));
    Ok(Sample {
        count: count as u64,
        time,
        cpu,
        latencies: Vec::new(),
        memory: Some(taken / count as u64),
    })
}

/// Broadcasts to connections of which some never read. Those who read get all
/// of it, in order.
pub(super) async fn stalled(
    target: &Target<'_>,
    connections: usize,
    stalled: usize,
) -> Result<Sample, String> {
    let mut sleeping = open(target, target.scaled(stalled.max(1))).await?;
    sleeping.truncate(stalled);
    let mut reading = open(target, target.scaled(connections - stalled)).await?;
    let before = target.resident()?;
    let payload = payload(LARGE);
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let mut most = before;
    for number in 0..BROADCASTS {
        let request = Request {
            kind: Kind::Broadcast,
            sender: 0,
            number: number as u32,
            room: 0,
            payload: &payload,
        };
        reading[0].send(&request).await?;
        for connection in &mut reading {
            check(connection.next().await?, 0, number)?;
        }
        most = most.max(target.resident()?);
    }
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    let count = reading.len() * BROADCASTS;
    drop((sleeping, reading));
    tokio::time::sleep(SETTLE).await;
    let after = target.resident()?;
    eprintln!(
        "  idle {} KiB, at most {} KiB more, {} KiB when all had gone",
        before >> 10,
        (most - before) >> 10,
        after >> 10,
    );
    Ok(Sample {
        count: count as u64,
        time,
        cpu,
        latencies: Vec::new(),
        memory: Some(most - before),
    })
}
