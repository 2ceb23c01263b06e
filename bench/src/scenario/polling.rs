//! What goes over HTTP: polling, the upgrade, and connections that come and go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::fan_out::check;
use super::{Sample, Target};
use crate::client::{Connection, Dialect, Http, Kind, Request, payload};

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
        http.get(&sid).await?;
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
        let echoed = http.get(&sid).await?;
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

/// Clients that connect over websocket, join a room, get one echo, and go, so
/// many in all. The memory is what the server has grown by.
pub(super) async fn churn(target: &Target<'_>) -> Result<Sample, String> {
    let count = target.scaled(CHURN);
    // What the first ones take is not a growth.
    come_and_go(target, count / 10).await?;
    let before = target.resident()?;
    let mut sample = come_and_go(target, count).await?;
    sample.memory = Some(target.resident()?.saturating_sub(before));
    Ok(sample)
}

async fn come_and_go(target: &Target<'_>, count: usize) -> Result<Sample, String> {
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
                come_once(address, dialect).await?;
                latencies.push(micros(started));
            }
            Ok(latencies)
        });
    }
    finish(target, tasks, start, cpu).await
}

async fn come_once(address: SocketAddr, dialect: Dialect) -> Result<(), String> {
    let mut connection = Connection::open(address, dialect).await?;
    connection
        .send(&Request {
            kind: Kind::Join,
            sender: 0,
            number: 0,
            room: 7,
            payload: b"",
        })
        .await?;
    connection.next().await?;
    echo_once(&mut connection).await
}

async fn echo_once(connection: &mut Connection) -> Result<(), String> {
    let payload = payload(LENGTH);
    connection
        .send(&Request {
            kind: Kind::Echo,
            sender: 1,
            number: 2,
            room: 0,
            payload: &payload,
        })
        .await?;
    check(connection.next().await?, 1, 2)
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
    latencies.sort_unstable();
    Ok(Sample {
        count: latencies.len() as u64,
        time,
        cpu,
        latencies,
        memory: None,
    })
}

fn micros(since: Instant) -> u32 {
    since.elapsed().as_micros().min(u32::MAX.into()) as u32
}
