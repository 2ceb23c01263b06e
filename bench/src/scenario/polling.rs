//! What goes over HTTP: polling, the upgrade, and connections that come and go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Memory, Sample, Target, micros};
use crate::client::{Connection, Http, Kind, Reply, Request, payload};

const CLIENTS: usize = 64;
/// Clients that come and go at a time.
const COMING: usize = 8;
const CHURN: usize = 50_000;
const LENGTH: usize = 64;

type Latencies = Result<Vec<u32>, String>;

/// Clients on polling that send an event and fetch its echo.
pub(super) async fn echo(target: &Target<'_>) -> Result<Sample, String> {
    let mut sessions = Vec::new();
    for _ in 0..target.scaled(CLIENTS) {
        let mut http = Http::open(target.address()).await?;
        let sid = http.handshake().await?;
        http.post(&sid, "40").await?;
        http.next(&sid).await?;
        sessions.push((http, sid));
    }
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let mut tasks = JoinSet::new();
    for (http, sid) in sessions {
        tasks.spawn(echo_until(http, sid, start + target.effort.time));
    }
    finish(target, tasks, start, cpu).await
}

async fn echo_until(mut http: Http, sid: String, end: Instant) -> Latencies {
    let text = "x".repeat(LENGTH);
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let sent_at = Instant::now();
        let event = format!("42[\"echo\",0,{},\"{text}\"]", latencies.len());
        http.post(&sid, &event).await?;
        let echoed = http.next(&sid).await?;
        if echoed != event {
            return Err(format!("expected {event}, got {echoed:?}"));
        }
        latencies.push(micros(sent_at));
    }
    Ok(latencies)
}

/// Clients that open a session over polling, upgrade it, get one echo, and go.
pub(super) async fn upgrade(target: &Target<'_>) -> Result<Sample, String> {
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let mut tasks = JoinSet::new();
    for _ in 0..COMING {
        let (address, end) = (target.address(), start + target.effort.time);
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < end {
                let started = Instant::now();
                upgrade_once(address).await?;
                latencies.push(micros(started));
            }
            Ok(latencies)
        });
    }
    finish(target, tasks, start, cpu).await
}

async fn upgrade_once(address: SocketAddr) -> Result<(), String> {
    let mut http = Http::open(address).await?;
    let sid = http.handshake().await?;
    let mut connection = Connection::take_over(address, &sid).await?;
    connection.connect().await?;
    echo_once(&mut connection).await
}

/// Clients that connect over websocket, and go.
pub(super) async fn connect(target: &Target<'_>) -> Result<Sample, String> {
    come_and_go(target, target.scaled(CHURN) / 5, false).await
}

/// Clients that connect over websocket, join a room, get one echo, and go, so
/// many in all.
pub(super) async fn churn(target: &Target<'_>) -> Result<Sample, String> {
    let count = target.scaled(CHURN);
    // What the first ones take is not a growth.
    come_and_go(target, count / 10, true).await?;
    let before = target.resident()?;
    let mut sample = come_and_go(target, count, true).await?;
    let after = target.resident()?;
    sample.memory = Some(Memory {
        before,
        most: after.max(before),
        after,
        each_of: None,
    });
    Ok(sample)
}

async fn come_and_go(target: &Target<'_>, count: usize, join: bool) -> Result<Sample, String> {
    let left = Arc::new(AtomicUsize::new(count));
    let (start, cpu) = (Instant::now(), target.cpu()?);
    let mut tasks = JoinSet::new();
    for _ in 0..COMING {
        let (address, dialect, left) = (target.address(), target.dialect, left.clone());
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            let take = |left| usize::checked_sub(left, 1);
            while left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                .is_ok()
            {
                let started = Instant::now();
                let mut connection = Connection::open(address, dialect).await?;
                if join {
                    join_once(&mut connection).await?;
                    echo_once(&mut connection).await?;
                }
                latencies.push(micros(started));
            }
            Ok(latencies)
        });
    }
    finish(target, tasks, start, cpu).await
}

async fn join_once(connection: &mut Connection) -> Result<(), String> {
    let join = Request {
        kind: Kind::Join,
        typed: false,
        sender: 0,
        number: 0,
        room: 7,
        payload: b"",
    };
    connection.send(&join).await?;
    connection.next().await?;
    Ok(())
}

async fn echo_once(connection: &mut Connection) -> Result<(), String> {
    let payload = payload(LENGTH);
    let request = Request {
        kind: Kind::Echo,
        typed: false,
        sender: 1,
        number: 2,
        room: 0,
        payload: &payload,
    };
    connection.send(&request).await?;
    match connection.next().await? {
        Reply {
            sender: 1,
            number: 2,
        } => Ok(()),
        other => Err(format!("unexpected echo: {other:?}")),
    }
}

async fn finish(
    target: &Target<'_>,
    tasks: JoinSet<Latencies>,
    start: Instant,
    cpu: Duration,
) -> Result<Sample, String> {
    let mut latencies = Vec::new();
    for ended in tasks.join_all().await {
        latencies.extend(ended?);
    }
    let (time, cpu) = (start.elapsed(), target.cpu()? - cpu);
    Ok(Sample::of_messages(time, cpu, latencies))
}
