//! The way of a session from polling to a websocket: a second connection, the
//! candidate, proves itself and becomes the transport.

use std::time::Instant;

use super::{Event, Fault, Session};
use crate::Refused;
use crate::proto::heartbeat::after;
use crate::proto::packet::Packet;
use crate::proto::transport::Transport;

#[derive(Debug)]
pub(super) struct Probe {
    id: ProbeId,
    pub(super) deadline: Instant,
    pub(super) was_answered: bool,
}

/// Names one attempt at an upgrade, so that a stale one cannot harm a newer.
///
/// ```
/// # use std::time::Instant;
/// # use engineio::{Config, Session, Sid, Transport};
/// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
/// # let mut session = Session::new(Config::default().into(), sid, Transport::Polling, now);
/// let first = session.begin_probe(now)?;
/// session.cancel_probe(first);
/// let second = session.begin_probe(now)?;
/// assert!(session.is_probing(second) && !session.is_probing(first));
/// # Ok::<_, engineio::Refused>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProbeId(u64);

/// What a packet on a candidate websocket leads to.
///
/// ```
/// # use std::time::Instant;
/// # use engineio::{Config, Packet, ProbeStep, Session, Sid, Transport};
/// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
/// # let mut session = Session::new(Config::default().into(), sid, Transport::Polling, now);
/// let probe = session.begin_probe(now)?;
/// let step = session.handle_probe(probe, &Packet::Ping("probe".into()), now)?;
/// assert_eq!(step, ProbeStep::Pong);
/// assert!(session.is_upgrading());
/// let step = session.handle_probe(probe, &Packet::Upgrade("".into()), now)?;
/// assert_eq!(step, ProbeStep::Upgraded);
/// assert_eq!(session.transport(), Transport::Websocket);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProbeStep {
    /// `3probe` is to be sent on the candidate.
    Pong,
    /// The candidate is the session's transport from here on.
    Upgraded,
}

impl Session {
    /// A second connection wants to become the session's transport.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use engineio::{Config, Refused, Session, Sid, Transport};
    /// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
    /// # let mut session = Session::new(Config::default().into(), sid, Transport::Polling, now);
    /// session.begin_probe(now)?;
    /// assert!(session.is_upgrading());
    /// assert_eq!(session.begin_probe(now), Err(Refused::TransportMismatch));
    /// # Ok::<_, Refused>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the session is closed, is on a websocket, or is already upgrading.
    pub fn begin_probe(&mut self, now: Instant) -> Result<ProbeId, Refused> {
        self.check_polling(now)?;
        if self.probe.is_some() || !self.config.allow_upgrades {
            return Err(Refused::TransportMismatch);
        }
        let id = ProbeId(self.probes);
        self.probes += 1;
        self.probe = Some(Probe {
            id,
            deadline: after(now, self.config.upgrade_timeout),
            was_answered: false,
        });
        Ok(id)
    }

    /// A packet came on the candidate.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use engineio::{Config, Fault, Packet, Session, Sid, Transport};
    /// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
    /// # let mut session = Session::new(Config::default().into(), sid, Transport::Polling, now);
    /// let probe = session.begin_probe(now)?;
    /// let step = session.handle_probe(probe, &Packet::Message("too soon".into()), now);
    /// assert_eq!(step, Err(Fault::NoProbe));
    /// assert!(!session.is_upgrading());
    /// # Ok::<_, engineio::Refused>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it belongs to no upgrade; the candidate is given up then, and the
    /// session stays where it is.
    pub fn handle_probe(
        &mut self,
        id: ProbeId,
        packet: &Packet,
        now: Instant,
    ) -> Result<ProbeStep, Fault> {
        self.handle_timeout(now);
        let Some(probe) = self.probe.as_mut().filter(|probe| probe.id == id) else {
            return Err(Fault::StaleProbe);
        };
        match packet {
            Packet::Ping(data) if *data == "probe" => {
                probe.was_answered = true;
                // The client stops polling once its poll has come back.
                if self.outbox.is_empty() {
                    self.answer_poll(Packet::NOOP);
                }
                Ok(ProbeStep::Pong)
            }
            Packet::Upgrade(_) => {
                self.probe = None;
                self.answer_poll(Packet::NOOP);
                self.transport = Transport::Websocket;
                self.inbox.push(Event::Upgraded);
                self.finish_if_flushed();
                Ok(ProbeStep::Upgraded)
            }
            _ => {
                self.probe = None;
                Err(Fault::NoProbe)
            }
        }
    }

    /// The candidate is gone; the session stays where it is.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use engineio::{Config, Session, Sid, Transport};
    /// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
    /// # let mut session = Session::new(Config::default().into(), sid, Transport::Polling, now);
    /// let probe = session.begin_probe(now)?;
    /// session.cancel_probe(probe);
    /// assert!(!session.is_upgrading() && !session.is_probing(probe));
    /// # Ok::<_, engineio::Refused>(())
    /// ```
    pub fn cancel_probe(&mut self, id: ProbeId) {
        self.probe.take_if(|probe| probe.id == id);
    }

    /// Whether a candidate wants to become the session's transport, see
    /// [`begin_probe`](Self::begin_probe).
    pub fn is_upgrading(&self) -> bool {
        self.probe.is_some()
    }

    /// Whether this attempt at an upgrade is still going on: it did not end, and was
    /// not [given up](Self::cancel_probe).
    pub fn is_probing(&self, id: ProbeId) -> bool {
        self.probe.as_ref().is_some_and(|probe| probe.id == id)
    }
}
