//! What connections take that do nothing, or do not read.

use std::time::Instant;

use super::fan_out::{open, open_narrow};
use super::{Memory, Sample, Target, micros};
use crate::client::{Connection, Kind, Request, payload};

const IDLE: usize = 10_000;
/// What is broadcast to those who do not read, and how often: more than the
/// system buffers for them.
const LARGE: usize = 64 << 10;
const BROADCASTS: usize = 150;
const READING: usize = 200;

pub(super) async fn idle(target: &Target<'_>) -> Result<Sample, String> {
    // What the first one takes is not for each.
    let first = open(target, 1).await?;
    let before = target.resident()?;
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let count = target.scaled(IDLE);
    let connections = open(target, count).await?;
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    let most = target.resident()?;
    drop((first, connections));
    tokio::time::sleep(target.effort.settle).await;
    Ok(Sample {
        count: count as u64,
        memory: Some(Memory {
            before,
            most,
            after: target.resident()?,
            each_of: Some(count as u64),
        }),
        ..Sample::of_messages(time, cpu, Vec::new())
    })
}

/// Broadcasts while some never read. Those who read get all of it, in order.
pub(super) async fn stalled(target: &Target<'_>, stalled: usize) -> Result<Sample, String> {
    let mut readers = Readers {
        connections: open(target, target.scaled(READING)).await?,
        sent: 0,
    };
    // What the server keeps once it has sent the like is idle too.
    readers.broadcast().await?;
    tokio::time::sleep(target.effort.settle).await;
    let before = target.resident()?;
    let sleeping = open_narrow(target, target.scaled(stalled)).await?;
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let (mut most, mut latencies) = (before, Vec::new());
    for _ in 0..BROADCASTS {
        let sent = Instant::now();
        readers.broadcast().await?;
        latencies.push(micros(sent));
        most = most.max(target.resident()?);
    }
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    drop(sleeping);
    tokio::time::sleep(target.effort.settle).await;
    let after = target.resident()?;
    Ok(Sample {
        count: (readers.connections.len() * BROADCASTS) as u64,
        memory: Some(Memory {
            before,
            most,
            after,
            each_of: None,
        }),
        ..Sample::of_messages(time, cpu, latencies)
    })
}

struct Readers {
    connections: Vec<Connection>,
    sent: u32,
}

impl Readers {
    /// Lets the first one broadcast, and waits until each has got it.
    async fn broadcast(&mut self) -> Result<(), String> {
        let request = Request {
            kind: Kind::Broadcast,
            typed: false,
            sender: 0,
            number: self.sent,
            room: 0,
            payload: &payload(LARGE),
        };
        self.connections[0].send(&request).await?;
        for connection in &mut self.connections {
            let number = connection.next().await?.number;
            if number != self.sent {
                return Err(format!("{number} came instead of {}", self.sent));
            }
        }
        self.sent += 1;
        Ok(())
    }
}
