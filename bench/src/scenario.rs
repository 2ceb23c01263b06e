//! What is measured.

mod fan_out;
mod flow;
mod list;
mod memory;
mod polling;
mod rooms;
mod sequence;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::{Dialect, Kind};
use crate::servers::{Running, Server};
use crate::usage;

use fan_out::Broadcast;
use flow::Flow;

/// By what the time of a run is divided for the one before it, which is not
/// measured.
const WARM_UP: u32 = 2;
/// How long a scenario takes at most, if nothing is lost.
const PATIENCE: Duration = Duration::from_secs(300);

/// A scenario, and how large it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    load: Load,
    /// The ratio to the floor that ours may have.
    pub(crate) at_most: Option<f64>,
    /// Whether clients may come back to what they missed.
    pub(crate) recovery: bool,
}

#[derive(Clone, Copy, Debug)]
enum Load {
    /// Connects, and goes.
    Connect,
    /// Comes, does something, goes.
    Churn,
    /// One sends to everyone.
    Broadcast(Broadcast),
    /// Each connection keeps so many requests in flight.
    Flow(Flow),
    Idle,
    PollingEcho,
    PollingUpgrade,
    /// Any connection sends to the ten of its room.
    Rooms(usize),
    /// Everyone is sent large messages, and so many more do not read them.
    Stalled(usize),
}

/// How long and how large a run is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Of a scenario that goes on as long as it is let.
    pub(crate) time: Duration,
    /// How long a server has to give back what it does not need: nothing tells
    /// that it has.
    pub(crate) settle: Duration,
    /// By what the number of connections, and of what is counted, is divided.
    pub(crate) divisor: usize,
}

/// What a scenario needs to know of the server.
pub(crate) struct Target<'a> {
    pub(crate) server: &'a Running,
    pub(crate) dialect: Dialect,
    /// Whether what one client sends is served in order.
    pub(crate) in_order: bool,
    pub(crate) effort: Effort,
}

/// What a scenario cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// Messages that came back, or were delivered, or whatever is counted.
    pub(crate) count: u64,
    /// Those of them that came behind a later one of their sender.
    pub(crate) late: u64,
    pub(crate) time: Duration,
    pub(crate) cpu: Duration,
    /// In microseconds, sorted.
    latencies: Vec<u32>,
    pub(crate) memory: Option<Memory>,
}

/// Resident memory of a server, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) before: u64,
    pub(crate) most: u64,
    pub(crate) after: u64,
    /// Between how many connections the difference is shared.
    pub(crate) each_of: Option<u64>,
}

impl Scenario {
    /// The server that the others are compared with.
    pub(crate) fn floor(&self) -> Server {
        match self.load {
            Load::Churn | Load::Connect | Load::PollingEcho | Load::PollingUpgrade => {
                Server::FloorHyper
            }
            Load::Broadcast(_) | Load::Flow(_) | Load::Idle | Load::Rooms(_) | Load::Stalled(_) => {
                Server::FloorTcp
            }
        }
    }

    /// Whether the server can do it.
    pub(crate) fn is_for(&self, server: Server) -> bool {
        let is_typed = match self.load {
            Load::Broadcast(load) => load.typed,
            Load::Flow(flow) => flow.typed,
            _ => false,
        };
        match server {
            Server::FloorHyper | Server::FloorTcp => server == self.floor(),
            Server::Ours => true,
            // JavaScript has no other types.
            Server::Node => !is_typed,
            Server::Socketioxide => !is_typed && !self.recovery,
        }
    }

    pub(crate) async fn run(&self, target: &Target<'_>) -> Result<Sample, String> {
        let run = async {
            match self.load {
                Load::Broadcast(load) => fan_out::run(target, load).await,
                Load::Churn => polling::churn(target).await,
                Load::Connect => polling::connect(target).await,
                Load::Flow(flow) => flow::run(target, flow).await,
                Load::Idle => memory::idle(target).await,
                Load::PollingEcho => polling::echo(target).await,
                Load::PollingUpgrade => polling::upgrade(target).await,
                Load::Rooms(connections) => rooms::run(target, connections).await,
                Load::Stalled(stalled) => memory::stalled(target, stalled).await,
            }
        };
        match tokio::time::timeout(PATIENCE, run).await {
            Ok(sample) => sample,
            Err(_) => Err("something was lost: it did not come for minutes".into()),
        }
    }
}

impl Target<'_> {
    fn address(&self) -> SocketAddr {
        self.server.address
    }

    fn cpu(&self) -> Result<Duration, String> {
        usage::cpu_time(self.server.pid()).map_err(|error| error.to_string())
    }

    fn resident(&self) -> Result<u64, String> {
        usage::resident(self.server.pid()).map_err(|error| error.to_string())
    }

    /// This many, or fewer where not much effort is wanted.
    fn scaled(&self, count: usize) -> usize {
        (count / self.effort.divisor).max(2)
    }
}

impl Sample {
    fn of_messages(time: Duration, cpu: Duration, mut latencies: Vec<u32>) -> Self {
        latencies.sort_unstable();
        Self {
            count: latencies.len() as u64,
            time,
            cpu,
            latencies,
            ..Self::default()
        }
    }

    /// Microseconds of the server's CPU for one of what is counted.
    pub(crate) fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.count.max(1) as f64
    }

    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.time.as_secs_f64()
    }

    /// The latency that this share of the messages did not exceed.
    pub(crate) fn latency(&self, share: f64) -> Option<u32> {
        let last = self.latencies.len().checked_sub(1)?;
        Some(self.latencies[(last as f64 * share).round() as usize])
    }

    /// Which share came late.
    pub(crate) fn late(&self) -> f64 {
        self.late as f64 / self.count.max(1) as f64
    }
}

impl Memory {
    /// What each connection takes, where that is the question.
    pub(crate) fn each(&self) -> Option<f64> {
        let more = self.most.saturating_sub(self.before) as f64;
        self.each_of.map(|count| more / count as f64)
    }
}

fn micros(since: Instant) -> u32 {
    since.elapsed().as_micros().min(u32::MAX.into()) as u32
}
