//! What runs for a connection: handlers of events, and the hooks around them.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::future::{Abortable, abortable};
use tokio::sync::oneshot;

use super::event::Event;
use super::gate::{Passed, Running};
use super::load::Place;
use crate::Socket;
use crate::hooks::Boxed;
use crate::unwind::discard;

/// Something that runs to its end, on the task of the connection.
///
/// What it was made of is dropped before it is ready, as a part of its work: a
/// destructor may panic as well.
pub(crate) enum Task {
    /// The handler of an event, counted until it is done.
    Event {
        event: Event,
        _place: Place,
    },
    /// The last hooks of a socket.
    Farewell(Boxed<()>),
    /// Hooks that the next event of their socket waits for.
    Gate {
        hooks: Abortable<Boxed<Passed>>,
        socket: Socket,
        _dropped: oneshot::Sender<()>,
    },
    Over,
}

impl Task {
    /// Hooks that the next event of the socket waits for.
    pub(crate) fn gate(socket: Socket, hooks: Boxed<Passed>) -> (Self, Running) {
        let (hooks, abort) = abortable(hooks);
        let (sender, dropped) = oneshot::channel();
        let task = Self::Gate {
            hooks,
            socket,
            _dropped: sender,
        };
        (task, Running { abort, dropped })
    }
}

impl Future for Task {
    /// What came through the gate of this socket, if it is one and was not
    /// cancelled.
    type Output = Option<(Socket, Passed)>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let passed = match this {
            Self::Event { event, .. } => {
                ready!(Pin::new(event).poll(cx));
                None
            }
            Self::Farewell(hooks) => {
                ready!(hooks.as_mut().poll(cx));
                None
            }
            Self::Gate { hooks, socket, .. } => {
                let passed = ready!(Pin::new(hooks).poll(cx)).ok();
                passed.map(|passed| (socket.clone(), passed))
            }
            Self::Over => None,
        };
        discard(mem::replace(this, Self::Over));
        Poll::Ready(passed)
    }
}
