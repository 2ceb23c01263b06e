//! One message to many: each gets all, once, and in the order of its sender.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::sequence::Sequence;
use super::{Memory, Sample, Target, WARM_UP, micros};
use crate::client::{Connection, Kind, Request, payload};

/// Broadcasts on their way at a time.
const IN_FLIGHT: usize = 4;
/// Large broadcasts until everybody has to have them: nobody is to come near the budget
/// of bytes at which a server takes it for one that does not read.
const AHEAD: usize = 32;
/// A part of all connections that does not read: one of so many.
const STALLED: usize = 100;
/// Memory is looked at after so many broadcasts.
const LOOK: usize = 16;

/// What is broadcast, and to whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broadcast {
    pub(super) connections: usize,
    pub(super) payload: usize,
    pub(super) typed: bool,
    /// Whether there are some more who do not read.
    pub(super) stalled: bool,
}

/// Opens connections one after the other.
pub(super) async fn open(target: &Target<'_>, count: usize) -> Result<Vec<Connection>, String> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(Connection::open(target.address(), target.dialect).await?);
    }
    Ok(connections)
}

/// Opens connections that have no room for what they do not read.
pub(super) async fn open_narrow(
    target: &Target<'_>,
    count: usize,
) -> Result<Vec<Connection>, String> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(Connection::open_narrow(target.address(), target.dialect).await?);
    }
    Ok(connections)
}

pub(super) async fn run(target: &Target<'_>, load: Broadcast) -> Result<Sample, String> {
    let count = target.scaled(load.connections);
    let mut connections = open(target, count).await?;
    let sleeping = match load.stalled {
        true => open_narrow(target, (count / STALLED).max(1)).await?,
        false => Vec::new(),
    };
    let before = target.resident()?;
    let connection = connections.pop().ok_or("nobody to send to")?;
    let (progress, arrived) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for connection in connections {
        tasks.spawn(receive(connection, progress.clone(), target.in_order));
    }
    drop(progress);
    let mut sender = Sender {
        connection,
        request: Request {
            kind: Kind::Broadcast,
            typed: load.typed,
            sender: 0,
            number: 0,
            room: 0,
            payload: &payload(load.payload),
        },
        sent_at: Vec::new(),
        received: Sequence::default(),
        latencies: Vec::new(),
    };
    let mut others = Others {
        arrived,
        count: count - 1,
        deliveries: 0,
    };
    let warm_up = target.effort.time / WARM_UP;
    sender.run(target, warm_up, &mut others).await?;
    others.wait_for(sender.sent_at.len()).await?;
    let (warm_up, at_first) = (sender.sent_at.len(), sender.received.late());
    sender.latencies.clear();
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let most = sender.run(target, target.effort.time, &mut others).await?;
    others.wait_for(sender.sent_at.len()).await?;
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    let all = (sender.sent_at.len() - warm_up) * count;
    // One more, so that a message that came twice shows itself.
    let latencies = std::mem::take(&mut sender.latencies);
    sender.once(target).await?;
    others.wait_for(sender.sent_at.len()).await?;
    sender.received.end(sender.sent_at.len() as u32)?;
    let late = sender.received.late() - at_first;
    drop(sleeping);
    let after = match load.payload > LARGE {
        true => {
            tokio::time::sleep(target.effort.settle).await;
            Some(target.resident()?)
        }
        false => None,
    };
    Ok(Sample {
        count: all as u64,
        late: late * count as u64,
        memory: after.map(|after| Memory {
            before,
            most: most.max(before),
            after,
            each_of: None,
        }),
        ..Sample::of_messages(time, cpu, latencies)
    })
}

/// A payload above this shows in the memory.
const LARGE: usize = 16 << 10;

/// Who broadcasts, and gets its own copy.
struct Sender<'a> {
    connection: Connection,
    request: Request<'a>,
    sent_at: Vec<Instant>,
    received: Sequence,
    latencies: Vec<u32>,
}

impl Sender<'_> {
    /// Broadcasts until its time is over, and returns the most memory that the
    /// server was seen to have.
    async fn run(
        &mut self,
        target: &Target<'_>,
        time: Duration,
        others: &mut Others,
    ) -> Result<u64, String> {
        let (end, mut most, mut sent) = (Instant::now() + time, 0, 0);
        let ahead = match self.request.payload.len() > LARGE {
            true => AHEAD,
            false => usize::MAX,
        };
        let mut known = 0;
        loop {
            if sent - known >= ahead && self.latencies.len() == sent {
                others.wait_for(self.sent_at.len()).await?;
                known = sent;
            }
            while sent - self.latencies.len() < IN_FLIGHT
                && sent - known < ahead
                && Instant::now() < end
            {
                self.push();
                sent += 1;
                if self.sent_at.len().is_multiple_of(LOOK) {
                    most = most.max(target.resident()?);
                }
            }
            if self.latencies.len() == sent {
                return Ok(most);
            }
            self.connection.fill().await?;
            self.take(target)?;
        }
    }

    async fn once(&mut self, target: &Target<'_>) -> Result<(), String> {
        self.push();
        while self.latencies.is_empty() {
            self.connection.fill().await?;
            self.take(target)?;
        }
        Ok(())
    }

    fn push(&mut self) {
        self.request.number = self.sent_at.len() as u32;
        self.connection.push(&self.request);
        self.sent_at.push(Instant::now());
    }

    fn take(&mut self, target: &Target<'_>) -> Result<(), String> {
        while let Some(reply) = self.connection.ready()? {
            self.received.take(reply.number, target.in_order)?;
            let sent = self.sent_at.get(reply.number as usize);
            self.latencies.push(micros(*sent.ok_or("never sent")?));
        }
        Ok(())
    }
}

/// Those who are sent to, each in a task of its own.
struct Others {
    arrived: mpsc::UnboundedReceiver<Result<usize, String>>,
    count: usize,
    deliveries: usize,
}

impl Others {
    /// Waits until each has got so many.
    async fn wait_for(&mut self, broadcasts: usize) -> Result<(), String> {
        while self.deliveries < broadcasts * self.count {
            let more = self.arrived.recv().await;
            self.deliveries += more.ok_or("the receivers ended")??;
        }
        Ok(())
    }
}

/// Receives broadcasts, and tells how many came.
async fn receive(
    mut connection: Connection,
    progress: mpsc::UnboundedSender<Result<usize, String>>,
    in_order: bool,
) {
    let mut received = Sequence::default();
    loop {
        let outcome = async {
            connection.fill().await?;
            let mut count = 0;
            while let Some(reply) = connection.ready()? {
                received.take(reply.number, in_order)?;
                count += 1;
            }
            Ok(count)
        };
        let outcome: Result<usize, String> = outcome.await;
        let is_over = outcome.is_err();
        if progress.send(outcome).is_err() || is_over {
            return;
        }
    }
}
