//! The task of a session: it moves bytes and time, and runs the application.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

use crate::engine::Admission;
use crate::shared::{Parked, Shared, now};
use crate::websocket::connection::{Connection, Farewell, LINGER};
use crate::websocket::reader::CODEC_BUFFER;
use crate::{Close, CloseReason, Packet, Transport};

pub(crate) type Application = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The one task of a session, from its opening to the end of its application
/// and its connection.
///
/// One pass reads what is there, lets the application run, then writes all
/// that is queued; passes follow each other until there is nothing to do.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    /// Counts the session as long as the task lives.
    admission: Admission,
    application: Option<Application>,
    link: Link,
    sleep: Option<Pin<Box<Sleep>>>,
    /// A write is under way that the connection has not taken whole.
    is_blocked: bool,
    /// The inbox was full, so the connection was not read.
    is_paused: bool,
}

/// What the session's task does for its transport.
enum Link {
    /// Requests come and go by themselves.
    Polling,
    Open(Box<Connection>),
    /// The session is closed; its peer is told.
    Closing {
        connection: Box<Connection>,
        by: Instant,
    },
    Closed,
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        admission: Admission,
        application: Application,
        connection: Option<Box<Connection>>,
    ) -> Self {
        Self {
            shared,
            admission,
            application: Some(application),
            link: connection.map_or(Link::Polling, Link::Open),
            sleep: None,
            is_blocked: false,
            is_paused: false,
        }
    }

    /// Takes what the client sent, unless the application has enough to do.
    /// Whether there may be more.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        self.take_over();
        let Link::Open(connection) = &mut self.link else {
            return false;
        };
        self.is_paused = self.shared.read(|session| session.is_inbox_full());
        if self.is_paused || connection.poll_fill(cx).is_pending() {
            return false;
        }
        let mut result = Ok(());
        self.shared.update_before_application(cx, |session, now| {
            connection.drain_inbound(|packet| {
                let handled = session.handle_packet(Transport::Websocket, packet, now);
                result = result.and(handled);
            });
            if let Some(loss) = connection.loss() {
                session.handle_loss(Transport::Websocket, loss.reason, now);
            }
        });
        // Not under the lock: a subscriber may call the session.
        if let Err(fault) = result {
            tracing::debug!(%fault, "bad packet");
        }
        true
    }

    /// Goes on with the websocket that the session moved to.
    fn take_over(&mut self) {
        if let Some(connection) = self.shared.take_handover() {
            self.link = Link::Open(connection);
        }
    }

    /// Runs the application. When it returns, the session has no more use.
    fn run_application(&mut self, cx: &mut Context<'_>) {
        let Some(application) = &mut self.application else {
            return;
        };
        match catch_unwind(AssertUnwindSafe(|| application.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(())) => {}
            Err(_) => tracing::error!("the handler of a session panicked"),
        }
        self.application = None;
        self.shared
            .update(|session, now| session.close(Close::Flush, now));
    }

    /// Writes all that is queued, as far as the connection takes it.
    fn write(&mut self, cx: &mut Context<'_>) {
        let Link::Open(connection) = &mut self.link else {
            return;
        };
        let mut packets = PACKETS.take();
        loop {
            let flushed = connection.poll_flush(cx);
            let released = connection.writer.take_released();
            self.shared.update(|session, now| {
                session.detach_events(CODEC_BUFFER / 2);
                session.transmitted(released);
                match &flushed {
                    // Only what the connection can take leaves the outbox.
                    Poll::Ready(Ok(())) => session.poll_transmit(&mut packets),
                    Poll::Ready(Err(_)) => {
                        session.handle_loss(Transport::Websocket, CloseReason::TransportClose, now);
                    }
                    Poll::Pending => {}
                }
            });
            self.is_blocked = flushed.is_pending();
            if packets.is_empty() {
                packets.shrink_to(PACKETS_CAPACITY);
                return PACKETS.set(packets);
            }
            connection.push(packets.drain(..).map(|packet| {
                let charge = packet.charge();
                (packet, charge)
            }));
        }
    }

    /// Moves on to the next state of the link.
    fn advance_link(&mut self, cx: &mut Context<'_>) {
        if let Some(reason) = self.shared.read(|session| session.close_reason()) {
            self.admission.end(reason);
            // It may have come since this pass began; from now on none comes.
            self.take_over();
            self.link = match std::mem::replace(&mut self.link, Link::Closed) {
                Link::Polling => Link::Closed,
                Link::Open(connection) => Link::closing(connection),
                link => link,
            };
        }
        if let Link::Closing { connection, by } = &mut self.link {
            let is_over = connection.poll_close(cx).is_ready() || now() >= *by;
            let released = if is_over {
                connection.writer.give_up()
            } else {
                connection.writer.take_released()
            };
            self.shared
                .update(|session, _| session.transmitted(released));
            if is_over {
                self.link = Link::Closed;
            }
        }
    }

    /// Sleeps until the next deadline, an input, or the connection. `false` if
    /// there is something to do at once; the end of the session is, unless the
    /// application has run since.
    fn park(&mut self, saw_close: bool, cx: &mut Context<'_>) -> bool {
        let deadline = match &self.link {
            Link::Closing { by, .. } => Some(*by),
            Link::Closed | Link::Open(_) | Link::Polling => {
                self.shared.read(|session| session.poll_timeout())
            }
        };
        self.arm(deadline, cx)
            && self.shared.park(Parked {
                waker: cx.waker().clone(),
                deadline: self.sleep.as_ref().map(|sleep| sleep.deadline().into_std()),
                is_paused: self.is_paused,
                is_blocked: self.is_blocked || !matches!(self.link, Link::Open(_)),
                saw_close,
            })
    }

    /// Sets the timer. It is moved earlier at once, and later only when it
    /// fires: most deadlines move away again and again. `false` if it is due.
    fn arm(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let Some(deadline) = deadline else {
            return true;
        };
        let deadline = tokio::time::Instant::from_std(deadline);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if deadline < sleep.deadline() || sleep.is_elapsed() {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx).is_pending()
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let shared = self.shared.clone();
        let _entered = shared.span().enter();
        self.shared.unpark();
        loop {
            let has_read = self.read(cx);
            self.shared
                .update_before_application(cx, |session, now| session.handle_timeout(now));
            let saw_close = self.shared.read(|session| session.close_reason().is_some());
            self.run_application(cx);
            self.write(cx);
            self.advance_link(cx);
            if self.application.is_none() && matches!(self.link, Link::Closed) {
                return Poll::Ready(());
            }
            if !has_read && self.park(saw_close, cx) {
                return Poll::Pending;
            }
        }
    }
}

/// How many packets the list has room for that the thread keeps.
const PACKETS_CAPACITY: usize = 256;

thread_local! {
    /// What is on its way from an outbox to a connection: empty between writes,
    /// and taken out while it is used.
    static PACKETS: Cell<Vec<Packet>> = const { Cell::new(Vec::new()) };
}

impl Link {
    fn closing(mut connection: Box<Connection>) -> Self {
        let farewell = match connection.loss() {
            Some(loss) => loss.farewell,
            None => Farewell::Close(None),
        };
        if let Farewell::Close(code) = farewell {
            connection.writer.push_close(code);
        }
        Self::Closing {
            connection,
            by: now() + LINGER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Session;
    use crate::figures::Figures;

    /// What an idle connection costs, beside its application: a field more is
    /// paid for by every client.
    #[test]
    fn what_each_session_keeps_stays_small() {
        for (name, size, at_most) in [
            ("Connection", size_of::<Connection>(), 256),
            ("Driver", size_of::<Driver>(), 104),
            ("Session", size_of::<Session>(), 344),
            ("Shared", size_of::<Shared>(), 608),
        ] {
            let at_most = at_most + size_of::<Figures>();
            assert!(size <= at_most, "{name} has {size} bytes, not {at_most}");
        }
    }
}
