//! What a packet's JSON may be, by the type of the packet.

use bytestring::ByteString;

use super::super::args::Args;
use super::super::binary::PLACEHOLDER;
use super::super::json::{Array, JsonError, Kind, Placeholder, Scanner, Spelling, unescape};
use super::super::packet::{Data, Type};
use super::header::Header;
use crate::{Limits, PacketError};

/// Reads the payload of a packet without attachments.
pub(in crate::proto) fn read(
    kind: Type,
    id: Option<u64>,
    payload: &ByteString,
    limits: &Limits,
) -> Result<Data, PacketError> {
    let mut scanner = Scanner::new(payload, limits.depth);
    match kind {
        Type::Ack | Type::Event => read_elements(kind, id, payload, &mut scanner),
        Type::Connect if payload.len() > limits.auth_bytes => Err(PacketError::AuthBytes),
        Type::Connect => read_value(payload, scanner, "{").map(Data::Connect),
        Type::ConnectError => read_value(payload, scanner, "{\"").map(Data::ConnectError),
        Type::Disconnect if payload.is_empty() => Ok(Data::Disconnect),
        Type::Disconnect => Err(PacketError::Payload),
    }
}

/// Reads the payload of a packet with attachments; `None` if it is valid but
/// for a placeholder.
///
/// A placeholder has to name one of the attachments. Some may be named twice
/// or not at all, but there may not be more placeholders than the limit has
/// attachments: each may become a copy of its attachment.
pub(super) fn read_with_placeholders(
    header: &Header<'_>,
    payload: &ByteString,
    limits: &Limits,
    spelling: Spelling,
) -> Result<Option<Data>, PacketError> {
    let mut scanner = Scanner::new(payload, limits.depth).with_placeholders(spelling);
    let (kind, id) = (header.kind, header.id);
    let data = read_elements(kind, id, payload, &mut scanner)?;
    let placeholders = scanner.into_placeholders();
    let is_legal = |found: &Placeholder| found.num.is_some_and(|num| num < header.attachments);
    if placeholders.len() > limits.attachments || !placeholders.iter().all(is_legal) {
        return Ok(None);
    }
    let Some(payload) = normalized(payload, &placeholders) else {
        return Ok(Some(data));
    };
    let mut scanner = Scanner::new(&payload, limits.depth);
    read_elements(kind, id, &payload, &mut scanner).map(Some)
}

/// Reads the array of an event or an answer.
fn read_elements(
    kind: Type,
    id: Option<u64>,
    payload: &ByteString,
    scanner: &mut Scanner<'_>,
) -> Result<Data, PacketError> {
    let array = scanner.array()?;
    scanner.end()?;
    if kind == Type::Ack {
        let args = Args::from_array(payload, &array);
        return Ok(Data::Ack { id, args });
    }
    let name = event_name(payload, &array)?;
    let args = Args::from_array_tail(payload, &array);
    Ok(Data::Event {
        name,
        args,
        ack: id,
    })
}

/// The first element of an event: a string, or an integer, as which
/// JavaScript's emitters take any key.
fn event_name(payload: &ByteString, array: &Array) -> Result<ByteString, PacketError> {
    let (kind, span) = array.first.clone().ok_or(PacketError::Payload)?;
    let token = &payload[span];
    Ok(match kind {
        Kind::Integer => {
            let number: i64 = token.parse().map_err(|_| PacketError::Payload)?;
            number.to_string().into()
        }
        Kind::String if token.contains('\\') => unescape(token).ok_or(PacketError::Payload)?.into(),
        Kind::String => payload.slice_ref(&token[1..token.len() - 1]),
        Kind::Other | Kind::True => return Err(PacketError::Payload),
    })
}

/// Reads a payload that is one value or missing, and copies it: such payloads
/// are rare, small, and kept for long.
fn read_value(payload: &str, mut scanner: Scanner<'_>, starts: &str) -> Result<Args, PacketError> {
    if payload.is_empty() {
        return Ok(Args::default());
    }
    if !payload.starts_with(|first| starts.contains(first)) {
        return Err(PacketError::Payload);
    }
    scanner.value()?;
    scanner.end()?;
    Ok(Args::from_value(payload.trim_ascii_end()))
}

/// The payload with all placeholders spelled in the same way; `None` if they
/// are already.
///
/// So neither those who read the arguments nor clients to whom they are
/// passed on have to know more than one spelling.
fn normalized(payload: &str, placeholders: &[Placeholder]) -> Option<ByteString> {
    let canonical = |found: &Placeholder| format!("{PLACEHOLDER}{}}}", found.num.unwrap_or(0));
    if placeholders
        .iter()
        .all(|found| payload[found.span.clone()] == canonical(found))
    {
        return None;
    }
    let mut text = String::with_capacity(payload.len());
    let mut end = 0;
    for found in placeholders {
        text.push_str(&payload[end..found.span.start]);
        text.push_str(&canonical(found));
        end = found.span.end;
    }
    text.push_str(&payload[end..]);
    Some(text.into())
}

impl From<JsonError> for PacketError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Depth => Self::Depth,
            JsonError::Syntax => Self::Payload,
        }
    }
}
