//! What waits to be taken by the application, counted.

use std::collections::VecDeque;

use super::session::Event;

/// Places that an inbox keeps once a burst is taken.
const KEPT_PLACES: usize = 8;

/// What happened on one session, and the application has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    events: VecDeque<Event>,
    charged: usize,
    /// How many of the events are known to hold no more memory than they need.
    detached: usize,
}

impl Inbox {
    pub(crate) fn push(&mut self, event: Event) {
        self.charged += event.charge();
        if self.events.capacity() == 0 {
            // Most clients never have two: room for four is not theirs to keep.
            self.events.reserve_exact(1);
        }
        self.events.push_back(event);
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        self.charged -= event.charge();
        self.detached = self.detached.saturating_sub(1);
        if self.events.is_empty() {
            self.events.shrink_to(KEPT_PLACES);
        }
        Some(event)
    }

    /// Copies messages shorter than `below` out of the buffers that they were
    /// cut from.
    pub(crate) fn detach(&mut self, below: usize) {
        for event in self.events.iter_mut().skip(self.detached) {
            if let Event::Message(message) = event
                && message.len() < below
            {
                *message = message.to_detached();
            }
        }
        self.detached = self.events.len();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What is charged for the messages.
    pub(crate) fn charged(&self) -> usize {
        self.charged
    }
}

impl Event {
    fn charge(&self) -> usize {
        match self {
            Self::Message(message) => message.charge(),
            Self::Closed(_) | Self::Upgraded => 0,
        }
    }
}
