//! The one way of events from the application to the sockets of this node.

use engineio::Class;

use crate::ack::Pending;
use crate::proto::draft::Draft;
use crate::recovery::{Audience, Ledger};
use crate::rooms::Selection;
use crate::{EmitError, EncodeError, Encoded, IntoArgs, Namespace, Socket, encode_event};

/// An event on its way to clients, whoever emits it.
pub(crate) struct Outgoing<'a, P> {
    /// The id that answers are to carry, if some are asked for.
    pub(crate) ack: Option<u64>,
    pub(crate) args: &'a P,
    pub(crate) class: Class<'a>,
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
        let push = |socket: &Socket, packet: &_| socket.send(packet, event.class);
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
        let push = |socket: &Socket, packet: &_| socket.ask(pending, packet, event.class);
        self.transmit(event, Target::Selection(selection), push)
            .map(drop)
    }

    /// Every event passes here once on its way to the sockets of this node. It
    /// is written once, and pushed to each of its recipients. What became of it
    /// is known of the one socket that it is for, if it is for one.
    fn transmit<P: IntoArgs>(
        &self,
        event: &Outgoing<'_, P>,
        to: Target<'_>,
        mut push: impl FnMut(&Socket, &Encoded) -> Result<(), EmitError>,
    ) -> Result<Result<(), EmitError>, EncodeError> {
        // What may be dropped, or is answered, is not sent again.
        if let Some(ledger) = self.recovery()
            && event.ack.is_none()
            && event.class == Class::Reliable
            && to.may_miss_it()
        {
            return self.transmit_in_turn(ledger, event, to);
        }
        let packet = encode_event(self.name(), event.name, event.args, event.ack)?;
        match to {
            Target::Selection(selection) => self.for_each(selection, |socket| {
                if let Err(error) = push(socket, &packet) {
                    tracing::trace!(socket = socket.id(), %error, "event not sent");
                }
            }),
            Target::Socket(socket) => return Ok(push(socket, &packet)),
        }
        Ok(Ok(()))
    }

    /// As [`transmit`](Self::transmit), for events that are kept for those who
    /// miss them.
    fn transmit_in_turn<P: IntoArgs>(
        &self,
        ledger: &Ledger,
        event: &Outgoing<'_, P>,
        to: Target<'_>,
    ) -> Result<Result<(), EmitError>, EncodeError> {
        let draft = Draft::new(self.name(), event.name, event.args)?;
        let has_revision_3 = self.config().engine.allow_revision_3;
        let plain = has_revision_3
            .then(|| encode_event(self.name(), event.name, event.args, None))
            .transpose()?;
        let (mut sockets, audience) = match to {
            Target::Selection(selection) => (Vec::new(), Audience::Selection(selection.clone())),
            Target::Socket(socket) => (vec![socket.clone()], Audience::Socket(socket.shared_id())),
        };
        let mut outcomes = Vec::new();
        {
            let turn = ledger.turn();
            match to {
                Target::Selection(selection) => self.select(selection, &mut sockets),
                Target::Socket(socket) if !socket.is_connected() => {
                    return Ok(Err(EmitError::NotConnected));
                }
                Target::Socket(_) => {}
            }
            let packet = turn.store.append(self.name(), audience, draft, turn.now);
            let plain = plain.as_ref().unwrap_or(&packet);
            outcomes.extend(sockets.iter().map(|socket| match socket.ticket() {
                Some(_) => socket.queue(&packet),
                None => socket.queue(plain),
            }));
        }
        // Those who wait for it are woken here, and what is dropped is: behind
        // the turn.
        let mut outcome = Ok(());
        for (socket, (sent, _wake)) in sockets.iter().zip(outcomes) {
            if let Err(error) = &sent {
                tracing::trace!(socket = socket.id(), %error, "event not sent");
            }
            outcome = sent;
        }
        ledger.sweep();
        Ok(match to {
            Target::Selection(_) => Ok(()),
            Target::Socket(_) => outcome,
        })
    }
}
