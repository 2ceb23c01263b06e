//! What runs for a connection: handlers of events, and the hooks around them.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytestring::ByteString;
use futures_util::future::{AbortHandle, Abortable, abortable};
use tokio::sync::oneshot;

use super::event::Event;
use super::gate::{Passed, Running};
use super::load::Place;
use crate::hooks::Boxed;
use crate::recovery::Comeback;
use crate::unwind::discard;
use crate::{Namespace, Socket};

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
    /// The session of a client that comes back.
    Restore {
        asked: Abortable<Boxed<Option<Box<Comeback>>>>,
        namespace: Namespace,
    },
    /// The patterns that may know a namespace.
    Search {
        asked: Abortable<Boxed<Option<Namespace>>>,
        nsp: ByteString,
    },
}

/// What a task leaves behind.
pub(crate) enum Outcome {
    /// What the patterns say to the name of a namespace.
    Found(ByteString, Option<Namespace>),
    /// Nothing, or nobody is interested in it any more.
    Nothing,
    /// The session of a client that comes back to this namespace, if there is one.
    Restored(Namespace, Option<Box<Comeback>>),
    /// What came through the gate of this socket.
    Passed(Socket, Passed),
}

impl Task {
    /// Patterns that do not know yet whether there is such a namespace.
    pub(crate) fn search(nsp: ByteString, asked: Boxed<Option<Namespace>>) -> (Self, AbortHandle) {
        let (asked, abort) = abortable(asked);
        (Self::Search { asked, nsp }, abort)
    }

    /// The session of a client, which is not known yet.
    pub(crate) fn restore(
        namespace: Namespace,
        asked: Boxed<Option<Box<Comeback>>>,
    ) -> (Self, AbortHandle) {
        let (asked, abort) = abortable(asked);
        (Self::Restore { asked, namespace }, abort)
    }

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
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let this = self.get_mut();
        let outcome = match this {
            Self::Event { event, .. } => {
                ready!(Pin::new(event).poll(cx));
                Outcome::Nothing
            }
            Self::Farewell(hooks) => {
                ready!(hooks.as_mut().poll(cx));
                Outcome::Nothing
            }
            Self::Gate { hooks, socket, .. } => match ready!(Pin::new(hooks).poll(cx)) {
                Ok(passed) => Outcome::Passed(socket.clone(), passed),
                Err(_) => Outcome::Nothing,
            },
            Self::Over => Outcome::Nothing,
            Self::Restore { asked, namespace } => match ready!(Pin::new(asked).poll(cx)) {
                Ok(comeback) => Outcome::Restored(namespace.clone(), comeback),
                Err(_) => Outcome::Nothing,
            },
            Self::Search { asked, nsp } => match ready!(Pin::new(asked).poll(cx)) {
                Ok(found) => Outcome::Found(nsp.clone(), found),
                Err(_) => Outcome::Nothing,
            },
        };
        discard(mem::replace(this, Self::Over));
        Poll::Ready(outcome)
    }
}
