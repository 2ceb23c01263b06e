//! The seam between packets and messages, where a codec plugs in.

use serde::Serialize;

use super::args::{Args, IntoArgs};
use super::encoder::{self, Encoded, is_reserved};
#[cfg(feature = "msgpack")]
use super::msgpack;
use super::packet::{ConnectError, Data, Packet, Type};
use super::protocol::Protocol;
use crate::EncodeError;

/// How packets are written. A server and all its clients have the same.
///
/// ```
/// use socketio::Parser;
///
/// let event = Parser::Json.encode_event("/chat", "say", &("hello", 1), None)?;
/// let text: engineio::Message = r#"2/chat,["say","hello",1]"#.into();
/// assert_eq!(event.parts(), [text]);
/// # Ok::<_, socketio::EncodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Parser {
    /// A text with JSON, and a binary message for each attachment. It is what
    /// clients speak that were not told otherwise.
    #[default]
    Json,
    /// One binary message of MessagePack for each packet, binary data inside of
    /// it: for clients with the official `socket.io-msgpack-parser`.
    ///
    /// Payloads are the same in both: dates are strings in their ISO form,
    /// `undefined`, infinities and NaN are `null`, and integers have up to 64
    /// bits.
    #[cfg(feature = "msgpack")]
    MessagePack,
}

impl Parser {
    /// Writes a packet that was put together by hand.
    ///
    /// ```
    /// # use socketio::{Data, Packet, Parser};
    /// let packet = Packet { nsp: "/chat".into(), data: Data::Disconnect };
    /// assert_eq!(Parser::Json.encode(&packet)?, Parser::Json.encode_disconnect("/chat"));
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is an event with a reserved name, or if the payload is not what
    /// [`Data`] says that this type of packet carries.
    pub fn encode(self, packet: &Packet) -> Result<Encoded, EncodeError> {
        let nsp = &packet.nsp;
        match &packet.data {
            Data::Ack { id, args } => self.elements(Type::Ack, nsp, *id, None, args),
            Data::Connect(args) => self.value(Type::Connect, nsp, args, "{"),
            Data::ConnectError(args) => self.value(Type::ConnectError, nsp, args, "{\""),
            Data::Disconnect => Ok(self.encode_disconnect(nsp)),
            Data::Event { name, args, ack } => self.encode_event(nsp, name, args, *ack),
        }
    }

    /// Writes an event, with the id that its answer is to carry if one is asked
    /// for.
    ///
    /// ```
    /// # use socketio::Parser;
    /// let event = Parser::Json.encode_event("/", "sum", &(1, 2), Some(12))?;
    /// assert_eq!(event.parts(), [r#"212["sum",1,2]"#.into()]);
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the name is reserved, or an argument's `Serialize` fails.
    pub fn encode_event(
        self,
        nsp: &str,
        name: &str,
        args: &impl IntoArgs,
        ack: Option<u64>,
    ) -> Result<Encoded, EncodeError> {
        if is_reserved(name) {
            return Err(EncodeError::ReservedName(name.to_owned()));
        }
        self.elements(Type::Event, nsp, ack, Some(name), args)
    }

    /// Writes the answer to the event with this id.
    ///
    /// ```
    /// # use socketio::Parser;
    /// let answer = Parser::Json.encode_ack("/", 12, &3)?;
    /// assert_eq!(answer.parts(), ["312[3]".into()]);
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If an argument's `Serialize` fails.
    pub fn encode_ack(
        self,
        nsp: &str,
        id: u64,
        args: &impl IntoArgs,
    ) -> Result<Encoded, EncodeError> {
        self.elements(Type::Ack, nsp, Some(id), None, args)
    }

    /// Writes the answer to a client that is let into a namespace. It holds the
    /// socket's id, and the secret by which the client may come back, if it may;
    /// but in protocol 4, whose clients make up their own id.
    ///
    /// ```
    /// # use socketio::{Parser, Protocol};
    /// let answer = Parser::Json.encode_connect(Protocol::V5, "/chat", "an id", None);
    /// assert_eq!(answer.parts(), [r#"0/chat,{"sid":"an id"}"#.into()]);
    /// ```
    pub fn encode_connect(
        self,
        protocol: Protocol,
        nsp: &str,
        sid: &str,
        pid: Option<&str>,
    ) -> Encoded {
        #[derive(Serialize)]
        struct Answer<'a> {
            sid: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            pid: Option<&'a str>,
        }

        match protocol {
            Protocol::V4 => self.plain(Type::Connect, nsp, ""),
            Protocol::V5 => self.plain(Type::Connect, nsp, &to_json(&Answer { sid, pid })),
        }
    }

    /// Writes the answer to a client that is refused by a namespace. In protocol
    /// 4 that is the data of the error, or its message if there is none or it is
    /// `null`, `false`, `0` or `""`.
    ///
    /// ```
    /// # use socketio::{ConnectError, Parser, Protocol};
    /// let error = ConnectError::new("bad token");
    /// let refusal = Parser::Json.encode_connect_error(Protocol::V5, "/", &error);
    /// assert_eq!(refusal.parts(), [r#"4{"message":"bad token"}"#.into()]);
    /// ```
    pub fn encode_connect_error(
        self,
        protocol: Protocol,
        nsp: &str,
        error: &ConnectError,
    ) -> Encoded {
        let json = match protocol {
            Protocol::V4 => match error.data().filter(|data| is_truthy(data)) {
                Some(data) => to_json(data),
                None => to_json(error.message()),
            },
            Protocol::V5 => to_json(error),
        };
        self.plain(Type::ConnectError, nsp, &json)
    }

    /// Writes that the sender leaves a namespace.
    ///
    /// ```
    /// # use socketio::Parser;
    /// assert_eq!(Parser::Json.encode_disconnect("/chat").parts(), ["1/chat,".into()]);
    /// ```
    pub fn encode_disconnect(self, nsp: &str) -> Encoded {
        self.plain(Type::Disconnect, nsp, "")
    }

    /// Writes a packet whose payload is missing, or one value that starts with
    /// one of `starts`.
    fn value(
        self,
        kind: Type,
        nsp: &str,
        args: &Args,
        starts: &str,
    ) -> Result<Encoded, EncodeError> {
        let json = args.as_json();
        let is_one = args.len() == 1 && args.attachments().is_empty();
        if args.is_empty() || (is_one && json.starts_with(|first| starts.contains(first))) {
            return Ok(self.plain(kind, nsp, json));
        }
        Err(EncodeError::Payload)
    }

    /// Writes a packet whose payload is an array.
    fn elements(
        self,
        kind: Type,
        nsp: &str,
        id: Option<u64>,
        name: Option<&str>,
        args: &impl IntoArgs,
    ) -> Result<Encoded, EncodeError> {
        match self {
            Self::Json => encoder::encode_elements(kind, nsp, id, name, args),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => msgpack::encode_elements(kind, nsp, id, name, args),
        }
    }

    /// Writes a packet whose payload is JSON without attachments, or missing.
    fn plain(self, kind: Type, nsp: &str, json: &str) -> Encoded {
        match self {
            Self::Json => encoder::encode_plain(kind, nsp, json),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => msgpack::encode_plain(kind, nsp, json),
        }
    }
}

/// Whether JavaScript takes a value for true.
fn is_truthy(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("strings and JSON values are serializable")
}
