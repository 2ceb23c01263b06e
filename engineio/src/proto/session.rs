//! One client's session, without I/O.

mod polling;
mod terms;
#[cfg(test)]
mod tests;
mod upgrade;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::heartbeat::{Beat, Heartbeat, after};
use super::inbox::Inbox;
use super::outbox::Outbox;
use super::packet::{Message, Packet};
use super::revision::Revision;
use super::sid::Sid;
use super::transport::Transport;
use crate::{CloseReason, Config, SendError};
use polling::Poll;
pub use polling::{Delivery, Payload};
pub use terms::{Class, Close, Event, Fault, Hello};
use upgrade::Probe;
pub use upgrade::{ProbeId, ProbeStep};

/// One client's session: the machine of the protocol.
///
/// ```text
///            ┌──────── polling ────────┐ probe: 2probe, then 5 ┌─ websocket ─┐
/// new ─────▶ │ a GET waits, a POST sends│ ────────────────────▶ │             │
///            └────────────┬─────────────┘  (failed: no change)  └──────┬──────┘
///                         │ close(Flush)                               │
///                         ▼                                            ▼
///                 closing: what is queued leaves, nothing more is taken in
///                         │ all left, or the close timeout             │
///                         ▼                                            ▼
///     closed: a waiting GET is answered; one `Closed` event, the last one
/// ```
///
/// It does no I/O and reads no clock. Inputs are the `handle_*` methods and the
/// pairs `begin_*` and `end_*`; each takes the current time, which must not go
/// backwards. After any input, and after [`send`](Self::send) and
/// [`close`](Self::close), take what is there to take:
///
/// 1. [`poll_event`](Self::poll_event): what happened, for the application;
/// 2. [`poll_payload`](Self::poll_payload) if a GET waits, or
///    [`poll_transmit`](Self::poll_transmit) if the session is on a websocket;
/// 3. [`poll_timeout`](Self::poll_timeout): when to call
///    [`handle_timeout`](Self::handle_timeout) at the latest.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Instant;
/// use engineio::{Config, Event, Message, Packet, Session, Sid, Transport};
///
/// # #[allow(clippy::disallowed_methods)]
/// let now = Instant::now();
/// let sid = Sid::from_bytes([7; 15]);
/// let mut session = Session::new(Arc::new(Config::default()), sid, Transport::Websocket, now);
///
/// let mut out = Vec::new();
/// session.poll_transmit(&mut out);
/// assert!(matches!(&out[..], [Packet::Open(_)]));
/// // Once it is written:
/// session.transmitted(out[0].charge());
///
/// let hello = Packet::Message(Message::from("hello"));
/// session.handle_packet(Transport::Websocket, hello, now).unwrap();
/// assert_eq!(session.poll_event(now), Some(Event::Message(Message::from("hello"))));
/// ```
pub struct Session {
    config: Arc<Config>,
    sid: Sid,
    hello: Hello,
    phase: Phase,
    transport: Transport,
    heartbeat: Heartbeat,
    outbox: Outbox,
    inbox: Inbox,
    /// Since when the inbox is full.
    full_since: Option<Instant>,
    /// What was queued and is done with, until somebody drops it.
    discarded: Vec<Packet>,
    poll: Poll,
    is_pushing: bool,
    probe: Option<Probe>,
    probes: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Open,
    Closing { by: Instant },
    Closed(CloseReason),
}

impl Session {
    /// Opens a session: the open packet is queued, and the initial one behind it.
    pub fn new(config: Arc<Config>, sid: Sid, hello: impl Into<Hello>, now: Instant) -> Self {
        let hello = hello.into();
        let open = open_packet(&config, &sid, hello.transport);
        let mut outbox = Outbox::default();
        outbox.push(Packet::Open(open.into()));
        if let Some(message) = &config.initial_packet {
            outbox.push(Packet::Message(message.clone()));
        }
        let (interval, timeout) = (config.ping_interval, config.ping_timeout);
        Self {
            heartbeat: Heartbeat::new(hello.revision, interval, timeout, now),
            config,
            sid,
            hello,
            phase: Phase::Open,
            transport: hello.transport,
            outbox,
            inbox: Inbox::default(),
            full_since: None,
            discarded: Vec::new(),
            poll: Poll::None,
            is_pushing: false,
            probe: None,
            probes: 0,
        }
    }

    /// The session's id.
    pub fn sid(&self) -> &Sid {
        &self.sid
    }

    /// How the client opened the session.
    pub fn hello(&self) -> Hello {
        self.hello
    }

    /// The transport that the session is on.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Why the session ended; `None` while it has not.
    pub fn close_reason(&self) -> Option<CloseReason> {
        match self.phase {
            Phase::Closed(reason) => Some(reason),
            Phase::Closing { .. } | Phase::Open => None,
        }
    }

    /// Whether messages can be sent: neither closing nor closed.
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether less is charged than the high-water mark, so that a sender who
    /// can wait need not.
    pub fn is_ready(&self) -> bool {
        self.outbox.charged() < self.config.limits.high_water
    }

    /// Bytes that are queued or in flight, with a charge for each packet.
    pub fn buffered(&self) -> usize {
        self.outbox.charged()
    }

    /// Whether the application has so much to take that the connection should
    /// not be read.
    pub fn is_inbox_full(&self) -> bool {
        self.inbox.charged() >= self.config.limits.inbox
    }

    /// A packet came on `via`.
    ///
    /// On an error the session is closed, and the connection is to be closed.
    /// A packet for a session that is closing or closed is ignored, and so is
    /// one that comes on a transport that the session has left.
    pub fn handle_packet(
        &mut self,
        via: Transport,
        packet: Packet,
        now: Instant,
    ) -> Result<(), Fault> {
        self.handle_timeout(now);
        if via != self.transport {
            return Ok(());
        }
        match packet {
            Packet::Ping(_) => self.heartbeat.handle_ping(now),
            Packet::Pong(_) => self.heartbeat.handle_pong(now),
            _ => self.heartbeat.handle_other(now),
        }
        if !self.is_open() {
            return Ok(());
        }
        match (packet, self.hello.revision) {
            (Packet::Message(message), _) => {
                self.inbox.push(Event::Message(message));
                if self.is_inbox_full() {
                    self.full_since.get_or_insert(now);
                }
            }
            (Packet::Close(_), _) => {
                // The client knows that it closes: its poll is only released.
                self.answer_poll(Packet::NOOP);
                self.finish(CloseReason::TransportClose);
            }
            (Packet::Ping(_), Revision::V3) => self.pong(),
            (Packet::Ping(_), Revision::V4) | (Packet::Pong(_), Revision::V3) => {
                self.finish(CloseReason::TransportError);
                return Err(Fault::HeartbeatDirection);
            }
            (Packet::Noop(_) | Packet::Open(_) | Packet::Pong(_) | Packet::Upgrade(_), _) => {}
        }
        Ok(())
    }

    /// The connection of `via` ended or broke the rules. If the session is on
    /// that transport it is closed.
    pub fn handle_loss(&mut self, via: Transport, reason: CloseReason, now: Instant) {
        self.handle_timeout(now);
        if via == self.transport {
            self.finish(reason);
        }
    }

    /// Time went by.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Phase::Closing { by } = self.phase
            && now >= by
        {
            self.finish(CloseReason::ForcedClose);
        }
        if self
            .stall_deadline()
            .is_some_and(|deadline| now >= deadline)
        {
            self.finish(CloseReason::Stalled);
        }
        if let Phase::Closed(_) = self.phase {
            return;
        }
        if self
            .heartbeat_deadline()
            .is_some_and(|deadline| now >= deadline)
        {
            self.beat(now);
        }
        if self
            .probe
            .as_ref()
            .is_some_and(|probe| now >= probe.deadline)
        {
            self.probe = None;
        }
        if let Poll::Waiting {
            release_at: Some(at),
        } = self.poll
            && now >= at
        {
            self.answer_poll(Packet::NOOP);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called at the
    /// latest; `None` once the session is closed.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let closing = match self.phase {
            Phase::Closed(_) => return None,
            Phase::Closing { by } => Some(by),
            Phase::Open => None,
        };
        let release = match self.poll {
            Poll::Waiting { release_at } => release_at,
            Poll::Answer(_) | Poll::None => None,
        };
        let probe = self.probe.as_ref().map(|probe| probe.deadline);
        let heartbeat = self.heartbeat_deadline();
        [heartbeat, self.stall_deadline(), closing, release, probe]
            .into_iter()
            .flatten()
            .min()
    }

    /// Moves what is queued into `out`, for the websocket that the session is
    /// on. It is in flight until [`transmitted`](Self::transmitted).
    pub fn poll_transmit(&mut self, out: &mut Vec<Packet>) {
        if self.transport == Transport::Websocket {
            self.outbox.take(out);
        }
    }

    /// The kernel took packets whose charges add up to this.
    pub fn transmitted(&mut self, charge: usize) {
        self.outbox.release(charge);
        self.finish_if_flushed();
    }

    /// What happened next.
    pub fn poll_event(&mut self, now: Instant) -> Option<Event> {
        let event = self.inbox.pop()?;
        if !self.is_inbox_full() && self.full_since.take().is_some() {
            self.heartbeat.excuse(now);
        }
        Some(event)
    }

    /// Copies messages shorter than `below` out of the buffers that they were
    /// cut from, so that what waits in the inbox does not hold much more memory
    /// than it is charged for.
    ///
    /// To be called when the application did not take all of it at once, with
    /// half the length of those buffers.
    pub fn detach_events(&mut self, below: usize) {
        self.inbox.detach(below);
    }

    /// What was queued and is done with: written to a payload; replaced by a
    /// newer message of its key, or dropped for want of room; or not to be sent
    /// since the session ended. It may run code of the application when it is
    /// dropped: to be taken after each use of the session, and not to be dropped
    /// under a lock.
    pub fn take_discarded(&mut self) -> Vec<Packet> {
        std::mem::take(&mut self.discarded)
    }

    /// Whether [`take_discarded`](Self::take_discarded) has something.
    #[cfg(feature = "server")]
    pub(crate) fn has_discarded(&self) -> bool {
        !self.discarded.is_empty()
    }

    /// Whether [`poll_event`](Self::poll_event) has something.
    pub fn has_events(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something.
    pub fn has_transmit(&self) -> bool {
        self.transport == Transport::Websocket && !self.outbox.is_empty()
    }

    /// Queues the parts of one message, next to each other, all or none.
    ///
    /// # Errors
    ///
    /// If the session is not open; if its [`Class`] lets the message be dropped,
    /// and it was; or if the client has left more unread than the budget allows,
    /// which closes the session.
    pub fn send(&mut self, parts: &[Message], class: Class<'_>) -> Result<(), SendError> {
        if let Class::Keyed(key) = class {
            return self.send_keyed(key, parts);
        }
        self.make_room(parts.iter().map(Message::charge).sum(), class)?;
        for part in parts {
            self.outbox.push(Packet::Message(part.clone()));
        }
        Ok(())
    }

    /// As [`send`](Self::send), of one message that nobody else is sent: a share of
    /// its text would take memory of its own.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_one(&mut self, message: Message, class: Class<'_>) -> Result<(), SendError> {
        if let Class::Keyed(key) = class {
            return self.send_keyed(key, &[message]);
        }
        self.make_room(message.charge(), class)?;
        self.outbox.push(Packet::Message(message));
        Ok(())
    }

    fn send_keyed(&mut self, key: &str, parts: &[Message]) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        let (outbox, limits) = (&mut self.outbox, &self.config.limits);
        match outbox.push_keyed(key, parts, limits, &mut self.discarded) {
            true => Ok(()),
            false => Err(SendError::Dropped),
        }
    }

    /// Makes room for messages that have no key, or says why there is none.
    fn make_room(&mut self, charge: usize, class: Class<'_>) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        let limits = &self.config.limits;
        match class {
            Class::Keyed(_) => unreachable!("what has a key makes its own room"),
            Class::Reliable => {
                let outbox = &mut self.outbox;
                if !outbox.make_room(charge, limits.budget, &mut self.discarded) {
                    self.finish(CloseReason::SlowConsumer);
                    return Err(SendError::SlowConsumer);
                }
            }
            Class::Volatile => {
                let has_room = self.is_ready() && self.outbox.fits(charge, limits.budget);
                if !has_room || !self.can_take_now() {
                    return Err(SendError::Dropped);
                }
            }
        }
        Ok(())
    }

    /// Closes the session, with the reason `forced close`.
    pub fn close(&mut self, how: Close, now: Instant) {
        self.handle_timeout(now);
        match (self.phase, how) {
            (Phase::Closed(_), _) | (Phase::Closing { .. }, Close::Flush) => {}
            (_, Close::Discard) => self.finish(CloseReason::ForcedClose),
            (Phase::Open, Close::Flush) => {
                let is_waiting = matches!(self.poll, Poll::Waiting { .. });
                let is_done = match self.transport {
                    Transport::Polling => is_waiting && self.outbox.is_empty(),
                    Transport::Websocket => self.outbox.is_idle(),
                };
                if is_done {
                    self.finish(CloseReason::ForcedClose);
                } else {
                    let by = after(now, self.config.limits.close_timeout);
                    self.phase = Phase::Closing { by };
                }
            }
        }
    }

    /// When the heartbeat is due. A pong cannot come while the connection is
    /// not read, so its deadline does not count then.
    fn heartbeat_deadline(&self) -> Option<Instant> {
        let is_paused = self.full_since.is_some();
        (!is_paused || !self.heartbeat.is_waiting()).then(|| self.heartbeat.deadline())
    }

    /// When an application that takes nothing has had its time.
    fn stall_deadline(&self) -> Option<Instant> {
        let since = self.full_since?;
        Some(after(since, self.config.limits.max_pause))
    }

    fn beat(&mut self, now: Instant) {
        while let Some(beat) = self.heartbeat.poll(now) {
            match beat {
                // A closing session sends nothing new, but a client that was
                // asked before has to answer.
                Beat::Ping if self.is_open() => self.outbox.push(Packet::PING),
                Beat::Ping => {}
                Beat::Lost if self.full_since.is_some() => return,
                Beat::Lost => return self.finish(CloseReason::PingTimeout),
            }
        }
    }

    /// Answers a ping of revision 3; the data that it may have is not echoed. A
    /// client that pings and does not read comes to the end of its budget; one
    /// that still reads something long has one pong beyond it.
    fn pong(&mut self) {
        let budget = self.config.limits.budget;
        let pong = Packet::PONG;
        let outbox = &mut self.outbox;
        if outbox.make_room(pong.charge(), budget, &mut self.discarded) || !outbox.ends_with(&pong)
        {
            outbox.push(pong);
        } else {
            self.finish(CloseReason::SlowConsumer);
        }
    }

    fn can_take_now(&self) -> bool {
        self.outbox.is_empty()
            && match self.transport {
                Transport::Polling => matches!(self.poll, Poll::Waiting { .. }),
                Transport::Websocket => self.outbox.is_idle(),
            }
    }

    /// On a websocket, closing is over when the last packet has left.
    fn finish_if_flushed(&mut self) {
        if matches!(self.phase, Phase::Closing { .. })
            && self.transport == Transport::Websocket
            && self.outbox.is_idle()
        {
            self.finish(CloseReason::ForcedClose);
        }
    }

    fn finish(&mut self, reason: CloseReason) {
        if let Phase::Closed(_) = self.phase {
            return;
        }
        self.answer_poll(Packet::CLOSE);
        self.phase = Phase::Closed(reason);
        self.outbox.clear(&mut self.discarded);
        self.probe = None;
        self.full_since = None;
        self.inbox.push(Event::Closed(reason));
    }
}

impl fmt::Debug for Session {
    /// Neither the whole id nor what was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("sid", &self.sid)
            .field("phase", &self.phase)
            .field("transport", &self.transport)
            .field("buffered", &self.outbox.charged())
            .field("inbox", &self.inbox.charged())
            .finish_non_exhaustive()
    }
}

/// The handshake. The order of its keys is the reference's.
fn open_packet(config: &Config, sid: &Sid, transport: Transport) -> String {
    let can_upgrade = transport == Transport::Polling
        && config.allow_upgrades
        && config.transports.contains(&Transport::Websocket);
    let upgrades = if can_upgrade {
        r#"["websocket"]"#
    } else {
        "[]"
    };
    format!(
        r#"{{"sid":"{sid}","upgrades":{upgrades},"pingInterval":{interval},"pingTimeout":{timeout},"maxPayload":{max_payload}}}"#,
        sid = sid.as_str(),
        interval = config.ping_interval.as_millis(),
        timeout = config.ping_timeout.as_millis(),
        max_payload = config.max_payload,
    )
}
