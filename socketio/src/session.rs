//! The loop of one connection: from the engine's messages to the handlers.

mod applicant;
mod dispatch;
mod event;
mod gate;
mod lifecycle;
mod load;
mod queue;
mod slot;
mod task;
mod violation;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use engineio::{Close, CloseReason};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Sleep;

use self::applicant::Applicant;
use self::load::Load;
use self::slot::Slot;
use self::task::Task;
use crate::link::{Link, Wishes};
use crate::server::Shared;
use crate::unwind::discard;
use crate::{Connection, DisconnectReason, Input};

/// One client, from the opening of its connection until its last handler is
/// done. It is the future that the engine runs on the task of the connection;
/// nothing is spawned.
///
/// A message is taken when everything that the one before set going has
/// either ended or found something to wait for. A handler is polled once, where
/// its event is read; only if it is not ready does it join the `tasks`. So
/// handlers start in the order of their events, and one that waits holds up no
/// other.
pub(crate) struct Session {
    applicants: Vec<Applicant>,
    connection: Connection,
    /// Nothing is read any more; what runs runs to its end.
    is_over: bool,
    link: Arc<Link>,
    load: Load,
    now: Instant,
    shared: Arc<Shared>,
    slots: Vec<Slot>,
    /// Since when nothing is read and nothing gets done.
    stalled: Option<Stall>,
    tasks: FuturesUnordered<Task>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Which slot's turn it is to start a waiting event.
    turn: usize,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, engine: engineio::Socket) -> Self {
        shared.opened(&engine);
        let now = now();
        let (parser, timeout) = (shared.config.parser, shared.config.connect_timeout);
        let link = Link::new(engine, shared.figures.clone());
        let limits = shared.limits.clone();
        Self {
            applicants: Vec::new(),
            connection: Connection::new(parser, link.protocol, limits, timeout, now),
            is_over: false,
            link: Arc::new(link),
            load: Load::default(),
            now,
            shared,
            slots: Vec::new(),
            stalled: None,
            tasks: FuturesUnordered::new(),
            timer: None,
            turn: 0,
        }
    }

    /// Does what there is to do. Whether there may be more.
    fn work(&mut self, cx: &mut Context<'_>) -> bool {
        let is_busy = (0..STEPS).all(|_| self.step(cx));
        self.check_deadlines(cx) || is_busy
    }

    /// Ends the connection after a panic outside of any handler, in a destructor
    /// for example: its sockets leave as they do at any end.
    fn fail(&mut self, cx: &mut Context<'_>) {
        tracing::error!("connection closed: something panicked beside its handlers");
        self.link.engine.close(Close::Flush);
        self.end(DisconnectReason::Closed(CloseReason::ForcedClose), cx);
    }

    /// Does one thing, if there is one to do. What is going on comes before
    /// what is new.
    fn step(&mut self, cx: &mut Context<'_>) -> bool {
        self.obey(cx) || self.poll_tasks(cx) || self.start_next(cx) || self.read(cx)
    }

    /// Does what was asked for through the sockets.
    fn obey(&mut self, cx: &mut Context<'_>) -> bool {
        let Wishes { close, left } = self.link.take();
        for id in &left {
            self.see_off(id, cx);
        }
        if close && !self.is_over {
            self.close(cx);
        }
        close || !left.is_empty()
    }

    fn poll_tasks(&mut self, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(Some(outcome)) = self.tasks.poll_next_unpin(cx) else {
            return false;
        };
        self.finish(outcome, cx);
        true
    }

    /// Takes the next message, unless there is enough to do.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        if self.is_over {
            return false;
        }
        if self.is_full() {
            return self.wait_for_room(cx);
        }
        self.stalled = None;
        if let Some(input) = self.connection.poll_input() {
            self.take(input, cx);
            return true;
        }
        let Poll::Ready(message) = self.link.engine.poll_recv(cx) else {
            // What came before the server closed is handled.
            let is_closing = self.shared.is_closing();
            if is_closing {
                self.end(self.close_reason(), cx);
            }
            return is_closing;
        };
        match message.map(|message| self.connection.handle(message, self.now)) {
            None => self.end(self.close_reason(), cx),
            Some(Ok(None)) => {}
            Some(Ok(Some(input))) => self.take(input, cx),
            Some(Err(violation)) => self.punish(&violation, cx),
        }
        true
    }

    /// Reads nothing until something is done. What the handlers wait for may be
    /// what is not read, so that has an end.
    fn wait_for_room(&mut self, cx: &mut Context<'_>) -> bool {
        let done = self.load.done();
        if self.stalled.as_ref().is_none_or(|stall| stall.done != done) {
            self.stalled = Some(Stall {
                since: self.now,
                done,
            });
        }
        // Who is not listened to can still go away. This runs on the task of
        // the engine's session, which is woken by its end.
        let is_closed = self.link.engine.close_reason().is_some() || self.shared.is_closing();
        if is_closed {
            self.end(self.close_reason(), cx);
        }
        is_closed
    }

    /// Judges the deadlines if one is reached. Done each time that the task
    /// ran, so that no amount of work puts it off.
    fn check_deadlines(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(deadline) = self.deadline().map(tokio::time::Instant::from_std) else {
            self.timer = None;
            return false;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        // A timer can be late where a handler has used up what a task may do at
        // a time; the clock is not.
        let is_due = tokio::time::Instant::now() >= deadline;
        if !is_due && timer.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.timer = None;
        self.now = now();
        if self.stalled_until().is_some_and(|until| until <= self.now) {
            self.give_up(cx);
        } else if let Err(violation) = self.connection.handle_timeout(self.now) {
            self.punish(&violation, cx);
        }
        true
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.connection.poll_timeout(), self.stalled_until()];
        deadlines
            .into_iter()
            .flatten()
            .min()
            .filter(|_| !self.is_over)
    }

    fn stalled_until(&self) -> Option<Instant> {
        let since = self.stalled.as_ref()?.since;
        since.checked_add(self.shared.limits.max_pause)
    }

    fn take(&mut self, input: Input, cx: &mut Context<'_>) {
        match input {
            Input::Connect { nsp, auth } => self.connect(&nsp, auth, cx),
            Input::Event {
                nsp,
                name,
                args,
                ack,
            } => self.receive(&nsp, name, args, ack, cx),
            Input::Ack { nsp, id, args } => {
                let slot = self.find(&nsp).map(|index| &self.slots[index]);
                if !slot.is_some_and(|slot| slot.socket.acks().resolve(id, args)) {
                    self.link.figures.unexpected_answer();
                }
            }
            Input::Disconnect { nsp } => {
                if let Some(index) = self.find(&nsp) {
                    self.part(index, DisconnectReason::Client, cx);
                } else {
                    self.withdraw(&nsp);
                }
            }
        }
    }

    fn find(&self, nsp: &str) -> Option<usize> {
        let is_meant = |slot: &Slot| slot.socket.namespace().name() == nsp;
        self.slots.iter().position(is_meant)
    }

    /// Whether one more event may start.
    fn may_start(&self) -> bool {
        self.load.running() < self.max_in_flight()
    }

    /// Whether nothing more is to be read now. While answers are waited for,
    /// which may be behind what is to wait, twice as much is read; and a packet
    /// is read to its end.
    fn is_full(&self) -> bool {
        self.exceeds(1)
            && (self.exceeds(2) || !self.awaits_answers())
            && !self.connection.awaits_attachments()
    }

    /// Whether there is more to do than this many times what is fine. The last
    /// hooks of sockets that left run beside the handlers, and must not pile
    /// up either.
    fn exceeds(&self, times: usize) -> bool {
        let limits = &self.shared.limits;
        let leaving = self.max_in_flight().saturating_mul(2 * times);
        self.load.waiting_bytes() > limits.pending_bytes.saturating_mul(times)
            || self.load.running_bytes() > limits.running_bytes.saturating_mul(times)
            || self.load.leaving() >= leaving
    }

    fn awaits_answers(&self) -> bool {
        let mut slots = self.slots.iter();
        slots.any(|slot| slot.socket.acks().len() > 0)
    }

    /// With none at all nothing would ever happen.
    fn max_in_flight(&self) -> usize {
        self.shared.limits.max_in_flight.max(1)
    }
}

/// A pause, and what was done when it began.
struct Stall {
    since: Instant,
    done: usize,
}

impl Future for Session {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.link.register(cx);
        this.now = now();
        let is_busy = match catch_unwind(AssertUnwindSafe(|| this.work(cx))) {
            Ok(is_busy) => is_busy,
            Err(panic) => {
                discard(panic);
                this.fail(cx);
                true
            }
        };
        if is_busy {
            // Others are to have their turn, the writing of answers as well.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if this.is_over && this.tasks.is_empty() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

/// The current time by tokio's clock, which tests can pause.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Steps before the task gives way to others.
const STEPS: usize = 256;

#[cfg(test)]
mod tests {
    use super::queue::Held;
    use super::*;
    use crate::Socket;
    use crate::figures::{Connected, Figures};

    #[test]
    fn a_connection_and_a_socket_are_small() {
        for (what, size, limit) in [
            ("a connection", size_of::<Session>(), 248),
            ("its link", size_of::<Link>(), 96 + size_of::<Figures>()),
            ("a slot", size_of::<Slot>(), 64 + size_of::<Connected>()),
            ("an event that waits", size_of::<Held>(), 144),
            ("a socket", Socket::SIZE, 360),
            (
                "a handler that waits, beside its future",
                size_of::<Task>(),
                104,
            ),
        ] {
            assert!(size <= limit, "{what} takes {size} bytes");
        }
    }
}
