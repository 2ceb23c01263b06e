//! What goes wrong, and what ends a session.

use std::fmt;

use http::StatusCode;

/// Why a frame is not a packet.
///
/// ```
/// use engineio::{Packet, PacketError, Revision};
///
/// let error = Packet::from_text("".into(), Revision::V4).unwrap_err();
/// assert_eq!(error, PacketError::Empty);
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// The frame is a `b` that base64 does not follow.
    #[error("expected base64 behind `b`")]
    Base64,
    /// The body is binary, which a payload of revision 4 never is.
    #[error("expected text, got a binary payload, which only revision 3 has")]
    Binary,
    /// The frame is empty.
    #[error("expected a packet type (0 to 6 or `b`), got an empty frame")]
    Empty,
    /// What stands before a packet of a binary payload of revision 3 is wrong.
    #[error("expected 0 or 1, the digits of a length, then 0xff")]
    Header,
    /// A length in a payload of revision 3 is no number, or there is less data.
    #[error("expected the length of a packet, then as much data")]
    Length,
    /// The payload holds more packets than the limit allows.
    #[error("more than {0} packets in one payload")]
    TooMany(usize),
    /// The first character is no packet type.
    #[error("expected a packet type (0 to 6 or `b`), got {0:?}")]
    Type(char),
    /// The frame or the payload is not UTF-8.
    #[error("expected UTF-8")]
    Utf8,
}

/// A request that is answered without reaching a session.
///
/// Status and body are those of the reference server. Its `Display` is the
/// message of the body.
///
/// ```
/// use engineio::Refused;
///
/// let refused = Refused::UnknownSid;
/// assert_eq!(refused.status(), 400);
/// assert_eq!(refused.code(), Some(1));
/// assert_eq!(refused.body().unwrap(), r#"{"code":1,"message":"Session ID unknown"}"#);
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Code 0: `transport` is missing, not known or not enabled.
    #[error("Transport unknown")]
    UnknownTransport,
    /// Code 1: the session never was, or is closed.
    #[error("Session ID unknown")]
    UnknownSid,
    /// Code 2: a handshake is a GET.
    #[error("Bad handshake method")]
    BadHandshakeMethod,
    /// Code 3: the `Origin` header has a byte that no origin has.
    #[error("Bad request")]
    InvalidOrigin,
    /// Code 3: the session is on another transport.
    #[error("Bad request")]
    TransportMismatch,
    /// Code 3: the session was opened with another revision.
    #[error("Bad request")]
    RevisionMismatch,
    /// Code 3: `transport=websocket` without a valid websocket handshake.
    #[error("Bad request")]
    WebsocketHandshake,
    /// Code 3: no id was made for the session, for this reason, or it is in use.
    #[error("Bad request")]
    IdGeneration(String),
    /// Code 4: the origin policy says no.
    #[error("Forbidden")]
    Forbidden,
    /// Code 4: the application says no, with this text; an empty one is
    /// `Forbidden`.
    #[error("{}", if .0.is_empty() { "Forbidden" } else { .0 })]
    Denied(String),
    /// Code 5: a revision that this server does not speak.
    #[error("Unsupported protocol version")]
    UnsupportedRevision,
    /// A request that the session does not allow now: 400 without a body.
    /// The session is closed where the reference closes it.
    #[error("Bad request")]
    Overlap,
    /// A polling request that is neither GET nor POST: 500 without a body.
    #[error("Method not allowed")]
    Method,
    /// A body above the limit: 413 without a body.
    #[error("Payload too large")]
    TooLarge,
    /// A compressed body: 415 without a body. The session lives on. A host that
    /// wants to take them can decode them in front of the engine, with
    /// `RequestDecompressionLayer` of tower-http.
    #[error("Unsupported content encoding")]
    ContentEncoding,
    /// More sessions from one address than
    /// [`sessions_per_address`](crate::Limits::sessions_per_address): 429
    /// without a body.
    #[error("Too many sessions")]
    TooManySessions,
    /// The engine is full or shutting down: 503 without a body.
    #[error("Service unavailable")]
    Unavailable,
    /// A body that is not a payload of packets: 400 without a body.
    #[error("Bad payload")]
    BadPayload,
}

impl Refused {
    /// The HTTP status that a polling client gets.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Denied(_) | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Method => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManySessions => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The number in the JSON body; `None` where the body is empty.
    pub fn code(&self) -> Option<u8> {
        match self {
            Self::UnknownTransport => Some(0),
            Self::UnknownSid => Some(1),
            Self::BadHandshakeMethod => Some(2),
            Self::IdGeneration(_)
            | Self::InvalidOrigin
            | Self::RevisionMismatch
            | Self::TransportMismatch
            | Self::WebsocketHandshake => Some(3),
            Self::Denied(_) | Self::Forbidden => Some(4),
            Self::UnsupportedRevision => Some(5),
            Self::BadPayload
            | Self::ContentEncoding
            | Self::Method
            | Self::Overlap
            | Self::TooLarge
            | Self::TooManySessions
            | Self::Unavailable => None,
        }
    }

    /// The JSON body `{"code":…,"message":"…"}`; `None` where it is empty.
    pub fn body(&self) -> Option<String> {
        let code = self.code()?;
        let message = serde_json::Value::from(self.to_string());
        Some(format!(r#"{{"code":{code},"message":{message}}}"#))
    }
}

/// Why a session ended. Its `Display` is the reference's string.
///
/// ```
/// use engineio::CloseReason;
///
/// assert_eq!(CloseReason::PingTimeout.as_str(), "ping timeout");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The server closed it.
    ForcedClose,
    /// The client sent something that is no packet.
    ParseError,
    /// The client did not answer a ping in time.
    PingTimeout,
    /// The client does not read what it is sent, and the budget is spent.
    SlowConsumer,
    /// The application does not take what the client sends.
    Stalled,
    /// The client closed it, or its connection ended.
    TransportClose,
    /// The connection broke, or the client broke the rules of the transport.
    TransportError,
}

impl CloseReason {
    /// The reference's name of the reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ForcedClose => "forced close",
            Self::ParseError => "parse error",
            Self::PingTimeout => "ping timeout",
            Self::SlowConsumer => "slow consumer",
            Self::Stalled => "stalled",
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a message was not queued.
///
/// ```
/// use engineio::{SendError, Socket};
///
/// /// Whether there is somebody to go on for.
/// fn push(socket: &Socket, text: &str) -> bool {
///     matches!(socket.send_volatile(&[text.into()]), Ok(()) | Err(SendError::Dropped))
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The session is closed or closing; nothing more is sent on it.
    #[error("the session is closed")]
    Closed,
    /// The message was volatile or keyed, and cannot be taken now.
    #[error("the client has not taken enough, the message was dropped")]
    Dropped,
    /// The client does not read: the session's outbox budget is spent, and the
    /// session was closed.
    #[error("the outbox budget is spent, the session was closed as a slow consumer")]
    SlowConsumer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_a_refusal_is_json_whatever_the_text() {
        for (text, json) in [
            ("", r#""Forbidden""#),
            ("no", r#""no""#),
            ("\"}\r\n\u{1}\\é", r#""\"}\r\n\u0001\\é""#),
        ] {
            let body = Refused::Denied(text.into()).body().unwrap();
            assert_eq!(body, format!(r#"{{"code":4,"message":{json}}}"#));
        }
    }
}
