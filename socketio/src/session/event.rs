//! The handler of one event at work.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytestring::ByteString;

use crate::failure::Misfit;
use crate::handler::{Call, Handle};
use crate::hooks::Boxed;
use crate::unwind::discard;
use crate::{Acker, Cause, Failure, Incoming, Socket};

/// The handler of one event, and then, if it fails, the hook for failures.
///
/// It is not an `async fn` because it moves: it is polled once where it was
/// made, and only then, if it is not ready, put among the others. So the boxed
/// handler is the one allocation of an event.
pub(crate) struct Event {
    socket: Socket,
    stage: Stage,
}

enum Stage {
    Handler {
        acker: Option<Acker>,
        call: Call,
        name: ByteString,
        /// The handler waits, and the name is a copy.
        waits: bool,
    },
    Report(Boxed<()>),
}

impl Event {
    /// Calls the handler. The payload may not fit, and anything of the user's
    /// may panic.
    pub(crate) fn start(
        socket: Socket,
        handler: &Arc<dyn Handle<Socket>>,
        mut event: Incoming,
    ) -> Self {
        let name = event.shared_name();
        let started = catch_unwind(AssertUnwindSafe(|| {
            handler.start(socket.clone(), &mut event)
        }));
        let acker = event.acker();
        let stage = match started {
            Ok(Ok(call)) => Stage::Handler {
                acker,
                call,
                name,
                waits: false,
            },
            Ok(Err(error)) => {
                let misfit = Misfit {
                    expected: handler.takes(),
                    came: event.args().kinds(),
                };
                report(&socket, Failure::of_misfit(name, error, misfit, acker))
            }
            Err(payload) => report(&socket, Failure::new(name, Cause::panic(&*payload), acker)),
        };
        Self { socket, stage }
    }
}

impl Future for Event {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let (acker, call, name, waits) = match &mut self.stage {
                Stage::Handler {
                    acker,
                    call,
                    name,
                    waits,
                } => (acker, call, name, waits),
                Stage::Report(report) => return report.as_mut().poll(cx),
            };
            let cause = match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
                Ok(Poll::Pending) => {
                    if !mem::replace(waits, true) {
                        // It would keep the whole message.
                        *name = ByteString::from(&**name);
                    }
                    return Poll::Pending;
                }
                Ok(Poll::Ready(Ok(()))) => return Poll::Ready(()),
                Ok(Poll::Ready(Err(cause))) => cause,
                Err(payload) => Cause::panic(&*payload),
            };
            let failure = Failure::new(mem::take(name), cause, acker.take());
            let next = report(&self.socket, failure);
            discard(mem::replace(&mut self.stage, next));
        }
    }
}

fn report(socket: &Socket, failure: Failure) -> Stage {
    let (hooks, socket) = (socket.namespace().hooks(), socket.clone());
    Stage::Report(Box::pin(async move {
        hooks.report(socket, failure).await;
    }))
}
