//! Requests that come back to their sender.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::sequence::Sequence;
use super::{Sample, Target, WARM_UP, micros};
use crate::client::{Connection, Kind, Reply, Request, payload};

const CONNECTIONS: usize = 64;

/// What each connection sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) kind: Kind,
    pub(super) typed: bool,
    /// How many requests wait for their replies.
    pub(super) in_flight: usize,
    pub(super) payload: usize,
}

pub(super) async fn run(target: &Target<'_>, flow: Flow) -> Result<Sample, String> {
    let mut senders = Vec::new();
    for id in 0..target.scaled(CONNECTIONS) {
        senders.push(Sender {
            id: id as u32,
            connection: Connection::open(target.address(), target.dialect).await?,
            in_order: target.in_order,
            sent: 0,
            received: Sequence::default(),
            waiting: VecDeque::new(),
            latencies: Vec::new(),
        });
    }
    let mut senders = drive(senders, flow, target.effort.time / WARM_UP).await?;
    let mut at_first = 0;
    for sender in &mut senders {
        sender.latencies.clear();
        at_first += sender.received.late();
    }
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let mut senders = drive(senders, flow, target.effort.time).await?;
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    let (mut late, mut latencies) = (0, Vec::new());
    for sender in &mut senders {
        sender.end(flow).await?;
        late += sender.received.late();
        latencies.append(&mut sender.latencies);
    }
    Ok(Sample {
        late: late - at_first,
        ..Sample::of_messages(time, cpu, latencies)
    })
}

/// Lets all senders run for that time.
async fn drive(senders: Vec<Sender>, flow: Flow, time: Duration) -> Result<Vec<Sender>, String> {
    let mut tasks = JoinSet::new();
    let end = Instant::now() + time;
    for sender in senders {
        tasks.spawn(sender.run(flow, end));
    }
    tasks.join_all().await.into_iter().collect()
}

struct Sender {
    id: u32,
    connection: Connection,
    in_order: bool,
    sent: u32,
    received: Sequence,
    /// Which requests have no reply yet, and when they were sent.
    waiting: VecDeque<(u32, Instant)>,
    latencies: Vec<u32>,
}

impl Sender {
    /// Keeps its requests in flight until `end`, then waits for the last.
    async fn run(mut self, flow: Flow, end: Instant) -> Result<Self, String> {
        let payload = payload(flow.payload);
        loop {
            let now = Instant::now();
            while now < end && self.waiting.len() < flow.in_flight {
                self.push(flow, &payload, now);
            }
            if self.waiting.is_empty() {
                return Ok(self);
            }
            self.connection.fill().await?;
            while let Some(reply) = self.connection.ready()? {
                self.take(reply)?;
            }
        }
    }

    /// Sends one more, so that a reply that came twice shows itself.
    async fn end(&mut self, flow: Flow) -> Result<(), String> {
        let measured = self.latencies.len();
        self.push(flow, &payload(flow.payload), Instant::now());
        self.connection.flush().await?;
        let reply = self.connection.next().await?;
        self.take(reply)?;
        self.latencies.truncate(measured);
        self.received.end(self.sent)
    }

    fn push(&mut self, flow: Flow, payload: &[u8], now: Instant) {
        self.connection.push(&Request {
            kind: flow.kind,
            typed: flow.typed,
            sender: self.id,
            number: self.sent,
            room: 0,
            payload,
        });
        self.waiting.push_back((self.sent, now));
        self.sent += 1;
    }

    fn take(&mut self, reply: Reply) -> Result<(), String> {
        if reply.sender != self.id {
            return Err(format!("{} got a reply to {}", self.id, reply.sender));
        }
        self.received.take(reply.number, self.in_order)?;
        let mut waiting = self.waiting.iter();
        let at = waiting.position(|(number, _)| *number == reply.number);
        let sent = at.and_then(|at| self.waiting.remove(at));
        let (_, sent) = sent.ok_or_else(|| format!("{} was not sent", reply.number))?;
        self.latencies.push(micros(sent));
        Ok(())
    }
}
