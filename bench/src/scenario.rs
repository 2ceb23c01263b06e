//! What is measured.

mod fan_out;
mod flow;
mod memory;
mod polling;

use std::net::SocketAddr;
use std::time::Duration;

use crate::client::{Dialect, Kind};
use crate::servers::{Running, Server};
use crate::usage;

/// A scenario, and how large it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    load: Load,
}

#[derive(Clone, Copy, Debug)]
enum Load {
    /// Each connection keeps so many requests in flight.
    Flow {
        kind: Kind,
        in_flight: u32,
        payload: usize,
    },
    /// One sends to everyone.
    Broadcast {
        connections: usize,
        payload: usize,
    },
    /// Any connection sends to the ten of its room.
    Rooms {
        connections: usize,
    },
    PollingEcho,
    PollingUpgrade,
    Churn,
    Idle,
    /// Everyone is sent large messages, and so many do not read.
    Stalled {
        connections: usize,
        stalled: usize,
    },
}

/// How long and how large a run is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Of a scenario that goes on as long as it is let.
    pub(crate) time: Duration,
    /// By what the number of connections, and of what is counted, is divided.
    pub(crate) divisor: usize,
}

/// What a scenario cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// Messages that came back, or were delivered, or whatever is counted.
    pub(crate) count: u64,
    pub(crate) time: Duration,
    pub(crate) cpu: Duration,
    /// In microseconds, sorted.
    pub(crate) latencies: Vec<u32>,
    /// Bytes of memory: for each connection, or in all.
    pub(crate) memory: Option<u64>,
}

/// What a scenario needs to know of the server.
pub(crate) struct Target<'a> {
    pub(crate) server: &'a Running,
    pub(crate) dialect: Dialect,
    pub(crate) effort: Effort,
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

impl Scenario {
    pub(crate) const ALL: [Self; 20] = [
        Self::flow("echo, 1 in flight, 64 B", Kind::Echo, 1, 64),
        Self::flow("echo, 16 in flight, 64 B", Kind::Echo, 16, 64),
        Self::flow("echo, 4 in flight, 4 KiB", Kind::Echo, 4, 4096),
        Self::flow("typed echo, 1 in flight, 64 B", Kind::EchoTyped, 1, 64),
        Self::flow("typed echo, 16 in flight, 64 B", Kind::EchoTyped, 16, 64),
        Self::flow("typed echo, 4 in flight, 4 KiB", Kind::EchoTyped, 4, 4096),
        Self::flow("ack, 4 in flight, 64 B", Kind::Ack, 4, 64),
        Self::flow("binary echo, 4 in flight, 256 B", Kind::Binary, 4, 256),
        Self::broadcast("broadcast to 100", 100, 64),
        Self::broadcast("broadcast to 1,000", 1000, 64),
        Self::broadcast("broadcast to 10,000", 10_000, 64),
        Self::broadcast("broadcast of 64 KiB to 200", 200, 64 << 10),
        Self::new(
            "rooms, 1,000 connections",
            Load::Rooms { connections: 1000 },
        ),
        Self::new("polling echo", Load::PollingEcho),
        Self::new("polling handshake and upgrade", Load::PollingUpgrade),
        Self::new("connect, join, echo, leave", Load::Churn),
        Self::new("idle connection, memory", Load::Idle),
        Self::stalled("broadcast, 1 % stalled", 1000, 10),
        Self::stalled("64 KiB, 200 stalled, memory", 400, 200),
        Self::stalled("64 KiB, none stalled, memory", 200, 0),
    ];

    const fn new(name: &'static str, load: Load) -> Self {
        Self { name, load }
    }

    const fn flow(name: &'static str, kind: Kind, in_flight: u32, payload: usize) -> Self {
        Self::new(
            name,
            Load::Flow {
                kind,
                in_flight,
                payload,
            },
        )
    }

    const fn broadcast(name: &'static str, connections: usize, payload: usize) -> Self {
        Self::new(
            name,
            Load::Broadcast {
                connections,
                payload,
            },
        )
    }

    const fn stalled(name: &'static str, connections: usize, stalled: usize) -> Self {
        Self::new(
            name,
            Load::Stalled {
                connections,
                stalled,
            },
        )
    }

    /// The server that the others are compared with.
    pub(crate) fn floor(&self) -> Server {
        match self.load {
            Load::Churn | Load::PollingEcho | Load::PollingUpgrade => Server::FloorHyper,
            _ => Server::FloorTcp,
        }
    }

    /// Whether the server can do it.
    pub(crate) fn is_for(&self, server: Server) -> bool {
        match server {
            Server::FloorHyper | Server::FloorTcp => {
                server == self.floor() && !matches!(self.load, Load::Stalled { .. })
            }
            Server::Node | Server::Socketioxide => {
                let is_typed = matches!(
                    self.load,
                    Load::Flow {
                        kind: Kind::EchoTyped,
                        ..
                    }
                );
                // They have no limit on what waits for a client.
                !is_typed && !matches!(self.load, Load::Stalled { .. })
            }
            Server::Ours => true,
        }
    }

    pub(crate) async fn run(&self, target: &Target<'_>) -> Result<Sample, String> {
        match self.load {
            Load::Flow {
                kind,
                in_flight,
                payload,
            } => flow::run(target, kind, in_flight, payload).await,
            Load::Broadcast {
                connections,
                payload,
            } => fan_out::broadcast(target, connections, payload).await,
            Load::Rooms { connections } => fan_out::rooms(target, connections).await,
            Load::PollingEcho => polling::echo(target).await,
            Load::PollingUpgrade => polling::upgrade(target).await,
            Load::Churn => polling::churn(target).await,
            Load::Idle => memory::idle(target).await,
            Load::Stalled {
                connections,
                stalled,
            } => memory::stalled(target, connections, stalled).await,
        }
    }
}

impl Sample {
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
}
