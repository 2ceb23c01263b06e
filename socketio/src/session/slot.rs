//! A namespace that a client is in, or asks to be let into.

use std::collections::VecDeque;

use super::gate::Gate;
use super::load::Charge;
use crate::{Incoming, Socket};

/// One socket of a connection, with what has to happen before its next event.
pub(crate) struct Slot {
    pub(crate) gate: Gate,
    pub(crate) socket: Socket,
    /// Events that came and have not started, in their order.
    waiting: VecDeque<Held>,
}

/// An event that has not started.
pub(crate) type Held = (Incoming, Charge);

impl Slot {
    pub(crate) fn new(socket: Socket) -> Self {
        Self {
            gate: Gate::Open,
            socket,
            waiting: VecDeque::new(),
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

    /// Keeps an event for later.
    pub(crate) fn hold(&mut self, mut event: Incoming, charge: Charge) {
        event.detach(DETACHED);
        self.waiting.push_back((event, charge));
    }

    /// The first event that was kept. What a burst took is given back.
    pub(crate) fn take_next(&mut self) -> Option<Held> {
        let next = self.waiting.pop_front();
        if self.waiting.len() < self.waiting.capacity() / 4 {
            self.waiting.shrink_to(2 * self.waiting.len());
        }
        next
    }
}

/// Bytes below which a part of a held event is copied: the buffer of a
/// websocket, which holds many small messages, must not be kept for one.
const DETACHED: usize = 1024;
