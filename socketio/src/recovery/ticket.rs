//! What a socket has by which its client may come back.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use engineio::Sid;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Session;
use crate::sync::lock;

/// What a socket has by which its client may come back.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// Told when the last handler of the socket is done.
    done: watch::Sender<bool>,
    is_recovered: bool,
    pid: Sid,
    /// How the client comes back, until it is let in.
    returning: Mutex<Option<Returning>>,
    /// When the client was let in first.
    since: OnceLock<Instant>,
}

/// How a client comes back.
#[derive(Debug)]
pub(crate) struct Returning {
    /// That of the last packet that the client has.
    pub(crate) offset: String,
    /// The rooms that it was in when packets were sent that it missed.
    pub(crate) rooms: Vec<Arc<str>>,
}

impl Ticket {
    /// That of a client that is new.
    pub(crate) fn new() -> Self {
        Self {
            done: watch::Sender::new(false),
            is_recovered: false,
            pid: Sid::random(),
            returning: Mutex::default(),
            since: OnceLock::new(),
        }
    }

    /// That of a client that comes back to its session.
    pub(crate) fn returning(session: &Session, offset: String) -> Self {
        let rooms = session.rooms.clone();
        Self {
            done: watch::Sender::new(false),
            is_recovered: true,
            pid: session.pid.clone(),
            returning: Mutex::new(Some(Returning { offset, rooms })),
            since: OnceLock::from(session.since),
        }
    }

    pub(crate) fn pid(&self) -> &Sid {
        &self.pid
    }

    pub(crate) fn is_recovered(&self) -> bool {
        self.is_recovered
    }

    /// The client is let in. How it comes back, if it does.
    pub(crate) fn admit(&self, now: Instant) -> Option<Returning> {
        self.since.get_or_init(|| now);
        lock(&self.returning).take()
    }

    /// When the client was let in first; `None` if it was not yet.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.since.get().copied()
    }

    /// The last handler of the socket is done.
    pub(crate) fn finish(&self) {
        self.done.send_replace(true);
    }

    pub(crate) fn farewell(&self) -> Farewell {
        Farewell(self.done.subscribe())
    }
}

/// The last handlers of a socket, to be waited for.
#[derive(Clone, Debug)]
pub(crate) struct Farewell(watch::Receiver<bool>);

impl Farewell {
    /// Waits until they are done, but no longer than this.
    pub(crate) async fn done_within(mut self, limit: Duration) {
        // That they are gone is as good.
        let _ = timeout(limit, self.0.wait_for(|is_done| *is_done)).await;
    }
}
