//! Packets to messages, in the default codec: one encoding for any number of
//! sockets.

use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use engineio::{Message, Text};

use super::args::{Args, IntoArgs, Writer};
use super::packet::Type;
use crate::EncodeError;

/// A packet as the messages that carry it: a text and then its attachments, or
/// one binary message of MessagePack.
///
/// It is what all recipients of a packet share; a clone copies nothing. The
/// parts of one packet must leave next to each other.
///
/// ```
/// use socketio::{Binary, Parser, engineio::Message};
///
/// let image = Binary::from(vec![7]);
/// let event = Parser::Json.encode_event("/", "image", &image, None)?;
/// let text = r#"51-["image",{"_placeholder":true,"num":0}]"#.into();
/// assert_eq!(event.parts(), [text, Message::Binary(image.into())]);
/// # Ok::<_, socketio::EncodeError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Encoded(Parts);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Parts {
    One([Message; 1]),
    WithAttachments(Arc<[Message]>),
}

impl Encoded {
    fn new(text: Text, attachments: Vec<Bytes>) -> Self {
        let text = Message::Text(text);
        if attachments.is_empty() {
            return Self(Parts::One([text]));
        }
        let attachments = attachments.into_iter().map(Message::Binary);
        Self(Parts::WithAttachments(
            std::iter::once(text).chain(attachments).collect(),
        ))
    }

    #[cfg(feature = "msgpack")]
    pub(super) fn binary(packet: Bytes) -> Self {
        Self(Parts::One([Message::Binary(packet)]))
    }

    /// The messages, in the order in which they are sent.
    pub fn parts(&self) -> &[Message] {
        match &self.0 {
            Parts::One(message) => message,
            Parts::WithAttachments(parts) => parts,
        }
    }

    /// The only message, or all of them.
    #[cfg(feature = "server")]
    pub(crate) fn into_one(self) -> Result<Message, Self> {
        match self.0 {
            Parts::One([message]) => Ok(message),
            Parts::WithAttachments(_) => Err(self),
        }
    }

    /// A packet of these messages; `None` without any.
    #[cfg(feature = "server")]
    pub(crate) fn of(mut parts: Vec<Message>) -> Option<Self> {
        Some(Self(match parts.len() {
            0 => return None,
            1 => Parts::One([parts.remove(0)]),
            _ => Parts::WithAttachments(parts.into()),
        }))
    }

    /// Puts another first message in the place of the one that it gives back. The
    /// list is copied if another packet shares it.
    #[cfg(feature = "server")]
    pub(super) fn replace_first(&mut self, first: Message) -> Message {
        match &mut self.0 {
            Parts::One([message]) => std::mem::replace(message, first),
            Parts::WithAttachments(parts) => std::mem::replace(&mut Arc::make_mut(parts)[0], first),
        }
    }
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

/// The digit of a type; events and answers with attachments have their own.
fn digit(kind: Type, attachments: usize) -> char {
    let offset = if attachments > 0 { 3 } else { 0 };
    char::from(b'0' + kind as u8 + offset)
}

/// Writes a packet whose payload is an array.
pub(super) fn encode_elements(
    kind: Type,
    nsp: &str,
    id: Option<u64>,
    name: Option<&str>,
    args: &impl IntoArgs,
) -> Result<Encoded, EncodeError> {
    if let Some(args) = args.as_args()
        && name.is_none_or(is_plain)
    {
        return Ok(forward(kind, nsp, id, name, args));
    }
    with_elements(name, args, |json, attachments| {
        let text = frame(kind, attachments.len(), nsp, id, &[json]);
        Ok(Encoded::new(text, attachments))
    })
}

/// Writes a packet with arguments that are written already, which are copied once
/// and not looked at.
fn forward(kind: Type, nsp: &str, id: Option<u64>, name: Option<&str>, args: &Args) -> Encoded {
    let json = args.as_json();
    let separator = if json.is_empty() { "" } else { "," };
    let with_name;
    let payload = match name {
        Some(name) => {
            with_name = ["[\"", name, "\"", separator, json, "]"];
            &with_name[..]
        }
        None => &["[", json, "]"],
    };
    let attachments = args.attachments().to_vec();
    let text = frame(kind, attachments.len(), nsp, id, payload);
    Encoded::new(text, attachments)
}

/// Whether a name stands in JSON as it is.
fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}

/// Writes an array as JSON, into a buffer that the thread keeps, and passes it
/// on with its attachments.
pub(super) fn with_elements(
    name: Option<&str>,
    args: &impl IntoArgs,
    pass: impl FnOnce(&str, Vec<Bytes>) -> Result<Encoded, EncodeError>,
) -> Result<Encoded, EncodeError> {
    let mut writer = Writer::new(SCRATCH.take());
    if let Some(name) = name {
        writer.push_one(name)?;
    }
    args.write_args(&mut writer)?;
    let (json, attachments) = writer.finish();
    let encoded = pass(
        str::from_utf8(&json).expect("serde_json writes UTF-8"),
        attachments,
    );
    if json.capacity() <= SCRATCH_CAPACITY {
        SCRATCH.set(json);
    }
    encoded
}

/// Writes a packet without id and attachments.
pub(super) fn encode_plain(kind: Type, nsp: &str, payload: &str) -> Encoded {
    Encoded::new(frame(kind, 0, nsp, None, &[payload]), Vec::new())
}

/// Puts a packet's header in front of its payload, which comes in pieces.
fn frame(kind: Type, attachments: usize, nsp: &str, id: Option<u64>, payload: &[&str]) -> Text {
    let nsp_len = if nsp == "/" { 0 } else { nsp.len() + 1 };
    let count_len = if attachments == 0 {
        0
    } else {
        decimal_len(attachments as u64) + 1
    };
    let header_len = 2 + count_len + nsp_len + id.map_or(0, decimal_len);
    let len = header_len + payload.iter().map(|piece| piece.len()).sum::<usize>();
    let mut frame = String::with_capacity(len);
    frame.push('4');
    frame.push(digit(kind, attachments));
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
    for piece in payload {
        frame.push_str(piece);
    }
    debug_assert_eq!(frame.len(), len);
    Text::from_frame(ByteString::from(frame)).expect("the frame starts with 4")
}

fn decimal_len(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
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
