//! All scenarios, with what ours may cost.

use super::{Broadcast, Flow, Kind, Load, Scenario};

const KIB: usize = 1 << 10;

impl Scenario {
    pub(crate) const ALL: [Self; 25] = [
        Self::flow("echo, 1 in flight, 64 B", Kind::Echo, 1, 64).at_most(1.15),
        Self::flow("echo, 16 in flight, 64 B", Kind::Echo, 16, 64).at_most(1.5),
        Self::flow("echo, 4 in flight, 4 KiB", Kind::Echo, 4, 4 * KIB).at_most(1.5),
        Self::flow("ack, 4 in flight, 64 B", Kind::Ack, 4, 64).at_most(1.25),
        Self::flow("binary echo, 4 in flight, 256 B", Kind::Binary, 4, 256).at_most(1.35),
        Self::flow("typed echo, 1 in flight, 64 B", Kind::Echo, 1, 64)
            .typed()
            .at_most(1.2),
        Self::flow("typed echo, 16 in flight, 64 B", Kind::Echo, 16, 64)
            .typed()
            .at_most(1.8),
        Self::flow("typed echo, 4 in flight, 4 KiB", Kind::Echo, 4, 4 * KIB)
            .typed()
            .at_most(2.5),
        Self::flow("typed ack, 4 in flight, 64 B", Kind::Ack, 4, 64).typed(),
        Self::flow(
            "typed binary echo, 4 in flight, 256 B",
            Kind::Binary,
            4,
            256,
        )
        .typed(),
        Self::broadcast("broadcast to 100, 64 B", 100, 64),
        Self::broadcast("broadcast to 1,000, 64 B", 1000, 64).at_most(1.2),
        Self::broadcast("broadcast to 10,000, 64 B", 10_000, 64),
        Self::broadcast("typed broadcast to 1,000, 64 B", 1000, 64).typed(),
        Self::broadcast("broadcast to 1,000, recovery on", 1000, 64).with_recovery(),
        Self::broadcast("broadcast to 1,000, 4 KiB", 1000, 4 * KIB),
        Self::broadcast("the same, and 1 % more stalled", 1000, 4 * KIB).stalled(),
        Self::broadcast("broadcast to 200, 64 KiB", 200, 64 * KIB),
        Self::new("rooms of 10, 1,000 connections", Load::Rooms(1000)).at_most(1.1),
        Self::new("polling echo", Load::PollingEcho).at_most(1.15),
        Self::new("polling handshake, upgrade", Load::PollingUpgrade).at_most(1.15),
        Self::new("connect", Load::Connect).at_most(1.15),
        Self::new("connect, join, echo, leave", Load::Churn).at_most(1.15),
        Self::new("10,000 idle connections", Load::Idle),
        Self::new("64 KiB to 200, and 200 stalled", Load::Stalled(200)),
    ];

    const fn new(name: &'static str, load: Load) -> Self {
        Self {
            name,
            load,
            at_most: None,
            recovery: false,
        }
    }

    const fn flow(name: &'static str, kind: Kind, in_flight: usize, payload: usize) -> Self {
        let flow = Flow {
            kind,
            typed: false,
            in_flight,
            payload,
        };
        Self::new(name, Load::Flow(flow))
    }

    const fn broadcast(name: &'static str, connections: usize, payload: usize) -> Self {
        let load = Broadcast {
            connections,
            payload,
            typed: false,
            stalled: false,
        };
        Self::new(name, Load::Broadcast(load))
    }

    const fn at_most(mut self, ratio: f64) -> Self {
        self.at_most = Some(ratio);
        self
    }

    const fn typed(mut self) -> Self {
        match &mut self.load {
            Load::Broadcast(load) => load.typed = true,
            Load::Flow(flow) => flow.typed = true,
            _ => {}
        }
        self
    }

    const fn stalled(mut self) -> Self {
        if let Load::Broadcast(load) = &mut self.load {
            load.stalled = true;
        }
        self
    }

    const fn with_recovery(mut self) -> Self {
        self.recovery = true;
        self
    }
}
