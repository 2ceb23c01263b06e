//! What the next event of a socket waits for.

use std::time::Duration;

use futures_util::future::AbortHandle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::load::Place;
use crate::{ConnectError, Incoming};

/// What the next event of a socket waits for.
pub(crate) enum Gate {
    /// Nothing.
    Open,
    /// The middleware.
    Deciding(Running),
    /// The handlers of the connection, or those who see every event and have
    /// the one before, or its handler.
    Closed(Running),
}

/// What came through a gate.
pub(crate) enum Passed {
    Decision(Result<(), ConnectError>),
    Connected,
    Event(Option<(Incoming, Place)>),
    /// The handler of an event is done, where they run one after the other.
    Handled,
}

/// Hooks that run among the tasks, as the slot sees them that waits for them.
pub(crate) struct Running {
    pub(super) abort: AbortHandle,
    /// Closed when the hooks are dropped.
    pub(super) dropped: oneshot::Receiver<()>,
}

impl Running {
    /// Drops the hooks where they wait.
    pub(crate) fn cancel(&self) {
        self.abort.abort();
    }

    /// Waits for the end of the hooks, and cancels them if that takes too long.
    pub(crate) async fn end_within(mut self, limit: Duration) {
        if timeout(limit, &mut self.dropped).await.is_err() {
            self.cancel();
            let _closed = self.dropped.await;
        }
    }
}
