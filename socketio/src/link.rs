//! What the sockets of one connection share, and how they tell the task of the
//! connection what was done to them.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Context;

use futures_util::task::AtomicWaker;

use crate::Protocol;
use crate::figures::Figures;
use crate::recovery::Away;
use crate::sync::lock;

/// The near end of a connection, as its sockets see it.
pub(crate) struct Link {
    /// The sockets that are away, if there were ever some, or it is closed.
    away: OnceLock<Arc<Away>>,
    pub(crate) engine: engineio::Socket,
    /// Of handlers, which are not to fill the log.
    failures: AtomicU32,
    pub(crate) figures: Figures,
    /// A payload of the client did not fit, which is logged once.
    has_misfit: AtomicBool,
    /// What the client speaks.
    pub(crate) protocol: Protocol,
    task: AtomicWaker,
    wishes: Mutex<Wishes>,
}

/// What the task of the connection is to do.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    /// Close the whole connection, after the others.
    pub(crate) close: bool,
    /// See off the sockets of these ids, which the server disconnected. Each
    /// socket is in here once at most.
    pub(crate) left: Vec<Arc<str>>,
}

impl Link {
    pub(crate) fn new(engine: engineio::Socket, figures: Figures) -> Self {
        Self {
            away: OnceLock::new(),
            protocol: engine.revision().into(),
            engine,
            failures: AtomicU32::new(0),
            figures,
            has_misfit: AtomicBool::new(false),
            task: AtomicWaker::new(),
            wishes: Mutex::default(),
        }
    }

    pub(crate) fn is_first_misfit(&self) -> bool {
        !self.has_misfit.swap(true, Ordering::Relaxed)
    }

    /// How many handlers have failed, with one more.
    pub(crate) fn count_failure(&self) -> u32 {
        self.failures
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(1)
    }

    /// Closes the connection. Those of its sockets that are away do not come back.
    pub(crate) fn close(&self) {
        lock(&self.wishes).close = true;
        self.wake();
        // Also if nobody is away yet: somebody may be before the task knows of it.
        self.away().close();
    }

    pub(crate) fn away(&self) -> &Arc<Away> {
        self.away.get_or_init(Arc::default)
    }

    pub(crate) fn left(&self, id: Arc<str>) {
        lock(&self.wishes).left.push(id);
        self.wake();
    }

    /// Lets the task look again at what it waits for.
    pub(crate) fn wake(&self) {
        self.task.wake();
    }

    /// Says which task to wake when there is a wish.
    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.task.register(cx.waker());
    }

    pub(crate) fn take(&self) -> Wishes {
        std::mem::take(&mut lock(&self.wishes))
    }
}
