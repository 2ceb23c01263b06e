//! Requests that come back to their sender.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Sample, Target};
use crate::client::{Connection, Kind, Request, payload};

const CONNECTIONS: usize = 64;

/// Not measured, before what is.
const WARM_UP: u32 = 4;

pub(super) async fn run(
    target: &Target<'_>,
    kind: Kind,
    in_flight: u32,
    length: usize,
) -> Result<Sample, String> {
    let mut senders = Vec::new();
    for id in 0..target.scaled(CONNECTIONS) {
        senders.push(Sender {
            id: id as u32,
            connection: Connection::open(target.address(), target.dialect).await?,
            sent: 0,
            received: 0,
        });
    }
    let load = Load {
        kind,
        in_flight,
        length,
    };
    let (senders, _) = drive(senders, load, target.effort.time / WARM_UP).await?;
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let (_, mut latencies) = drive(senders, load, target.effort.time).await?;
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    latencies.sort_unstable();
    Ok(Sample {
        count: latencies.len() as u64,
        time,
        cpu,
        latencies,
        memory: None,
    })
}

#[derive(Clone, Copy)]
struct Load {
    kind: Kind,
    in_flight: u32,
    length: usize,
}

/// Lets all senders run for that time.
async fn drive(
    senders: Vec<Sender>,
    load: Load,
    time: Duration,
) -> Result<(Vec<Sender>, Vec<u32>), String> {
    let mut tasks = JoinSet::new();
    let end = Instant::now() + time;
    for sender in senders {
        tasks.spawn(sender.run(load, end));
    }
    let (mut senders, mut latencies) = (Vec::new(), Vec::new());
    for ended in tasks.join_all().await {
        let (sender, own) = ended?;
        senders.push(sender);
        latencies.extend(own);
    }
    Ok((senders, latencies))
}

struct Sender {
    id: u32,
    connection: Connection,
    sent: u32,
    received: u32,
}

impl Sender {
    /// Keeps its requests in flight until `end`, then waits for the last.
    async fn run(mut self, load: Load, end: Instant) -> Result<(Self, Vec<u32>), String> {
        let payload = payload(load.length);
        let mut latencies = Vec::new();
        let mut sent_at = vec![Instant::now(); load.in_flight as usize];
        loop {
            let now = Instant::now();
            while now < end && self.sent - self.received < load.in_flight {
                self.connection.push(&Request {
                    kind: load.kind,
                    sender: self.id,
                    number: self.sent,
                    room: 0,
                    payload: &payload,
                });
                sent_at[(self.sent % load.in_flight) as usize] = now;
                self.sent += 1;
            }
            if self.sent == self.received {
                return Ok((self, latencies));
            }
            self.connection.fill().await?;
            while let Some(reply) = self.connection.ready()? {
                if (reply.sender, reply.number) != (self.id, self.received) {
                    return Err(format!(
                        "sender {} expected its request {}, got {} of {}",
                        self.id, self.received, reply.number, reply.sender
                    ));
                }
                let at = sent_at[(reply.number % load.in_flight) as usize];
                latencies.push(at.elapsed().as_micros().min(u32::MAX.into()) as u32);
                self.received += 1;
            }
        }
    }
}
