//! The namespaces of one client.

mod target;

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytestring::ByteString;
use engineio::Message;

use super::args::Args;
use super::decoder::Decoder;
use super::packet::{Data, Packet};
use super::parser::Parser;
use super::protocol::Protocol;
use crate::{Limits, PacketError, Violation};

/// The Socket.IO side of one Engine.IO session: which namespaces the client is
/// in, hence what it may say, and until when it has to say it.
///
/// It does no I/O and reads no clock. Each message goes into
/// [`handle`](Self::handle), and what it asks for comes out; first of all, before
/// any message, what [`poll_input`](Self::poll_input) gives. After each call the
/// deadline is that of [`poll_timeout`](Self::poll_timeout). A [`Violation`] ends
/// the session.
///
/// A namespace of the client goes through these states:
///
/// ```text
///           CONNECT            accept
///   (none) ─────────► Pending ────────► Joined
///      ▲                │ │               │ │
///      └────────────────┘ │         leave │ │ DISCONNECT
///     refuse, DISCONNECT  │ leave         │ │
///      ▲                  ▼               │ │
///      │        CONNECT: Left ◄───────────┘ │
///      │        Pending again               │
///      └────────────────────────────────────┘
/// ```
///
/// What a client sends to a namespace that it is `Pending` in is handed out
/// like anything else; the server holds it until it has decided. What it sends
/// to a namespace that the server made it leave is dropped: the client may not
/// know yet.
///
/// In protocol 4 the namespace `/` is `Pending` from the start: the client is
/// connected to it without asking. And what names a namespace is the path of a
/// URL, whose query is the auth payload.
///
/// ```
/// use std::time::{Duration, Instant};
/// use socketio::{Connection, Input, Limits, Parser, Protocol, Violation};
///
/// let (limits, now) = (Limits::default().into(), Instant::now());
/// let timeout = Duration::from_secs(45);
/// let mut client = Connection::new(Parser::Json, Protocol::V5, limits, timeout, now);
/// assert!(client.poll_input().is_none(), "only clients of protocol 4 are in `/` at once");
/// assert_eq!(client.poll_timeout(), Some(now + timeout));
///
/// let input = client.handle("0/chat,".into(), now)?;
/// assert!(matches!(input, Some(Input::Connect { nsp, .. }) if nsp == "/chat"));
/// client.accept("/chat");
/// let input = client.handle(r#"2/chat,["say","hello"]"#.into(), now)?;
/// assert!(matches!(input, Some(Input::Event { name, .. }) if name == "say"));
///
/// client.handle_timeout(now + timeout)?;
/// client.leave("/chat");
/// assert_eq!(client.handle(r#"2/chat,["say","still here"]"#.into(), now)?, None);
/// # Ok::<_, Violation>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    decoder: Decoder,
    namespaces: Vec<(ByteString, State)>,
    protocol: Protocol,
    /// Whether the connection to `/` that is implied has not been handed out.
    implies_connect: bool,
    /// By when the client has to be in a namespace; `None` once it was in one.
    connect_by: Option<Instant>,
    /// By when all attachments of the packet at hand have to be there.
    attachments_by: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// The server has not decided on the CONNECT yet.
    Pending,
    Joined,
    /// The server disconnected the client, which may not know it yet.
    Left,
}

impl Connection {
    /// A connection that opens now. Within `connect_timeout` the client has to
    /// be accepted by a namespace.
    pub fn new(
        parser: Parser,
        protocol: Protocol,
        limits: Arc<Limits>,
        connect_timeout: Duration,
        now: Instant,
    ) -> Self {
        let implied = match protocol {
            Protocol::V4 => Some((MAIN, State::Pending)),
            Protocol::V5 => None,
        };
        Self {
            decoder: Decoder::new(parser, limits),
            implies_connect: implied.is_some(),
            namespaces: implied.into_iter().collect(),
            protocol,
            connect_by: now.checked_add(connect_timeout),
            attachments_by: None,
        }
    }

    /// What the client asks for without saying it. To be called until nothing
    /// comes out, before the first message is handled.
    pub fn poll_input(&mut self) -> Option<Input> {
        let implied = mem::take(&mut self.implies_connect);
        implied.then(|| Input::Connect {
            nsp: MAIN,
            auth: Args::default(),
        })
    }

    /// Takes the client's next message. Nothing comes out if a packet is not
    /// complete yet, or means nothing to the server.
    ///
    /// No deadline is judged here, as a message may have waited on this side.
    ///
    /// # Errors
    ///
    /// If the client may not say this. The session is to be closed then.
    pub fn handle(&mut self, message: Message, now: Instant) -> Result<Option<Input>, Violation> {
        let packet = self.decoder.handle(message)?;
        self.attachments_by = match self.attachments_by {
            _ if !self.decoder.is_pending() => None,
            Some(deadline) => Some(deadline),
            None => now.checked_add(self.limits().attachment_timeout),
        };
        packet.map_or(Ok(None), |packet| self.handle_packet(packet))
    }

    /// Judges the deadlines. Call it when [`poll_timeout`](Self::poll_timeout)
    /// is reached, after all messages that are there have been handled.
    ///
    /// # Errors
    ///
    /// If the client is late. The session is to be closed then.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Violation> {
        if self.connect_by.is_some_and(|deadline| deadline <= now) {
            return Err(Violation::ConnectTimeout);
        }
        if self.attachments_by.is_some_and(|deadline| deadline <= now) {
            return Err(Violation::AttachmentTimeout);
        }
        Ok(())
    }

    /// Lets the client into a namespace that it asked for. Does nothing if it
    /// has withdrawn since.
    pub fn accept(&mut self, nsp: &str) {
        if let Some(index) = self.find(nsp)
            && self.namespaces[index].1 == State::Pending
        {
            self.namespaces[index].1 = State::Joined;
            self.connect_by = None;
        }
    }

    /// Refuses the client a namespace that it asked for. It may ask again.
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # use socketio::{Connection, Limits, Parser, Protocol, Violation};
    /// # let (limits, timeout, now) = (Limits::default().into(), Duration::MAX, Instant::now());
    /// # let mut client = Connection::new(Parser::Json, Protocol::V5, limits, timeout, now);
    /// client.handle("0/admin,".into(), now)?;
    /// client.refuse("/admin");
    /// let event = client.handle(r#"2/admin,["open"]"#.into(), now);
    /// assert_eq!(event, Err(Violation::NotJoined));
    /// # Ok::<_, Violation>(())
    /// ```
    pub fn refuse(&mut self, nsp: &str) {
        if let Some(index) = self.find(nsp)
            && self.namespaces[index].1 == State::Pending
        {
            self.namespaces.remove(index);
        }
    }

    /// Makes the client leave a namespace. Not for a namespace that the client
    /// left itself: that is done when [`Input::Disconnect`] comes out.
    pub fn leave(&mut self, nsp: &str) {
        if let Some(index) = self.find(nsp) {
            // To the end of the list: what was left last is remembered best.
            let (nsp, _) = self.namespaces.remove(index);
            self.namespaces.push((nsp, State::Left));
            self.forget_left();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.connect_by.into_iter().chain(self.attachments_by).min()
    }

    /// Whether a packet has come whose attachments have not. They are in time
    /// only if they are read: who pauses does so before or behind them.
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # use socketio::{Connection, Limits, Parser, Protocol, Violation};
    /// # let (limits, timeout, now) = (Limits::default().into(), Duration::MAX, Instant::now());
    /// # let mut client = Connection::new(Parser::Json, Protocol::V5, limits, timeout, now);
    /// client.handle("0".into(), now)?;
    /// client.handle(r#"51-["image",{"_placeholder":true,"num":0}]"#.into(), now)?;
    /// assert!(client.awaits_attachments());
    /// # Ok::<_, Violation>(())
    /// ```
    pub fn awaits_attachments(&self) -> bool {
        self.decoder.is_pending()
    }

    fn handle_packet(&mut self, packet: Packet) -> Result<Option<Input>, Violation> {
        let Packet { mut nsp, mut data } = packet;
        if self.protocol == Protocol::V4 {
            if let Data::Connect(auth) = &mut data {
                *auth = target::auth(&nsp, self.limits().auth_bytes)?;
            }
            nsp = target::name(&nsp);
        }
        if nsp.len() > self.limits().name_length {
            return Err(PacketError::NamespaceLength.into());
        }
        match data {
            Data::Ack { id, args } => {
                let answer = self.member(&nsp)?.zip(id);
                Ok(answer.map(|(nsp, id)| Input::Ack { nsp, id, args }))
            }
            Data::Connect(auth) => self.handle_connect(&nsp, auth).map(Some),
            Data::ConnectError(_) => Err(Violation::ConnectError),
            Data::Disconnect => {
                let left = self.member(&nsp)?;
                if let Some(nsp) = &left {
                    self.namespaces.retain(|(name, _)| name != nsp);
                }
                Ok(left.map(|nsp| Input::Disconnect { nsp }))
            }
            Data::Event { name, args, ack } => {
                let member = self.member(&nsp)?;
                Ok(member.map(|nsp| Input::Event {
                    nsp,
                    name,
                    args,
                    ack,
                }))
            }
        }
    }

    fn handle_connect(&mut self, nsp: &str, auth: Args) -> Result<Input, Violation> {
        if let Some(index) = self.find(nsp) {
            if self.namespaces[index].1 != State::Left {
                return Err(Violation::AlreadyJoined);
            }
            self.namespaces.remove(index);
        }
        if self.count(|state| state != State::Left) >= self.limits().namespaces {
            return Err(Violation::TooManyNamespaces);
        }
        // A copy: the name is kept, and the message's buffer is not to be.
        let nsp = ByteString::from(nsp);
        if self.namespaces.is_empty() {
            // Most clients are in one alone.
            self.namespaces.reserve_exact(1);
        }
        self.namespaces.push((nsp.clone(), State::Pending));
        Ok(Input::Connect { nsp, auth })
    }

    /// The namespace of a packet by its kept name; `None` if the server made
    /// the client leave it.
    fn member(&self, nsp: &str) -> Result<Option<ByteString>, Violation> {
        let index = self.find(nsp).ok_or(Violation::NotJoined)?;
        let (nsp, state) = &self.namespaces[index];
        Ok((*state != State::Left).then(|| nsp.clone()))
    }

    /// Forgets the namespace that was left first if too many are remembered.
    fn forget_left(&mut self) {
        if self.count(|state| state == State::Left) > self.limits().namespaces {
            let first = self
                .namespaces
                .iter()
                .position(|(_, state)| *state == State::Left);
            self.namespaces
                .remove(first.expect("more than none were left"));
        }
    }

    fn limits(&self) -> &Limits {
        self.decoder.limits()
    }

    fn count(&self, is: impl Fn(State) -> bool) -> usize {
        self.namespaces
            .iter()
            .filter(|(_, state)| is(*state))
            .count()
    }

    fn find(&self, nsp: &str) -> Option<usize> {
        self.namespaces.iter().position(|(name, _)| name == nsp)
    }
}

/// The namespace that every client of protocol 4 is connected to.
const MAIN: ByteString = ByteString::from_static("/");

/// What a client asks for.
///
/// ```
/// use socketio::{Encoded, Input, Parser};
///
/// /// Answers those who want an answer with what they sent.
/// fn echo(input: Input) -> Option<Encoded> {
///     let Input::Event { nsp, args, ack: Some(id), .. } = input else {
///         return None;
///     };
///     Parser::Json.encode_ack(&nsp, id, &args).ok()
/// }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// To join a namespace. Answer it with [`Connection::accept`] or
    /// [`Connection::refuse`], and with a packet.
    Connect {
        /// The namespace's name; starts with a slash.
        nsp: ByteString,
        /// The auth payload: no argument, or one JSON object.
        auth: Args,
    },
    /// To handle an event.
    Event {
        /// The namespace's name.
        nsp: ByteString,
        /// The event's name.
        name: ByteString,
        /// The arguments behind the name.
        args: Args,
        /// The id that the answer is to carry, if one is asked for.
        ack: Option<u64>,
    },
    /// To take the answer to an event.
    Ack {
        /// The namespace's name.
        nsp: ByteString,
        /// The id that the event carried, if it was one of this server's.
        id: u64,
        /// The answer.
        args: Args,
    },
    /// To leave a namespace. It has left already: nothing is answered.
    Disconnect {
        /// The namespace's name.
        nsp: ByteString,
    },
}

#[cfg(test)]
mod tests;
