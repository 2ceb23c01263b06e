//! The loop of one connection: from the engine's messages to the handlers.

mod lifecycle;
mod slot;
mod task;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytestring::ByteString;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Sleep;

use self::slot::{Gate, Passed, Slot};
use self::task::Task;
use crate::link::{Link, Wishes};
use crate::server::Shared;
use crate::{Acker, Args, Connection, DisconnectReason, Incoming, Input};

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
    are_gates_due: bool,
    connection: Connection,
    /// Nothing is read any more; what runs runs to its end.
    is_over: bool,
    link: Arc<Link>,
    now: Instant,
    shared: Arc<Shared>,
    slots: Vec<Slot>,
    tasks: FuturesUnordered<Task>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Which slot's turn it is to start a waiting event.
    turn: usize,
    waiting_bytes: usize,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, engine: engineio::Socket) -> Self {
        let now = now();
        let timeout = shared.config.connect_timeout;
        Self {
            are_gates_due: false,
            connection: Connection::new(shared.limits.clone(), timeout, now),
            is_over: false,
            link: Arc::new(Link::new(engine)),
            now,
            shared,
            slots: Vec::new(),
            tasks: FuturesUnordered::new(),
            timer: None,
            turn: 0,
            waiting_bytes: 0,
        }
    }

    /// Does one thing, if there is one to do. What is going on comes before
    /// what is new.
    fn step(&mut self, cx: &mut Context<'_>) -> bool {
        self.obey(cx)
            || self.poll_tasks(cx)
            || self.poll_gates(cx)
            || self.start_next(cx)
            || self.read(cx)
            || self.check_deadline(cx)
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
        !self.tasks.is_empty() && self.tasks.poll_next_unpin(cx).is_ready()
    }

    /// Looks at the gates once each time that the task is woken, and after a
    /// change: they have no wakers of their own.
    fn poll_gates(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.are_gates_due {
            return false;
        }
        for index in 0..self.slots.len() {
            if let Poll::Ready(passed) = self.slots[index].poll_gate(cx) {
                self.pass(index, passed, cx);
                return true;
            }
        }
        self.are_gates_due = false;
        false
    }

    fn pass(&mut self, index: usize, passed: Passed, cx: &mut Context<'_>) {
        match passed {
            Passed::Decision(Ok(())) => self.admit(index),
            Passed::Decision(Err(error)) => self.refuse(index, &error),
            Passed::Connected | Passed::Event(None) => {}
            Passed::Event(Some(event)) => self.call(index, event, cx),
        }
    }

    /// Starts an event that waited, of one socket after the other.
    fn start_next(&mut self, cx: &mut Context<'_>) -> bool {
        if self.waiting_bytes == 0 || !self.may_start() {
            return false;
        }
        let count = self.slots.len();
        let order = (0..count).map(|step| (self.turn + step) % count);
        let Some(index) = order
            .into_iter()
            .find(|&index| self.slots[index].has_next())
        else {
            return false;
        };
        self.turn = index + 1;
        if let Some((event, cost)) = self.slots[index].take_next() {
            self.waiting_bytes -= cost;
            self.start(index, event, cx);
        }
        true
    }

    /// Takes the next message, unless there is enough to do.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        if self.is_over {
            return false;
        }
        if self.is_full() {
            // Who is not listened to can still go away. This runs on the task
            // of the engine's session, which is woken by its end.
            let is_closed = self.link.engine.close_reason().is_some();
            if is_closed {
                self.end(self.close_reason(), cx);
            }
            return is_closed;
        }
        let Poll::Ready(message) = self.link.engine.poll_recv(cx) else {
            return false;
        };
        match message.map(|message| self.connection.handle(message, self.now)) {
            None => self.end(self.close_reason(), cx),
            Some(Ok(None)) => {}
            Some(Ok(Some(input))) => self.take(input, cx),
            Some(Err(violation)) => self.punish(&violation, cx),
        }
        true
    }

    fn check_deadline(&mut self, cx: &mut Context<'_>) -> bool {
        let deadline = self.connection.poll_timeout().filter(|_| !self.is_over);
        let Some(deadline) = deadline.map(tokio::time::Instant::from_std) else {
            self.timer = None;
            return false;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        if timer.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.timer = None;
        if let Err(violation) = self.connection.handle_timeout(now()) {
            self.punish(&violation, cx);
        }
        true
    }

    fn take(&mut self, input: Input, cx: &mut Context<'_>) {
        match input {
            Input::Connect { nsp, auth } => self.connect(&nsp, auth),
            Input::Event {
                nsp,
                name,
                args,
                ack,
            } => self.receive(&nsp, name, args, ack, cx),
            Input::Ack { nsp, id, args } => {
                if let Some(index) = self.find(&nsp) {
                    self.slots[index].socket.acks().resolve(id, args);
                }
            }
            Input::Disconnect { nsp } => {
                if let Some(index) = self.find(&nsp) {
                    self.part(index, DisconnectReason::Client, cx);
                }
            }
        }
    }

    /// An event came: it starts, or it waits for those before it.
    fn receive(
        &mut self,
        nsp: &str,
        name: ByteString,
        args: Args,
        ack: Option<u64>,
        cx: &mut Context<'_>,
    ) {
        let Some(index) = self.find(nsp) else { return };
        let may_start = self.may_start();
        let slot = &mut self.slots[index];
        let acker = ack.map(|id| Acker::new(id, slot.socket.outlet()));
        let event = Incoming::new(name, args, acker);
        if may_start && slot.is_free() {
            self.start(index, event, cx);
        } else {
            self.waiting_bytes += slot.hold(event);
        }
    }

    fn start(&mut self, index: usize, event: Incoming, cx: &mut Context<'_>) {
        let slot = &mut self.slots[index];
        let hooks = slot.socket.namespace().hooks();
        if hooks.passes_events() {
            return self.call(index, event, cx);
        }
        slot.gate = Gate::Filtering(Box::pin(hooks.filter(slot.socket.clone(), event)));
        self.are_gates_due = true;
    }

    /// Calls the handler of an event. Nobody answers one without a handler, nor
    /// one whose socket was disconnected meanwhile.
    fn call(&mut self, index: usize, event: Incoming, cx: &mut Context<'_>) {
        let socket = &self.slots[index].socket;
        if !socket.is_connected() {
            return;
        }
        match socket.handler(event.name()) {
            Some(handler) => {
                let event = task::Event::start(socket.clone(), &handler, event);
                self.run(Task::Event(event), cx);
            }
            None => tracing::trace!(socket = socket.id(), "event without a handler"),
        }
    }

    /// Polls a task where it was made, and keeps it if it is not ready.
    fn run(&mut self, mut task: Task, cx: &mut Context<'_>) {
        if Pin::new(&mut task).poll(cx).is_pending() {
            self.tasks.push(task);
        }
    }

    fn remove(&mut self, index: usize) -> Slot {
        let slot = self.slots.remove(index);
        self.waiting_bytes -= slot.cost();
        slot
    }

    fn find(&self, nsp: &str) -> Option<usize> {
        let is_meant = |slot: &Slot| slot.socket.namespace().name() == nsp;
        self.slots.iter().position(is_meant)
    }

    /// Whether one more handler may run.
    fn may_start(&self) -> bool {
        self.tasks.len() < self.max_in_flight()
    }

    /// Whether nothing more is to be read now. Hooks of sockets that left run
    /// beside the handlers, and must not pile up either.
    fn is_full(&self) -> bool {
        self.waiting_bytes > self.shared.limits.pending_bytes
            || self.tasks.len() >= 2 * self.max_in_flight()
    }

    /// With none at all nothing would ever happen.
    fn max_in_flight(&self) -> usize {
        self.shared.limits.max_in_flight.max(1)
    }
}

impl Future for Session {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.link.register(cx);
        this.now = now();
        this.are_gates_due = true;
        for _ in 0..STEPS {
            if !this.step(cx) {
                let is_done = this.is_over && this.tasks.is_empty();
                return if is_done {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                };
            }
        }
        // Others are to have their turn, the writing of answers as well.
        cx.waker().wake_by_ref();
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
    use super::*;
    use crate::Socket;

    #[test]
    fn a_connection_and_a_socket_are_small() {
        for (what, size, limit) in [
            ("a connection", size_of::<Session>(), 200),
            ("its link", size_of::<Link>(), 72),
            ("a slot", size_of::<Slot>(), 64),
            ("a socket", Socket::SIZE, 336),
            (
                "a handler that waits, beside its future",
                size_of::<Task>(),
                80,
            ),
        ] {
            assert!(size <= limit, "{what} takes {size} bytes");
        }
    }
}
