//! How sockets come and go on a connection.

use std::sync::Arc;
use std::task::Context;
use std::time::{Duration, SystemTime};

use bytestring::ByteString;
use engineio::{Close, CloseReason};

use super::Session;
use super::applicant::Early;
use super::gate::{Gate, Passed, Running};
use super::load::Leaving;
use super::slot::Slot;
use super::task::Task;
use super::violation;
use crate::hooks::Hooks;
use crate::recovery::Comeback;
use crate::told::Shortened;
use crate::{
    Args, ConnectError, DisconnectReason, Encoded, Handshake, Namespace, Parser, Protocol, Socket,
    Violation,
};

impl Session {
    /// A client asks to be let into a namespace.
    pub(super) fn connect(&mut self, nsp: &ByteString, auth: Args, cx: &mut Context<'_>) {
        match self.shared.namespaces.named(nsp) {
            Some(namespace) => {
                let handshake = self.handshake(auth);
                self.restore(namespace, handshake, Vec::new(), cx);
            }
            None => self.apply(nsp, auth, cx),
        }
    }

    /// What is kept of a CONNECT.
    pub(super) fn handshake(&self, mut auth: Args) -> Handshake {
        // It is kept as long as the socket, and its message is not to be.
        auth.detach(usize::MAX);
        Handshake::new(auth, wall_clock(), self.link.engine.clone())
    }

    /// Asks the middleware of a namespace, while what the client sent already
    /// waits.
    pub(super) fn enter(
        &mut self,
        namespace: Namespace,
        handshake: Handshake,
        comeback: Option<Box<Comeback>>,
        waiting: Vec<Early>,
        cx: &mut Context<'_>,
    ) {
        let (socket, before) = Socket::enter(namespace, self.link.clone(), handshake, comeback);
        let config = &self.shared.config;
        // The last handlers of the one before may themselves be put off.
        let limit = config.farewell_delay().saturating_add(config.leave_timeout);
        let skips = config.skips_middleware() && socket.recovered();
        let decision = socket.namespace().hooks().decide(socket.clone());
        let hooks = Box::pin(async move {
            if let Some(before) = before {
                // Its end comes before the new beginning of the same socket.
                before.done_within(limit).await;
            }
            Passed::Decision(if skips { Ok(()) } else { decision.await })
        });
        let mut slot = Slot::new(socket);
        for early in waiting {
            let (event, charge) = early.arrive(&slot.socket);
            slot.waiting.push(event, charge);
        }
        if self.slots.is_empty() {
            // Most clients are in one namespace.
            self.slots.reserve_exact(1);
        }
        self.slots.push(slot);
        self.run_hooks(self.slots.len() - 1, Gate::Deciding, hooks, cx);
    }

    /// Lets a client in, unless it has gone away meanwhile, or the server closes.
    pub(super) fn admit(&mut self, index: usize, cx: &mut Context<'_>) {
        if self.link.engine.close_reason().is_some() || self.shared.is_closing() {
            return drop_out(&self.slots.remove(index).socket, self.close_reason());
        }
        let slot = &self.slots[index];
        let (socket, namespace) = (&slot.socket, slot.socket.namespace());
        tracing::debug!(
            socket = socket.id(),
            nsp = ?Shortened(namespace.name()),
            "socket connected"
        );
        self.connection.accept(namespace.name());
        if !socket.admit() {
            // The client is on another connection already. Or it was disconnected
            // while it came back, or what it missed is not known any more: it is
            // told so when it comes once more.
            self.link.engine.close(Close::Discard);
            return drop_out(&self.slots.remove(index).socket, DisconnectReason::Server);
        }
        let hooks = namespace.hooks();
        let connected = hooks.has_connect().then(|| hooks.connected(socket.clone()));
        self.slots[index].connected = self.link.figures.connected();
        if let Some(connected) = connected {
            let hooks = Box::pin(async move {
                connected.await;
                Passed::Connected
            });
            self.run_hooks(index, Gate::Closed, hooks, cx);
        }
    }

    /// Turns a client away. The rooms that middleware let it join are left.
    pub(super) fn refuse(&mut self, index: usize, error: &ConnectError) {
        let Slot { socket, .. } = self.slots.remove(index);
        let nsp = socket.namespace().name();
        tracing::debug!(socket = socket.id(), nsp = ?Shortened(nsp), "socket refused");
        self.connection.refuse(nsp);
        drop_out(&socket, DisconnectReason::Server);
        self.send_refusal(self.link.protocol, nsp, error);
    }

    /// Closes a connection whose client breaks the rules.
    pub(super) fn punish(&mut self, violation: &Violation, cx: &mut Context<'_>) {
        violation::log(violation, &self.shared.config);
        self.link.figures.violated();
        self.link.engine.close(Close::Flush);
        self.end(DisconnectReason::Closed(CloseReason::ForcedClose), cx);
    }

    /// Closes the connection as the server's own wish.
    pub(super) fn close(&mut self, cx: &mut Context<'_>) {
        for slot in &self.slots {
            self.dismiss(slot);
        }
        self.link.engine.close(Close::Flush);
        self.end(DisconnectReason::Server, cx);
    }

    /// Ends all sockets of the connection.
    pub(super) fn end(&mut self, reason: DisconnectReason, cx: &mut Context<'_>) {
        self.is_over = true;
        // What they wait for is dropped where it waits.
        self.applicants.clear();
        while !self.slots.is_empty() {
            self.part(0, reason, cx);
        }
    }

    /// The server disconnected a socket, which may have left meanwhile.
    pub(super) fn see_off(&mut self, id: &str, cx: &mut Context<'_>) {
        if let Some(index) = self.slots.iter().position(|slot| slot.socket.id() == id) {
            self.dismiss(&self.slots[index]);
            let namespace = self.slots[index].socket.namespace();
            self.connection.leave(namespace.name());
            self.part(index, DisconnectReason::Server, cx);
        }
    }

    /// Closes a connection that cannot go on: what it is waited for is behind
    /// what it is not read for.
    pub(super) fn give_up(&mut self, cx: &mut Context<'_>) {
        tracing::warn!(
            max_pause = ?self.shared.limits.max_pause,
            "connection closed: no handler got done, and nothing could be read"
        );
        self.link.engine.close(Close::Flush);
        self.end(DisconnectReason::Closed(CloseReason::Stalled), cx);
    }

    /// Ends a socket. Here alone are the handlers for that run, and a slot is
    /// removed once: so they run once. Events that wait are not handled any
    /// more, and middleware is dropped.
    pub(super) fn part(&mut self, index: usize, reason: DisconnectReason, cx: &mut Context<'_>) {
        let Slot { gate, socket, .. } = self.slots.remove(index);
        let before = match gate {
            Gate::Open => None,
            Gate::Deciding(middleware) => {
                middleware.cancel();
                return drop_out(&socket, reason);
            }
            Gate::Closed(running) => Some(running),
        };
        socket.end(reason);
        let reason = socket.reason().unwrap_or(reason);
        tracing::debug!(socket = socket.id(), %reason, "socket disconnected");
        let farewell = Farewell {
            before: before.map(|running| (running, self.shared.config.farewell_delay())),
            hooks: socket.namespace().hooks(),
            leaving: Leaver {
                _counted: self.load.leave(),
                socket,
            },
        };
        self.run(Task::Farewell(Box::pin(farewell.say(reason))), cx);
    }

    /// Tells a client that the server disconnects it. Nothing of this socket is
    /// sent after that; and as it is told here alone, by the task that also lets
    /// it in, it never ends the client's next socket.
    fn dismiss(&self, slot: &Slot) {
        if !matches!(slot.gate, Gate::Deciding(_)) {
            slot.socket.end(DisconnectReason::Server);
            let nsp = slot.socket.namespace().name();
            self.send(&self.parser().encode_disconnect(nsp));
        }
    }

    pub(super) fn send_refusal(&self, protocol: Protocol, nsp: &str, error: &ConnectError) {
        self.link.figures.refused();
        self.send(&self.parser().encode_connect_error(protocol, nsp, error));
    }

    fn parser(&self) -> Parser {
        self.shared.config.parser
    }

    fn send(&self, packet: &Encoded) {
        // If the connection has ended, its end is on its way.
        let _ = self.link.engine.send_all(packet.parts());
    }

    pub(super) fn close_reason(&self) -> DisconnectReason {
        match self.link.engine.close_reason() {
            Some(CloseReason::ForcedClose) | None if self.shared.is_closing() => {
                DisconnectReason::Shutdown
            }
            reason => DisconnectReason::Closed(reason.unwrap_or(CloseReason::ForcedClose)),
        }
    }
}

impl Drop for Session {
    /// Only a session that is cut off has sockets left. They are in nobody's
    /// way then, whatever it was that cut it off.
    fn drop(&mut self) {
        for slot in &self.slots {
            let reason = DisconnectReason::Closed(CloseReason::ForcedClose);
            drop_out(&slot.socket, reason);
        }
    }
}

/// Ends a socket without a farewell.
fn drop_out(socket: &Socket, reason: DisconnectReason) {
    socket.end(reason);
    socket.forget();
}

/// The last things that are done for a socket.
struct Farewell {
    /// What is waited for, and how long.
    before: Option<(Running, Duration)>,
    /// Those of the time when the socket left: a server that closes forgets its
    /// hooks while the last of them may still have to run.
    hooks: Arc<Hooks>,
    leaving: Leaver,
}

impl Farewell {
    async fn say(self, reason: DisconnectReason) {
        if let Some((running, limit)) = self.before {
            running.end_within(limit).await;
        }
        let socket = self.leaving.socket.clone();
        Hooks::disconnected(self.hooks, socket, reason).await;
    }
}

/// A socket that left. Its handlers are dropped also if its last hook is never
/// done.
struct Leaver {
    _counted: Leaving,
    socket: Socket,
}

impl Drop for Leaver {
    fn drop(&mut self) {
        self.socket.forget();
    }
}

#[expect(clippy::disallowed_methods, reason = "people want to know when it was")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}
