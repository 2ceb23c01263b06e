//! One message to many: each gets all, once, and in the order of its sender.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::{Sample, Target};
use crate::client::{Connection, Kind, Reply, Request, payload};

/// Broadcasts on their way at a time.
const IN_FLIGHT: usize = 4;
/// Messages to rooms on their way at a time.
const ROOMS_IN_FLIGHT: usize = 64;
const MEMBERS: usize = 10;

/// Opens connections one after the other.
pub(super) async fn open(target: &Target<'_>, count: usize) -> Result<Vec<Connection>, String> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(Connection::open(target.address(), target.dialect).await?);
    }
    Ok(connections)
}

pub(super) async fn broadcast(
    target: &Target<'_>,
    connections: usize,
    length: usize,
) -> Result<Sample, String> {
    let count = target.scaled(connections);
    let mut connections = open(target, count).await?;
    let mut sender = connections.pop().ok_or("nobody to send to")?;
    let (progress, mut arrived) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for connection in connections {
        tasks.spawn(receive(connection, progress.clone()));
    }
    drop(progress);
    let payload = payload(length);
    let mut latencies = Vec::new();
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let mut sent_at = Vec::new();
    let mut received = 0_usize;
    loop {
        while start.elapsed() < target.effort.time && sent_at.len() - received < IN_FLIGHT {
            sender.push(&request(Kind::Broadcast, 0, sent_at.len(), 0, &payload));
            sent_at.push(Instant::now());
        }
        if received == sent_at.len() {
            break;
        }
        sender.fill().await?;
        while let Some(reply) = sender.ready()? {
            check(reply, 0, received)?;
            latencies.push(sent_at[received].elapsed().as_micros() as u32);
            received += 1;
        }
    }
    // The others have to get as many, in their order, which each checks.
    let mut deliveries = received;
    let all = received * count;
    while deliveries < all {
        match arrived.recv().await {
            Some(more) => deliveries += more?,
            None => return Err("the receivers ended".into()),
        }
    }
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    latencies.sort_unstable();
    Ok(Sample {
        count: all as u64,
        time,
        cpu,
        latencies,
        memory: Some(target.resident()?),
    })
}

type Progress = mpsc::UnboundedSender<Result<usize, String>>;

/// Receives broadcasts, and tells how many came.
async fn receive(mut connection: Connection, progress: Progress) {
    let mut expected = 0;
    loop {
        let before = expected;
        let outcome = async {
            connection.fill().await?;
            while let Some(reply) = connection.ready()? {
                check(reply, 0, expected)?;
                expected += 1;
            }
            Ok(expected - before)
        };
        let outcome: Result<usize, String> = outcome.await;
        let is_over = outcome.is_err();
        if progress.send(outcome).is_err() || is_over {
            return;
        }
    }
}

pub(super) async fn rooms(target: &Target<'_>, connections: usize) -> Result<Sample, String> {
    let count = target.scaled(connections).next_multiple_of(MEMBERS);
    let rooms = count / MEMBERS;
    let mut connections = open(target, count).await?;
    for (id, connection) in connections.iter_mut().enumerate() {
        let join = request(Kind::Join, 0, id, (id % rooms) as u32, b"");
        connection.send(&join).await?;
        connection.next().await?;
    }
    let (progress, mut arrived) = mpsc::unbounded_channel();
    let permits = Arc::new(Semaphore::new(ROOMS_IN_FLIGHT));
    let mut tasks = JoinSet::new();
    let mut senders = Vec::new();
    for (id, connection) in connections.into_iter().enumerate() {
        let (requests, queue) = mpsc::unbounded_channel();
        senders.push(requests);
        let member = Member {
            id,
            room: (id % rooms) as u32,
            connection,
            permits: permits.clone(),
        };
        tasks.spawn(member.run(queue, progress.clone()));
    }
    drop(progress);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut sent = 0_usize;
    let mut deliveries = 0;
    let (start, cpu) = (Instant::now(), target.cpu()?);
    while start.elapsed() < target.effort.time {
        let permit = permits.acquire().await.map_err(|error| error.to_string())?;
        // Its own copy brings it back.
        permit.forget();
        senders[random.below(count)]
            .send(())
            .map_err(|_| "a member ended")?;
        sent += 1;
        while let Ok(more) = arrived.try_recv() {
            let more: Result<usize, String> = more;
            deliveries += more?;
        }
    }
    while deliveries < sent * MEMBERS {
        deliveries += arrived.recv().await.ok_or("the members ended")??;
    }
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    Ok(Sample {
        count: deliveries as u64,
        time,
        cpu,
        latencies: Vec::new(),
        memory: None,
    })
}

/// One who sends to its room, and gets what its room is sent.
struct Member {
    id: usize,
    room: u32,
    connection: Connection,
    permits: Arc<Semaphore>,
}

impl Member {
    async fn run(mut self, mut queue: mpsc::UnboundedReceiver<()>, progress: Progress) {
        let payload = payload(64);
        let mut sent = 0;
        let mut expected = HashMap::new();
        loop {
            let outcome = async {
                tokio::select! {
                    asked = queue.recv() => {
                        asked.ok_or("over")?;
                        let room = request(Kind::Room, self.id, sent, self.room, &payload);
                        sent += 1;
                        self.connection.send(&room).await?;
                        Ok(0)
                    }
                    filled = self.connection.fill() => {
                        filled?;
                        self.take(&mut expected)
                    }
                }
            };
            let outcome: Result<usize, String> = outcome.await;
            let is_over = outcome.is_err();
            if progress.send(outcome).is_err() || is_over {
                return;
            }
        }
    }

    fn take(&mut self, expected: &mut HashMap<u32, usize>) -> Result<usize, String> {
        let mut count = 0;
        while let Some(reply) = self.connection.ready()? {
            let next = expected.entry(reply.sender).or_default();
            check(reply, reply.sender, *next)?;
            *next += 1;
            count += 1;
            if reply.sender as usize == self.id {
                self.permits.add_permits(1);
            }
        }
        Ok(count)
    }
}

fn request(kind: Kind, sender: usize, number: usize, room: u32, payload: &[u8]) -> Request<'_> {
    Request {
        kind,
        sender: sender as u32,
        number: number as u32,
        room,
        payload,
    }
}

pub(super) fn check(reply: Reply, sender: u32, number: usize) -> Result<(), String> {
    if (reply.sender, reply.number as usize) == (sender, number) {
        return Ok(());
    }
    Err(format!(
        "expected message {number} of {sender}, got {} of {}",
        reply.number, reply.sender
    ))
}

/// The same choice in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
