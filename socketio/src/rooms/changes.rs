//! Which names got their first member, and lost their last.

use std::collections::VecDeque;
use std::sync::Arc;

/// What changed and was not told yet. One teller at a time takes it out, so
/// that it is told in its order.
#[derive(Debug, Default)]
pub(super) struct Changes {
    is_telling: bool,
    queue: VecDeque<Change>,
}

/// A name that has somebody now, or nobody any more.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Change {
    pub(crate) is_open: bool,
    pub(crate) name: Arc<str>,
}

impl Changes {
    pub(super) fn push(&mut self, name: &str, is_open: bool) {
        let name = name.into();
        self.queue.push_back(Change { is_open, name });
    }

    /// A change for a new teller; `None` if another one will tell it.
    pub(super) fn first(&mut self) -> Option<Change> {
        if self.is_telling { None } else { self.next() }
    }

    /// A change for the teller who took the first. Who gets `None` is it no more.
    pub(super) fn next(&mut self) -> Option<Change> {
        let change = self.queue.pop_front();
        self.is_telling = change.is_some();
        change
    }
}
