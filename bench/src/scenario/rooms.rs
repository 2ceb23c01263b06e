//! Many connections in rooms of ten, of which any sends to its own.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::fan_out::open;
use super::sequence::Sequence;
use super::{Sample, Target, micros};
use crate::client::{Connection, Kind, Request, payload};

/// Messages on their way at a time.
const IN_FLIGHT: usize = 64;
const MEMBERS: usize = 10;
const LENGTH: usize = 64;

pub(super) async fn run(target: &Target<'_>, connections: usize) -> Result<Sample, String> {
    let count = target.scaled(connections).next_multiple_of(MEMBERS);
    let permits = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut members = JoinSet::new();
    let mut senders = Vec::new();
    for (id, connection) in open(target, count).await?.into_iter().enumerate() {
        let (requests, queue) = mpsc::unbounded_channel();
        let mut member = Member {
            id: id as u32,
            room: (id % (count / MEMBERS)) as u32,
            connection,
            in_order: target.in_order,
            permits: permits.clone(),
            sent: 0,
            sent_at: VecDeque::new(),
            received: HashMap::new(),
            latencies: Vec::new(),
        };
        member.join().await?;
        senders.push(requests);
        members.spawn(member.run(queue));
    }
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut sent = vec![0; count];
    let (start, cpu) = (Instant::now(), target.cpu()?);
    while start.elapsed() < target.effort.time {
        tokio::select! {
            permit = permits.acquire() => permit.map_err(|error| error.to_string())?.forget(),
            // None ends before it is told to, except with an error.
            Some(ended) = members.join_next() => return Err(error_of(ended)),
        }
        let sender = random.below(count);
        sent[sender] += 1;
        senders[sender].send(()).map_err(|_| "a member ended")?;
    }
    // A member goes on reading until it has got all, which it is told now.
    let sent = Arc::new(sent);
    let all = permits.acquire_many(IN_FLIGHT as u32).await;
    all.map_err(|error| error.to_string())?.forget();
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    drop(senders);
    let (mut latencies, mut late) = (Vec::new(), 0);
    for ended in members.join_all().await {
        let mut member = ended?;
        member.end(&sent).await?;
        late += member.received.values().map(Sequence::late).sum::<u64>();
        latencies.append(&mut member.latencies);
    }
    Ok(Sample {
        count: (sent.iter().sum::<u32>() as usize * MEMBERS) as u64,
        late,
        ..Sample::of_messages(time, cpu, latencies)
    })
}

fn error_of(ended: Result<Result<Member, String>, tokio::task::JoinError>) -> String {
    match ended {
        Ok(Ok(_)) => "a member ended".into(),
        Ok(Err(error)) => error,
        Err(error) => error.to_string(),
    }
}

/// One who sends to its room, and gets what its room is sent.
struct Member {
    id: u32,
    room: u32,
    connection: Connection,
    in_order: bool,
    permits: Arc<Semaphore>,
    sent: u32,
    sent_at: VecDeque<(u32, Instant)>,
    received: HashMap<u32, Sequence>,
    latencies: Vec<u32>,
}

impl Member {
    async fn join(&mut self) -> Result<(), String> {
        let join = self.request(Kind::Join, b"");
        self.connection.send(&join).await?;
        self.connection.next().await?;
        Ok(())
    }

    /// Sends when it is asked to, until nobody can ask any more.
    async fn run(mut self, mut queue: mpsc::UnboundedReceiver<()>) -> Result<Self, String> {
        let payload = payload(LENGTH);
        loop {
            tokio::select! {
                asked = queue.recv() => {
                    if asked.is_none() {
                        return Ok(self);
                    }
                    let message = self.request(Kind::Room, &payload);
                    self.sent_at.push_back((self.sent, Instant::now()));
                    self.sent += 1;
                    self.connection.send(&message).await?;
                }
                filled = self.connection.fill() => {
                    filled?;
                    self.take()?;
                }
            }
        }
    }

    /// Reads until it has got all of its room.
    async fn end(&mut self, sent: &[u32]) -> Result<(), String> {
        let rooms = sent.len() / MEMBERS;
        let mates = (0..MEMBERS).map(|place| self.room as usize + place * rooms);
        let expected: Vec<_> = mates.map(|mate| (mate as u32, sent[mate])).collect();
        loop {
            let mut expected = expected.iter();
            let has_all = expected.all(|(mate, sent)| match self.received.get(mate) {
                Some(received) => received.end(*sent).is_ok(),
                None => *sent == 0,
            });
            if has_all {
                return Ok(());
            }
            self.connection.fill().await?;
            self.take()?;
        }
    }

    fn take(&mut self) -> Result<(), String> {
        while let Some(reply) = self.connection.ready()? {
            let received = self.received.entry(reply.sender).or_default();
            received.take(reply.number, self.in_order)?;
            if reply.sender == self.id {
                self.permits.add_permits(1);
                let mut sent_at = self.sent_at.iter();
                let at = sent_at.position(|(number, _)| *number == reply.number);
                let sent = at.and_then(|at| self.sent_at.remove(at));
                self.latencies.push(micros(sent.ok_or("never sent")?.1));
            }
        }
        Ok(())
    }

    fn request<'a>(&self, kind: Kind, payload: &'a [u8]) -> Request<'a> {
        Request {
            kind,
            typed: false,
            sender: self.id,
            number: self.sent,
            room: self.room,
            payload,
        }
    }
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
