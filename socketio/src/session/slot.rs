//! A namespace that a client is in, or asks to be let into.

use super::gate::Gate;
use super::queue::Queue;
use crate::Socket;
use crate::figures::Connected;

/// One socket of a connection, with what has to happen before its next event.
pub(crate) struct Slot {
    /// Counts the socket once it is let in.
    pub(crate) connected: Connected,
    pub(crate) gate: Gate,
    pub(crate) socket: Socket,
    /// Events that came and have not started.
    pub(crate) waiting: Queue,
}

impl Slot {
    pub(crate) fn new(socket: Socket) -> Self {
        Self {
            connected: Connected::not_yet(),
            gate: Gate::Open,
            socket,
            waiting: Queue::default(),
        }
    }

    /// Whether an event that comes now may start now.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self.gate, Gate::Open) && self.waiting.is_empty()
    }

    /// Whether there is an event that may start now.
    pub(crate) fn has_next(&self) -> bool {
        matches!(self.gate, Gate::Open) && !self.waiting.is_empty()
    }
}
