//! The way of an event: it waits its turn, passes the hooks, and is handled.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytestring::ByteString;

use super::Session;
use super::event::Event;
use super::gate::{Gate, Passed, Running};
use super::load::{Charge, Place};
use super::slot::Slot;
use super::task::{Outcome, Task};
use crate::hooks::Boxed;
use crate::told::Shortened;
use crate::unwind::discard;
use crate::{Acker, Args, Incoming};

impl Session {
    /// An event came: it starts, or it waits for those before it.
    pub(super) fn receive(
        &mut self,
        nsp: &str,
        name: ByteString,
        args: Args,
        ack: Option<u64>,
        cx: &mut Context<'_>,
    ) {
        self.link.figures.event();
        let Some(index) = self.find(nsp) else {
            return self.hold(nsp, name, args, ack);
        };
        let may_start = self.may_start();
        let slot = &mut self.slots[index];
        let acker = ack.map(|id| Acker::new(id, slot.socket.outlet()));
        let event = Incoming::new(name, args, acker);
        let charge = self.load.charge(&event);
        if may_start && slot.is_free() {
            self.start(index, event, charge, cx);
        } else {
            slot.waiting.push(event, charge);
        }
    }

    /// Starts an event that waited, of one socket after the other.
    pub(super) fn start_next(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.load.has_waiting() || !self.may_start() {
            return false;
        }
        let count = self.slots.len();
        let mut order = (0..count).map(|step| (self.turn + step) % count);
        let Some(index) = order.find(|&index| self.slots[index].has_next()) else {
            return false;
        };
        self.turn = index + 1;
        if let Some((event, charge)) = self.slots[index].waiting.pop() {
            self.start(index, event, charge, cx);
        }
        true
    }

    fn start(&mut self, index: usize, event: Incoming, charge: Charge, cx: &mut Context<'_>) {
        let place = charge.start();
        let socket = &self.slots[index].socket;
        socket.show_incoming(&event);
        if socket.namespace().behaviour().passes_events() {
            return self.call(index, event, place, cx);
        }
        let filter = socket.namespace().hooks().filter(socket.clone(), event);
        // The handler will have the place that the hooks have now.
        let hooks = async move { Passed::Event(filter.await.map(|event| (event, place))) };
        self.run_hooks(index, Gate::Closed, Box::pin(hooks), cx);
    }

    /// Calls the handler of an event. Nobody answers one without a handler, nor
    /// one whose socket was disconnected meanwhile.
    fn call(&mut self, index: usize, event: Incoming, place: Place, cx: &mut Context<'_>) {
        let socket = &self.slots[index].socket;
        if !socket.is_connected() {
            return;
        }
        match socket.handler(event.name()) {
            Some(handler) => {
                let event = Event::start(socket.clone(), &handler, event);
                if self.shared.config.serial_handlers {
                    let handled = async move {
                        event.await;
                        drop(place);
                        Passed::Handled
                    };
                    return self.run_hooks(index, Gate::Closed, Box::pin(handled), cx);
                }
                let task = Task::Event {
                    event,
                    _place: place,
                };
                self.run(task, cx);
            }
            None => {
                let event = Shortened(event.name());
                tracing::debug!(socket = socket.id(), ?event, "event without a handler");
            }
        }
    }

    /// Runs hooks that the socket's next event waits for. They are polled where
    /// they were made, and are among the tasks if they are not ready.
    pub(super) fn run_hooks(
        &mut self,
        index: usize,
        gate: fn(Running) -> Gate,
        mut hooks: Boxed<Passed>,
        cx: &mut Context<'_>,
    ) {
        if let Poll::Ready(passed) = hooks.as_mut().poll(cx) {
            discard(hooks);
            return self.pass(index, passed, cx);
        }
        let slot = &mut self.slots[index];
        let (task, running) = Task::gate(slot.socket.clone(), hooks);
        slot.gate = gate(running);
        self.tasks.push(task);
    }

    /// Polls a task where it was made, and keeps it if it is not ready.
    pub(super) fn run(&mut self, mut task: Task, cx: &mut Context<'_>) {
        if Pin::new(&mut task).poll(cx).is_pending() {
            self.tasks.push(task);
        }
    }

    /// A task is done. What came through the gate of a socket that has left
    /// meanwhile is dropped.
    pub(super) fn finish(&mut self, outcome: Outcome, cx: &mut Context<'_>) {
        let (socket, passed) = match outcome {
            Outcome::Found(nsp, template) => return self.decide(&nsp, template, cx),
            Outcome::Nothing => return,
            Outcome::Restored(namespace, comeback) => {
                return self.restored(namespace, comeback, cx);
            }
            Outcome::Passed(socket, passed) => (socket, passed),
        };
        let is_meant = |slot: &Slot| slot.socket.is(&socket);
        if let Some(index) = self.slots.iter().position(is_meant) {
            self.slots[index].gate = Gate::Open;
            self.pass(index, passed, cx);
        }
    }

    fn pass(&mut self, index: usize, passed: Passed, cx: &mut Context<'_>) {
        match passed {
            Passed::Decision(Ok(())) => self.admit(index, cx),
            Passed::Decision(Err(error)) => self.refuse(index, &error),
            Passed::Connected | Passed::Event(None) | Passed::Handled => {}
            Passed::Event(Some((event, place))) => self.call(index, event, place, cx),
        }
    }
}
