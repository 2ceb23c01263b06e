//! A namespace that a client is in, or asks to be let into.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use crate::hooks::Boxed;
use crate::{ConnectError, Incoming, Socket};

/// One socket of a connection, with what has to happen before its next event.
pub(crate) struct Slot {
    pub(crate) gate: Gate,
    pub(crate) socket: Socket,
    /// Events that came and have not started, in their order.
    waiting: VecDeque<Incoming>,
}

/// What the socket's next event waits for.
pub(crate) enum Gate {
    /// Nothing.
    Open,
    /// The middleware.
    Deciding(Boxed<Result<(), ConnectError>>),
    /// The handlers of the connection.
    Connecting(Boxed<()>),
    /// Those who see every event, and have the one before.
    Filtering(Boxed<Option<Incoming>>),
}

/// What came through a gate.
pub(crate) enum Passed {
    Decision(Result<(), ConnectError>),
    Connected,
    Event(Option<Incoming>),
}

impl Slot {
    pub(crate) fn new(socket: Socket, decision: Boxed<Result<(), ConnectError>>) -> Self {
        Self {
            gate: Gate::Deciding(decision),
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

    /// Keeps an event for later, and says what that costs.
    pub(crate) fn hold(&mut self, event: Incoming) -> usize {
        let cost = cost(&event);
        self.waiting.push_back(event);
        cost
    }

    /// The first event that was kept, and its cost.
    pub(crate) fn take_next(&mut self) -> Option<(Incoming, usize)> {
        let event = self.waiting.pop_front()?;
        let cost = cost(&event);
        Some((event, cost))
    }

    /// What all events that are kept cost.
    pub(crate) fn cost(&self) -> usize {
        self.waiting.iter().map(cost).sum()
    }

    /// Opens the gate when what it waits for is done.
    pub(crate) fn poll_gate(&mut self, cx: &mut Context<'_>) -> Poll<Passed> {
        let passed = match &mut self.gate {
            Gate::Open => return Poll::Pending,
            Gate::Deciding(decision) => decision.as_mut().poll(cx).map(Passed::Decision),
            Gate::Connecting(hooks) => hooks.as_mut().poll(cx).map(|()| Passed::Connected),
            Gate::Filtering(filter) => filter.as_mut().poll(cx).map(Passed::Event),
        };
        if passed.is_ready() {
            self.gate = Gate::Open;
        }
        passed
    }
}

/// The bytes that a waiting event is counted with.
fn cost(event: &Incoming) -> usize {
    event.name().len() + event.args().bytes() + OVERHEAD
}

/// Bytes that are counted for each waiting event beside its content.
const OVERHEAD: usize = 64;
