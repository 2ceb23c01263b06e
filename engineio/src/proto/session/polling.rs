//! A session on polling: a GET that waits, a POST that brings packets.

use std::mem;
use std::time::{Duration, Instant};

use super::{Phase, Session};
use crate::proto::heartbeat::after;
use crate::proto::packet::Packet;
use crate::proto::payload::{PayloadBody, encode_payload};
use crate::proto::transport::Transport;
use crate::{CloseReason, Refused};

/// How long a poll that comes during an upgrade is held before it is released
/// again, so that a client whose probe is stuck does not spin.
const RELEASE_AFTER: Duration = Duration::from_millis(100);

/// The GET of a polling client.
#[derive(Debug, Default)]
pub(super) enum Poll {
    #[default]
    None,
    /// It waits; if an upgrade is going on, until then.
    Waiting { release_at: Option<Instant> },
    /// It is to be answered with this, whatever is queued.
    Answer(Packet),
}

/// How a transport's exchange ended.
///
/// ```
/// # use std::time::Instant;
/// use engineio::{Delivery, Payload, Session};
///
/// /// What is said of a response once it was written, or could not be.
/// fn over(session: &mut Session, payload: &Payload, written: std::io::Result<()>, now: Instant) {
///     let how = if written.is_ok() { Delivery::Done } else { Delivery::Aborted };
///     session.end_poll(payload.charge, how, now);
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// The client went away before it was over.
    Aborted,
    /// It is over.
    Done,
}

/// The body of a polling response.
///
/// ```
/// # use std::time::Instant;
/// # use engineio::{Config, Delivery, Session, Sid, Transport};
/// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
/// # let mut session = Session::new(Config::default().into(), sid, Transport::Polling, now);
/// session.begin_poll(now)?;
/// let payload = session.poll_payload().expect("the open packet waits");
/// assert_eq!(payload.packets, 1);
/// assert!(payload.body.as_bytes().starts_with(br#"0{"sid":"#));
/// session.end_poll(payload.charge, Delivery::Done, now);
/// # Ok::<_, engineio::Refused>(())
/// ```
#[derive(Debug, Eq, PartialEq)]
pub struct Payload {
    /// The body.
    pub body: PayloadBody,
    /// What the outbox charges for it until [`Session::end_poll`] gives it back.
    pub charge: usize,
    /// How many packets the body holds.
    pub packets: usize,
}

impl Session {
    /// A GET came: it waits for [`poll_payload`](Self::poll_payload).
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use engineio::{Config, Refused, Session, Sid, Transport};
    /// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
    /// # let mut session = Session::new(Config::default().into(), sid, Transport::Polling, now);
    /// session.begin_poll(now)?;
    /// assert!(session.has_payload());
    /// assert_eq!(session.begin_poll(now), Err(Refused::Overlap));
    /// assert!(session.close_reason().is_some());
    /// # Ok::<_, Refused>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the session is closed or not on polling; or if another GET waits,
    /// which closes the session.
    pub fn begin_poll(&mut self, now: Instant) -> Result<(), Refused> {
        self.check_polling(now)?;
        if !matches!(self.poll, Poll::None) {
            self.finish(CloseReason::TransportError);
            return Err(Refused::Overlap);
        }
        let is_upgrading = self.probe.as_ref().is_some_and(|probe| probe.was_answered);
        self.poll = Poll::Waiting {
            release_at: is_upgrading.then(|| after(now, RELEASE_AFTER)),
        };
        Ok(())
    }

    /// The answer to the GET that waits, once there is one. Its body is in
    /// flight until [`end_poll`](Self::end_poll).
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use engineio::{Class, Config, Delivery, Message, Session, Sid, Transport};
    /// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
    /// # let mut session = Session::new(Config::default().into(), sid, Transport::Polling, now);
    /// session.begin_poll(now)?;
    /// let open = session.poll_payload().expect("the open packet waits");
    /// session.end_poll(open.charge, Delivery::Done, now);
    /// session.begin_poll(now)?;
    /// assert!(!session.has_payload());
    /// session.send(&[Message::from("hello")], Class::Reliable)?;
    /// assert_eq!(session.poll_payload().map(|payload| payload.body), Some("4hello".into()));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn poll_payload(&mut self) -> Option<Payload> {
        let mut packets = Vec::new();
        let mut charge = 0;
        match &self.poll {
            Poll::None => return None,
            Poll::Answer(_) => {
                if let Poll::Answer(packet) = mem::take(&mut self.poll) {
                    packets.push(packet);
                }
            }
            Poll::Waiting { .. } if !self.outbox.is_empty() => {
                self.poll = Poll::None;
                charge = self.outbox.take(&mut packets);
            }
            Poll::Waiting { .. } if matches!(self.phase, Phase::Closing { .. }) => {
                self.poll = Poll::None;
                packets = vec![Packet::NOOP, Packet::CLOSE];
                self.finish(CloseReason::ForcedClose);
            }
            Poll::Waiting { .. } => return None,
        }
        let hello = self.hello;
        // A script can only hold text.
        let base64 = hello.base64 || hello.jsonp.is_some();
        let payload = Payload {
            body: encode_payload(&packets, hello.revision, base64),
            charge,
            packets: packets.len(),
        };
        self.discarded.append(&mut packets);
        Some(payload)
    }

    /// The body of a payload is longer by this than what it is charged for;
    /// [`end_poll`](Self::end_poll) gives it back with the rest.
    #[cfg(feature = "server")]
    pub(crate) fn charge_more(&mut self, charge: usize) {
        self.outbox.charge_more(charge);
    }

    /// The response to a GET, with what [`poll_payload`](Self::poll_payload) gave,
    /// is over: what it carried is no longer charged. If the client went away
    /// before it had all of it, the session is closed.
    pub fn end_poll(&mut self, charge: usize, how: Delivery, now: Instant) {
        self.handle_timeout(now);
        self.outbox.release(charge);
        if how == Delivery::Aborted {
            self.abort_exchange();
        }
        self.finish_if_flushed();
    }

    /// The GET that waits was given up by its client: the session is closed.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use engineio::{CloseReason, Config, Session, Sid, Transport};
    /// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
    /// # let mut session = Session::new(Config::default().into(), sid, Transport::Polling, now);
    /// session.begin_poll(now)?;
    /// session.cancel_poll(now);
    /// assert_eq!(session.close_reason(), Some(CloseReason::TransportError));
    /// # Ok::<_, engineio::Refused>(())
    /// ```
    pub fn cancel_poll(&mut self, now: Instant) {
        self.handle_timeout(now);
        self.poll = Poll::None;
        self.abort_exchange();
    }

    /// A POST came: its packets follow, then [`end_push`](Self::end_push).
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use engineio::{Config, Delivery, Event, Packet, Session, Sid, Transport};
    /// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
    /// # let mut session = Session::new(Config::default().into(), sid, Transport::Polling, now);
    /// session.begin_push(now)?;
    /// session.handle_packet(Transport::Polling, Packet::Message("hello".into()), now)?;
    /// session.end_push(Delivery::Done, now);
    /// assert_eq!(session.poll_event(now), Some(Event::Message("hello".into())));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the session is closed or not on polling; or if another POST is under
    /// way, which closes the session.
    pub fn begin_push(&mut self, now: Instant) -> Result<(), Refused> {
        self.check_polling(now)?;
        if self.is_pushing {
            self.finish(CloseReason::TransportError);
            return Err(Refused::Overlap);
        }
        self.is_pushing = true;
        Ok(())
    }

    /// The POST of [`begin_push`](Self::begin_push) is over. If its body did not
    /// come whole, the session is closed.
    pub fn end_push(&mut self, how: Delivery, now: Instant) {
        self.handle_timeout(now);
        self.is_pushing = false;
        if how == Delivery::Aborted {
            self.abort_exchange();
        }
    }

    /// Whether [`poll_payload`](Self::poll_payload) has something.
    pub fn has_payload(&self) -> bool {
        match self.poll {
            Poll::Answer(_) => true,
            Poll::None => false,
            Poll::Waiting { .. } => !self.outbox.is_empty() || self.phase != Phase::Open,
        }
    }

    pub(super) fn check_polling(&mut self, now: Instant) -> Result<(), Refused> {
        self.handle_timeout(now);
        if self.close_reason().is_some() {
            return Err(Refused::UnknownSid);
        }
        if self.transport != Transport::Polling {
            return Err(Refused::TransportMismatch);
        }
        Ok(())
    }

    /// A GET or a POST broke off: on polling that is the end of the session.
    fn abort_exchange(&mut self) {
        if self.transport == Transport::Polling {
            self.finish(CloseReason::TransportError);
        }
    }

    pub(super) fn answer_poll(&mut self, packet: Packet) {
        if let Poll::Waiting { .. } = self.poll {
            self.poll = Poll::Answer(packet);
        }
    }
}
