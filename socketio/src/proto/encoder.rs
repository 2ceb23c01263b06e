//! Packets to messages: one encoding for any number of sockets.

use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use engineio::{Message, Text};
use serde::Serialize;

use super::args::{Args, IntoArgs, Writer};
use super::packet::{ConnectError, Data, Packet};
use crate::EncodeError;

/// A packet as the messages that carry it: the text, then the attachments.
///
/// It is what all recipients of a packet share; a clone copies nothing. The
/// parts of one packet must leave next to each other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Encoded(Parts);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Parts {
    Text([Message; 1]),
    WithAttachments(Arc<[Message]>),
}

impl Encoded {
    fn new(text: Text, attachments: Vec<Bytes>) -> Self {
        let text = Message::Text(text);
        if attachments.is_empty() {
            return Self(Parts::Text([text]));
        }
        let attachments = attachments.into_iter().map(Message::Binary);
        Self(Parts::WithAttachments(
            std::iter::once(text).chain(attachments).collect(),
        ))
    }

    /// The messages, in the order in which they are sent.
    pub fn parts(&self) -> &[Message] {
        match &self.0 {
            Parts::Text(text) => text,
            Parts::WithAttachments(parts) => parts,
        }
    }

    /// The packet with another first message.
    #[cfg(feature = "server")]
    pub(super) fn with_first(&self, first: Message) -> Self {
        Self(match &self.0 {
            Parts::Text(_) => Parts::Text([first]),
            Parts::WithAttachments(parts) => {
                let rest = parts[1..].iter().cloned();
                Parts::WithAttachments(std::iter::once(first).chain(rest).collect())
            }
        })
    }
}

impl Packet {
    /// Writes the packet.
    ///
    /// # Errors
    ///
    /// If it is an event with a reserved name, or if the payload is not what
    /// [`Data`] says that this type of packet carries.
    pub fn encode(&self) -> Result<Encoded, EncodeError> {
        match &self.data {
            Data::Ack { id, args } => encode_elements(Type::Ack, &self.nsp, *id, None, args),
            Data::Connect(args) => encode_value(Type::Connect, &self.nsp, args, "{"),
            Data::ConnectError(args) => encode_value(Type::ConnectError, &self.nsp, args, "{\""),
            Data::Disconnect => Ok(encode_disconnect(&self.nsp)),
            Data::Event { name, args, ack } => encode_event(&self.nsp, name, args, *ack),
        }
    }
}

/// Writes an event, with the id that its answer is to carry if one is asked
/// for.
///
/// ```
/// let event = socketio::encode_event("/chat", "say", &("hello", 1), None)?;
/// let text: engineio::Message = r#"2/chat,["say","hello",1]"#.into();
/// assert_eq!(event.parts(), [text]);
/// # Ok::<_, socketio::EncodeError>(())
/// ```
///
/// # Errors
///
/// If the name is reserved, or an argument's `Serialize` fails.
pub fn encode_event(
    nsp: &str,
    name: &str,
    args: &impl IntoArgs,
    ack: Option<u64>,
) -> Result<Encoded, EncodeError> {
    if is_reserved(name) {
        return Err(EncodeError::ReservedName(name.to_owned()));
    }
    encode_elements(Type::Event, nsp, ack, Some(name), args)
}

/// Writes the answer to the event with this id.
///
/// # Errors
///
/// If an argument's `Serialize` fails.
pub fn encode_ack(nsp: &str, id: u64, args: &impl IntoArgs) -> Result<Encoded, EncodeError> {
    encode_elements(Type::Ack, nsp, Some(id), None, args)
}

/// Writes the answer to a client that is let into a namespace, with its
/// socket's id, and with the secret by which it may come back, if it may.
pub fn encode_connect(nsp: &str, sid: &str, pid: Option<&str>) -> Encoded {
    #[derive(Serialize)]
    struct Answer<'a> {
        sid: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        pid: Option<&'a str>,
    }

    encode_plain(Type::Connect, nsp, &to_json(&Answer { sid, pid }))
}

/// Writes the answer to a client that is refused by a namespace.
pub fn encode_connect_error(nsp: &str, error: &ConnectError) -> Encoded {
    encode_plain(Type::ConnectError, nsp, &to_json(error))
}

/// Writes that the sender leaves a namespace.
pub fn encode_disconnect(nsp: &str) -> Encoded {
    encode_plain(Type::Disconnect, nsp, "")
}

/// Whether a name has a meaning of its own in the protocol.
pub(crate) const fn is_reserved(name: &str) -> bool {
    matches!(
        name.as_bytes(),
        b"connect"
            | b"connect_error"
            | b"disconnect"
            | b"disconnecting"
            | b"newListener"
            | b"removeListener"
    )
}

/// The digits of packets without attachments.
#[derive(Clone, Copy)]
enum Type {
    Connect = 0,
    Disconnect = 1,
    Event = 2,
    Ack = 3,
    ConnectError = 4,
}

impl Type {
    /// The digit; events and answers with attachments have their own.
    fn digit(self, attachments: usize) -> char {
        let offset = if attachments > 0 { 3 } else { 0 };
        char::from(b'0' + self as u8 + offset)
    }
}

/// Writes a packet whose payload is an array.
fn encode_elements(
    kind: Type,
    nsp: &str,
    id: Option<u64>,
    name: Option<&str>,
    args: &impl IntoArgs,
) -> Result<Encoded, EncodeError> {
    let mut writer = Writer::new(SCRATCH.take());
    if let Some(name) = name {
        writer.push_one(name)?;
    }
    args.write_args(&mut writer)?;
    let (json, attachments) = writer.finish();
    let payload = str::from_utf8(&json).expect("serde_json writes UTF-8");
    let text = frame(kind, attachments.len(), nsp, id, payload);
    if json.capacity() <= SCRATCH_CAPACITY {
        SCRATCH.set(json);
    }
    Ok(Encoded::new(text, attachments))
}

/// Writes a packet whose payload is missing, or one value that starts with one
/// of `starts`.
fn encode_value(kind: Type, nsp: &str, args: &Args, starts: &str) -> Result<Encoded, EncodeError> {
    let json = args.as_json();
    let is_one = args.len() == 1 && args.attachments().is_empty();
    if args.is_empty() || (is_one && json.starts_with(|first| starts.contains(first))) {
        return Ok(encode_plain(kind, nsp, json));
    }
    Err(EncodeError::Payload)
}

/// Writes a packet without id and attachments.
fn encode_plain(kind: Type, nsp: &str, payload: &str) -> Encoded {
    Encoded::new(frame(kind, 0, nsp, None, payload), Vec::new())
}

/// Puts a packet's header in front of its payload.
fn frame(kind: Type, attachments: usize, nsp: &str, id: Option<u64>, payload: &str) -> Text {
    let nsp_len = if nsp == "/" { 0 } else { nsp.len() + 1 };
    let count_len = if attachments == 0 {
        0
    } else {
        decimal_len(attachments as u64) + 1
    };
    let header_len = 2 + count_len + nsp_len + id.map_or(0, decimal_len);
    let mut frame = String::with_capacity(header_len + payload.len());
    frame.push('4');
    frame.push(kind.digit(attachments));
    if attachments > 0 {
        write!(frame, "{attachments}-").expect("a String takes any text");
    }
    if nsp != "/" {
        frame.push_str(nsp);
        frame.push(',');
    }
    if let Some(id) = id {
        write!(frame, "{id}").expect("a String takes any text");
    }
    frame.push_str(payload);
    debug_assert_eq!(frame.len(), header_len + payload.len());
    Text::from_frame(ByteString::from(frame)).expect("the frame starts with 4")
}

fn decimal_len(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings and JSON values are serializable")
}

thread_local! {
    /// What payloads are written into before their length is known. It is
    /// taken out while it is used: a `Serialize` may emit on its own.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger buffer is not kept.
const SCRATCH_CAPACITY: usize = 64 << 10;

#[cfg(test)]
mod tests;
