//! What the sockets of one connection share, and how they tell the task of the
//! connection what was done to them.

use std::sync::{Arc, Mutex};
use std::task::Context;

use futures_util::task::AtomicWaker;

use crate::sync::lock;

/// The near end of a connection, as its sockets see it.
pub(crate) struct Link {
    commands: Mutex<Vec<Command>>,
    pub(crate) engine: engineio::Socket,
    task: AtomicWaker,
}

/// What the task of the connection is to do.
pub(crate) enum Command {
    /// End the whole connection.
    Close,
    /// See off the socket of this id, which the server disconnected.
    Left(Arc<str>),
}

impl Link {
    pub(crate) fn new(engine: engineio::Socket) -> Self {
        Self {
            commands: Mutex::default(),
            engine,
            task: AtomicWaker::new(),
        }
    }

    pub(crate) fn close(&self) {
        self.push(Command::Close);
    }

    pub(crate) fn left(&self, id: Arc<str>) {
        self.push(Command::Left(id));
    }

    /// Says which task to wake when there is a command.
    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.task.register(cx.waker());
    }

    pub(crate) fn take(&self) -> Vec<Command> {
        std::mem::take(&mut lock(&self.commands))
    }

    fn push(&self, command: Command) {
        lock(&self.commands).push(command);
        self.task.wake();
    }
}
