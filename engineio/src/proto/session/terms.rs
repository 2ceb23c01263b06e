//! What is said to a session, and what it says.

use crate::CloseReason;
use crate::proto::packet::Message;
use crate::proto::revision::Revision;
use crate::proto::transport::Transport;

/// A packet that breaks the rules; the connection that it came on is to be
/// closed, and the session is, unless the connection was only a candidate.
///
/// ```
/// # use std::time::Instant;
/// # use engineio::{Config, Packet, Session, Sid, Transport};
/// use engineio::Fault;
///
/// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
/// # let mut session = Session::new(Config::default().into(), sid, Transport::Websocket, now);
/// let ping = Packet::Ping("".into());
/// let fault = session.handle_packet(Transport::Websocket, ping, now).unwrap_err();
/// assert_eq!(fault, Fault::HeartbeatDirection);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A client of revision 4 does not ping, except on a candidate; one of
    /// revision 3 does not pong.
    #[error("expected a pong of revision 4 or a ping of revision 3, got the other")]
    HeartbeatDirection,
    /// A candidate sends `2probe`, then `5`, and nothing else before.
    #[error("expected `2probe` or `5` on a candidate websocket")]
    NoProbe,
    /// The candidate was given up, or the session is closed.
    #[error("the upgrade was given up")]
    StaleProbe,
}

/// How a client opened its session: what it speaks, and over what.
///
/// ```
/// use engineio::{Hello, Revision, Transport};
///
/// let hello = Hello::from(Transport::Websocket);
/// assert_eq!((hello.revision, hello.base64, hello.jsonp), (Revision::V4, false, None));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hello {
    /// It takes no binary data on polling, but base64. Only revision 3 asks;
    /// revision 4 always has base64 there.
    pub base64: bool,
    /// Its polling is JSONP, with this number of its callback.
    pub jsonp: Option<u32>,
    /// The revision that it speaks.
    pub revision: Revision,
    /// The transport that it starts on.
    pub transport: Transport,
}

impl From<Transport> for Hello {
    /// Revision 4, without JSONP.
    fn from(transport: Transport) -> Self {
        Self {
            base64: false,
            jsonp: None,
            revision: Revision::V4,
            transport,
        }
    }
}

/// What happened on a session, for its application.
///
/// ```
/// # use std::time::Instant;
/// # use engineio::{Close, CloseReason, Config, Session, Sid, Transport};
/// use engineio::Event;
///
/// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
/// # let mut session = Session::new(Config::default().into(), sid, Transport::Websocket, now);
/// session.close(Close::Discard, now);
/// assert_eq!(session.poll_event(now), Some(Event::Closed(CloseReason::ForcedClose)));
/// assert_eq!(session.poll_event(now), None);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The client sent a message.
    Message(Message),
    /// The session moved to the websocket.
    Upgraded,
    /// The session ended. Nothing follows.
    Closed(CloseReason),
}

/// Whether a message may be dropped.
///
/// ```
/// # use std::time::Instant;
/// # use engineio::{Config, Message, SendError, Session, Sid, Transport};
/// use engineio::Class;
///
/// # let (now, sid) = (Instant::now(), Sid::from_bytes([7; 15]));
/// # let mut session = Session::new(Config::default().into(), sid, Transport::Websocket, now);
/// let message = [Message::from("hello")];
/// // The open packet is queued still.
/// assert_eq!(session.send(&message, Class::Volatile), Err(SendError::Dropped));
/// assert_eq!(session.send(&message, Class::Reliable), Ok(()));
/// assert_eq!(session.send(&message, Class::Keyed("greeting")), Ok(()));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class<'a> {
    /// It is queued, and a newer one of the same key takes its place as long as
    /// it waits: the older one is dropped, the newer one goes to the end.
    ///
    /// A key that nothing waits for is only taken if the session is
    /// [ready](crate::Session::is_ready), a newer message as long as the budget allows.
    /// Before a reliable message would exceed the budget, keyed ones are
    /// dropped, the oldest first. The key counts towards what is buffered.
    Keyed(&'a str),
    /// It is queued, whatever the state of the transport.
    Reliable,
    /// It is dropped unless nothing is queued and the transport can take it now,
    /// and the session is [ready](crate::Session::is_ready).
    Volatile,
}

/// How a server closes a session.
///
/// ```
/// use engineio::{Close, Config, Engine};
///
/// let engine = Engine::new(Config::default(), async |socket| {
///     let farewell = match socket.send("the doors are closed") {
///         Ok(()) => Close::Flush,
///         Err(_) => Close::Discard,
///     };
///     socket.close(farewell);
/// });
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Close {
    /// At once; what is queued is dropped.
    Discard,
    /// What is queued is sent first, for [`close_timeout`] at most.
    ///
    /// [`close_timeout`]: crate::Limits::close_timeout
    Flush,
}
