//! Events that are kept for those who miss them.

use engineio::Wake;

use super::{Outgoing, Target};
use crate::observers::Shown;
use crate::proto::draft::{Draft, UNKNOWN};
use crate::recovery::Ledger;
use crate::unwind::discard;
use crate::{
    Args, Audience, EmitError, EncodeError, Encoded, IntoArgs, KeptEvent, Namespace, Socket,
};

impl Namespace {
    /// As [`transmit`](Self::transmit), for an event that is kept for those who
    /// miss it: it is given its offset, kept and queued in one turn.
    pub(super) fn transmit_kept<P: IntoArgs>(
        &self,
        ledger: &Ledger,
        event: &Outgoing<'_, P>,
        to: Target<'_>,
    ) -> Result<Result<(), EmitError>, EncodeError> {
        let Written { draft, plain } = Written::new(self, event)?;
        let mut sockets = match to {
            Target::Selection(_) => Vec::new(),
            Target::Socket(socket) => vec![socket.clone()],
        };
        let audience = to.audience();
        let (_packet, sent, lost) = {
            let mut turn = ledger.turn();
            match to {
                Target::Selection(selection) => self.select(selection, &mut sockets),
                Target::Socket(socket) if !socket.is_connected() => {
                    return Ok(Err(EmitError::NotConnected));
                }
                Target::Socket(_) => {}
            }
            let offset = turn.next_offset(self.name());
            let (nsp, id) = (self.shared_name().clone(), event.id.clone());
            let known = offset.as_deref().unwrap_or(UNKNOWN);
            let kept = KeptEvent::new(nsp, audience, id, draft, known);
            let packet = kept.packet().clone();
            let is_kept = offset.is_some() && turn.append(kept);
            let lost = (!is_kept).then(|| turn.lose(self.name(), &to.audience(), &sockets));
            let sent = queue(&sockets, &packet, plain.as_ref());
            (packet, sent, lost)
        };
        discard(lost);
        // Whoever waits for it is woken behind the turn, and the sockets and the
        // packet are let go there, too.
        let mut outcome = Ok(());
        let mut reached = Vec::new();
        let is_watched = self.behaviour().is_watched();
        for (socket, (sent, _wake)) in sockets.iter().zip(sent) {
            match (sent, to) {
                (Ok(()), _) if is_watched => reached.push(socket),
                (Ok(()), _) => {}
                (Err(error), Target::Selection(_)) => {
                    tracing::trace!(socket = socket.id(), %error, "event not sent");
                }
                (Err(error), Target::Socket(_)) => outcome = Err(error),
            }
        }
        ledger.sweep();
        let event = Shown::new(event);
        for socket in reached {
            socket.show_outgoing(&event);
        }
        Ok(outcome)
    }
}

impl Target<'_> {
    fn audience(self) -> Audience {
        match self {
            Self::Selection(selection) => Audience::selection(selection),
            Self::Socket(socket) => Audience::one(socket.shared_id()),
        }
    }
}

/// An event that is written, but for its offset.
struct Written {
    draft: Draft,
    /// For clients of revision 3, which are given no offset, if there may be
    /// some.
    plain: Option<Encoded>,
}

/// What became of a packet, and whom to wake then.
type Sent = (Result<(), EmitError>, Option<Wake>);

impl Written {
    fn new<P: IntoArgs>(
        namespace: &Namespace,
        event: &Outgoing<'_, P>,
    ) -> Result<Self, EncodeError> {
        let (nsp, name) = (namespace.name(), event.name);
        let parser = namespace.config().parser;
        if !namespace.config().engine.allow_revision_3 {
            let draft = Draft::new(parser, nsp, name, event.args)?;
            return Ok(Self { draft, plain: None });
        }
        // It is written twice, so that the user's code is asked once.
        let args = Args::write(event.args)?;
        Ok(Self {
            draft: Draft::new(parser, nsp, name, &args)?,
            plain: Some(parser.encode_event(nsp, name, &args, None)?),
        })
    }
}

/// Sends a packet to each, or the plain one to who is given no offset. Nobody is
/// woken.
fn queue(to: &[Socket], packet: &Encoded, plain: Option<&Encoded>) -> Vec<Sent> {
    let sent = to.iter().map(|socket| match socket.ticket() {
        Some(_) => socket.queue(packet),
        None => socket.queue(plain.unwrap_or(packet)),
    });
    sent.collect()
}
