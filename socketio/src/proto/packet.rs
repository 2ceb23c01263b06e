//! Packets: what a client and a server say to each other.

use std::fmt;

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::args::Args;

/// One packet of a namespace.
///
/// ```
/// use socketio::{Args, Data, Packet, Parser};
///
/// let data = Data::Event { name: "say".into(), args: Args::new("hello")?, ack: Some(7) };
/// let packet = Packet { nsp: "/chat".into(), data };
/// let text: engineio::Message = r#"2/chat,7["say","hello"]"#.into();
/// assert_eq!(Parser::Json.encode(&packet)?.parts(), [text]);
/// # Ok::<_, socketio::EncodeError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Packet {
    /// The namespace's name; starts with a slash.
    pub nsp: ByteString,
    /// What the packet says.
    pub data: Data,
}

/// What a packet says.
///
/// ```
/// use socketio::{Data, Decoder, Limits, PacketError, Parser};
///
/// let mut decoder = Decoder::new(Parser::Json, Limits::default());
/// match decoder.handle(r#"0/chat,{"token":"abc"}"#.into())?.unwrap().data {
///     Data::Connect(auth) => assert_eq!(auth.as_json(), r#"{"token":"abc"}"#),
///     data => unreachable!("{data:?}"),
/// }
/// # Ok::<_, PacketError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Data {
    /// A client joins the namespace with its auth payload, or the server
    /// answers with the socket's id: no argument, or one JSON object.
    Connect(Args),
    /// Either side leaves the namespace.
    Disconnect,
    /// An event.
    Event {
        /// The event's name, unescaped.
        name: ByteString,
        /// The arguments behind the name.
        args: Args,
        /// The id that the answer is to carry, if one is asked for.
        ack: Option<u64>,
    },
    /// The answer to an event.
    Ack {
        /// The event's id. Without one the packet answers nothing; receivers
        /// ignore it.
        id: Option<u64>,
        /// The answer.
        args: Args,
    },
    /// The server refuses a client: no argument, a string, or an object that
    /// [`ConnectError`] can be parsed from.
    ConnectError(Args),
}

/// The types of packets, with their numbers on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Type {
    Connect = 0,
    Disconnect = 1,
    Event = 2,
    Ack = 3,
    ConnectError = 4,
}

/// Why a client is refused by a namespace.
///
/// The client gets it as it is: `{"message":…}`, and `data` if there is any.
///
/// ```
/// use serde_json::json;
/// use socketio::ConnectError;
///
/// let error = ConnectError::new("bad token").with_data(json!({ "code": 7 }));
/// assert_eq!(error.message(), "bad token");
/// assert_eq!(error.data(), Some(&json!({ "code": 7 })));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(from = "Wire")]
pub struct ConnectError {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<serde_json::Value>,
}

impl ConnectError {
    /// An error with a message for the client.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            data: None,
        }
    }

    /// Adds details for the client's program.
    pub fn with_data(mut self, data: impl Into<serde_json::Value>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// What went wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Details for a program.
    pub fn data(&self) -> Option<&serde_json::Value> {
        self.data.as_ref()
    }
}

impl std::error::Error for ConnectError {}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<&str> for ConnectError {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for ConnectError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

/// The forms in which servers of different age write the error.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Message(String),
    Object {
        #[serde(default)]
        message: String,
        data: Option<serde_json::Value>,
    },
}

impl From<Wire> for ConnectError {
    fn from(wire: Wire) -> Self {
        match wire {
            Wire::Message(message) => Self {
                message,
                data: None,
            },
            Wire::Object { message, data } => Self { message, data },
        }
    }
}
