//! The one way of events from the application to the sockets of this node.

mod kept;

use std::borrow::Cow;

use engineio::Class;

use crate::ack::Pending;
use crate::observers::Shown;
use crate::rooms::Selection;
use crate::{EmitError, EncodeError, Encoded, EventId, IntoArgs, Namespace, Socket};

/// An event on its way to clients, whoever emits it.
pub(crate) struct Outgoing<'a, P> {
    /// The id that answers are to carry, if some are asked for.
    pub(crate) ack: Option<u64>,
    pub(crate) args: &'a P,
    pub(crate) class: Class<'a>,
    /// What it is called at every server that has it.
    pub(crate) id: Option<EventId>,
    pub(crate) name: &'a str,
}

/// Whom an event is for.
#[derive(Clone, Copy)]
enum Target<'a> {
    Selection(&'a Selection),
    Socket(&'a Socket),
}

impl Target<'_> {
    /// Whether somebody can be meant who comes back for it.
    fn may_miss_it(self) -> bool {
        match self {
            Self::Selection(_) => true,
            Self::Socket(socket) => socket.ticket().is_some(),
        }
    }
}

impl Namespace {
    /// Sends an event to one socket.
    pub(crate) fn send_to<P: IntoArgs>(
        &self,
        socket: &Socket,
        event: &Outgoing<'_, P>,
    ) -> Result<(), EmitError> {
        self.transmit(event, Target::Socket(socket), |socket, packet| {
            socket.send(packet, event.class)
        })?
    }

    /// Sends an event to all who are selected. Who cannot take it concerns
    /// nobody else.
    pub(crate) fn deliver<P: IntoArgs>(
        &self,
        selection: &Selection,
        event: &Outgoing<'_, P>,
    ) -> Result<(), EncodeError> {
        let push = |socket: &Socket, packet: Cow<'_, _>| socket.send(packet, event.class);
        self.transmit(event, Target::Selection(selection), push)
            .map(drop)
    }

    /// Asks one socket something.
    pub(crate) fn ask_one<P: IntoArgs>(
        &self,
        socket: &Socket,
        event: &Outgoing<'_, P>,
        pending: &mut Pending,
    ) -> Result<(), EmitError> {
        self.transmit(event, Target::Socket(socket), |socket, packet| {
            socket.ask(pending, packet, event.class)
        })?
    }

    /// Asks all who are selected.
    pub(crate) fn ask_all<P: IntoArgs>(
        &self,
        selection: &Selection,
        event: &Outgoing<'_, P>,
        pending: &mut Pending,
    ) -> Result<(), EncodeError> {
        let push = |socket: &Socket, packet: Cow<'_, _>| socket.ask(pending, packet, event.class);
        self.transmit(event, Target::Selection(selection), push)
            .map(drop)
    }

    /// Every event passes here once on its way to the sockets of this node. It
    /// is written once, and pushed to each of its recipients; then it is shown to
    /// those who see every event. What became of it is known of the one socket
    /// that it is for, if it is for one.
    fn transmit<P: IntoArgs>(
        &self,
        event: &Outgoing<'_, P>,
        to: Target<'_>,
        mut push: impl FnMut(&Socket, Cow<'_, Encoded>) -> Result<(), EmitError>,
    ) -> Result<Result<(), EmitError>, EncodeError> {
        // What may be dropped, or is answered, is not sent again.
        if let Some(ledger) = self.recovery()
            && event.ack.is_none()
            && event.class == Class::Reliable
            && to.may_miss_it()
        {
            return self.transmit_kept(ledger, event, to);
        }
        let parser = self.config().parser;
        let packet = parser.encode_event(self.name(), event.name, event.args, event.ack)?;
        let is_watched = self.behaviour().is_watched();
        let mut reached = Vec::new();
        let mut push = |socket: &Socket, packet: Cow<'_, _>| {
            let sent = push(socket, packet);
            if is_watched && sent.is_ok() {
                reached.push(socket.clone());
            }
            sent
        };
        let sent = match to {
            Target::Selection(selection) => {
                self.for_each(selection, |socket| {
                    if let Err(error) = push(socket, Cow::Borrowed(&packet)) {
                        tracing::trace!(socket = socket.id(), %error, "event not sent");
                    }
                });
                Ok(())
            }
            Target::Socket(socket) => push(socket, Cow::Owned(packet)),
        };
        let event = Shown::new(event);
        for socket in reached {
            socket.show_outgoing(&event);
        }
        Ok(sent)
    }
}
