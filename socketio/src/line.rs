//! The way from a socket to its client, from the CONNECT to the DISCONNECT.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use engineio::{Class, Message, Wake};

use crate::link::Link;
use crate::sync::lock;
use crate::{DisconnectReason, EmitError, Encoded};

/// The way from a socket to its client.
///
/// Whether it is open is looked at, and the packet queued, under one lock: so
/// nothing is sent before the CONNECT, and nothing after the socket has left.
/// Those who wait for the packet are woken when that lock is free again.
pub(crate) struct Line {
    link: Arc<Link>,
    phase: Mutex<Phase>,
}

/// Where a socket is in its life; it only ever moves down this list.
enum Phase {
    /// Its middleware runs.
    Pending,
    Connected,
    /// With the rooms that it was in, until its last handler is done.
    Left(DisconnectReason, Vec<Arc<str>>),
}

impl Line {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            phase: Mutex::new(Phase::Pending),
        }
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(*lock(&self.phase), Phase::Connected)
    }

    /// Why the socket left; `None` if it has not.
    pub(crate) fn reason(&self) -> Option<DisconnectReason> {
        match &*lock(&self.phase) {
            Phase::Left(reason, _) => Some(*reason),
            Phase::Connected | Phase::Pending => None,
        }
    }

    /// Opens with the messages of the packet that tells the client, which may
    /// have others in front of it. `None` if it was open, or is closed. Who is
    /// woken by it, when what is returned is dropped, finds the socket
    /// connected.
    pub(crate) fn open(&self, connect: &[Message]) -> Option<Wake> {
        let mut phase = lock(&self.phase);
        if !matches!(*phase, Phase::Pending) {
            return None;
        }
        *phase = Phase::Connected;
        // If the connection has ended, its end is on its way.
        let (_sent, wake) = self.link.engine.queue(connect, Class::Reliable);
        Some(wake)
    }

    /// Sends a packet, if the socket is connected.
    pub(crate) fn send(&self, packet: Cow<'_, Encoded>, class: Class<'_>) -> Result<(), EmitError> {
        let (sent, _wake) = self.queue(packet, class);
        sent
    }

    /// As [`send`](Self::send), for callers that hold a lock: nobody is woken
    /// before what is returned is dropped. That nothing was queued can close the
    /// connection, so that is to be dropped then as well.
    pub(crate) fn queue(
        &self,
        packet: Cow<'_, Encoded>,
        class: Class<'_>,
    ) -> (Result<(), EmitError>, Option<Wake>) {
        let phase = lock(&self.phase);
        if !matches!(*phase, Phase::Connected) {
            return (Err(EmitError::NotConnected), None);
        }
        let engine = &self.link.engine;
        let (sent, wake) = match packet {
            Cow::Borrowed(packet) => engine.queue(packet.parts(), class),
            Cow::Owned(packet) => match packet.into_one() {
                Ok(message) => engine.queue_one(message, class),
                Err(packet) => engine.queue(packet.parts(), class),
            },
        };
        (sent.map_err(Into::into), Some(wake))
    }

    /// Does something, unless the socket has left, or else leaves meanwhile.
    pub(crate) fn unless_left<R>(&self, act: impl FnOnce() -> R) -> Option<R> {
        let phase = lock(&self.phase);
        (!matches!(*phase, Phase::Left(..))).then(act)
    }

    /// Closes for ever, and takes the socket out of its rooms with `leave`, as
    /// one step: whoever finds it closed finds the rooms that it was in. `false`
    /// if it is closed: the first reason stays.
    pub(crate) fn close(
        &self,
        reason: DisconnectReason,
        leave: impl FnOnce() -> Vec<Arc<str>>,
    ) -> bool {
        let mut phase = lock(&self.phase);
        let is_first = !matches!(*phase, Phase::Left(..));
        if is_first {
            *phase = Phase::Left(reason, leave());
        }
        is_first
    }

    /// The rooms that a socket which left was in; `None` if it has not.
    pub(crate) fn left_rooms(&self) -> Option<Vec<Arc<str>>> {
        match &*lock(&self.phase) {
            Phase::Left(_, rooms) => Some(rooms.clone()),
            Phase::Connected | Phase::Pending => None,
        }
    }

    /// Forgets the rooms that a socket which left was in.
    pub(crate) fn forget_rooms(&self) {
        if let Phase::Left(_, rooms) = &mut *lock(&self.phase) {
            *rooms = Vec::new();
        }
    }
}
