//! The codec of MessagePack: a packet is one binary message, a map of `type`,
//! `nsp`, and where there are any `data` and `id`.
//!
//! Arguments are JSON with attachments inside of this crate, whatever the codec:
//! so a payload is the same to its handler, and can be forwarded, in both. What
//! comes is therefore rewritten, and so is what goes out, once for all who get
//! it.

mod date;
mod read;
mod write;

use bytes::Bytes;
use bytestring::ByteString;
use engineio::Message;

use self::read::Reader;
use self::write::Writer;
use super::args::IntoArgs;
use super::binary::PLACEHOLDER;
use super::decoder::{kept, payload};
use super::encoder::{Encoded, with_elements};
use super::packet::{Data, Packet, Type};
use crate::{EncodeError, Limits, PacketError};

/// Reads a packet.
pub(super) fn decode(message: Message, limits: &Limits) -> Result<Packet, PacketError> {
    let Message::Binary(message) = message else {
        return Err(PacketError::UnexpectedText);
    };
    let mut reader = Reader::new(&message, limits);
    let (mut kind, mut nsp, mut id) = (None, None, None);
    for _ in 0..reader.map()? {
        match &*reader.key()? {
            "type" => kind = Some(packet_type(reader.integer()?)?),
            "nsp" => nsp = reader.string()?,
            "id" if reader.skip_undefined() => id = None,
            "id" => id = Some(packet_id(reader.integer()?)?),
            // Of equal keys the last one counts, as in JavaScript.
            "data" => reader.read_data()?,
            _ => reader.skip()?,
        }
    }
    let (json, attachments) = reader.finish()?;
    let kind = kind.ok_or(PacketError::TypeNumber)?;
    let nsp = match nsp.ok_or(PacketError::Namespace)? {
        "/" => ByteString::from_static("/"),
        nsp => nsp.into(),
    };
    let mut data = read_data(kind, id, json, attachments, limits)?;
    kept::detach(&mut data, message.len());
    Ok(Packet { nsp, data })
}

/// What is read as JSON is judged as JSON.
fn read_data(
    kind: Type,
    id: Option<u64>,
    json: ByteString,
    attachments: Vec<Bytes>,
    limits: &Limits,
) -> Result<Data, PacketError> {
    let is_binary = json.starts_with(PLACEHOLDER);
    if is_binary || (kind == Type::ConnectError && json.is_empty()) {
        return Err(PacketError::Payload);
    }
    let bytes = json.len() + attachments.iter().map(Bytes::len).sum::<usize>();
    if kind == Type::Connect && bytes > limits.auth_bytes {
        return Err(PacketError::AuthBytes);
    }
    let mut data = payload::read(kind, id, &json, limits)?;
    if let Data::Ack { args, .. }
    | Data::Connect(args)
    | Data::ConnectError(args)
    | Data::Event { args, .. } = &mut data
    {
        args.attach(attachments);
    }
    Ok(data)
}

fn packet_type(number: Option<i128>) -> Result<Type, PacketError> {
    match number {
        Some(0) => Ok(Type::Connect),
        Some(1) => Ok(Type::Disconnect),
        Some(2) => Ok(Type::Event),
        Some(3) => Ok(Type::Ack),
        Some(4) => Ok(Type::ConnectError),
        _ => Err(PacketError::TypeNumber),
    }
}

fn packet_id(number: Option<i128>) -> Result<u64, PacketError> {
    let number = number.ok_or(PacketError::AckId)?;
    number.try_into().map_err(|_| PacketError::AckId)
}

/// Writes a packet whose payload is an array.
pub(super) fn encode_elements(
    kind: Type,
    nsp: &str,
    id: Option<u64>,
    name: Option<&str>,
    args: &impl IntoArgs,
) -> Result<Encoded, EncodeError> {
    with_elements(name, args, |json, attachments| {
        let bytes = json.len() + attachments.iter().map(Bytes::len).sum::<usize>();
        if u32::try_from(bytes).is_err() {
            let error = "longer than MessagePack can tell";
            return Err(EncodeError::Serialize(serde::ser::Error::custom(error)));
        }
        Ok(encode(kind, nsp, id, json, &attachments))
    })
}

/// Writes a packet whose payload is JSON without attachments, or missing.
pub(super) fn encode_plain(kind: Type, nsp: &str, json: &str) -> Encoded {
    encode(kind, nsp, None, json, &[])
}

fn encode(kind: Type, nsp: &str, id: Option<u64>, json: &str, attachments: &[Bytes]) -> Encoded {
    let mut writer = Writer::new(json, attachments);
    writer.map(2 + usize::from(!json.is_empty()) + usize::from(id.is_some()));
    writer.string("type");
    writer.unsigned(kind as u64);
    writer.string("nsp");
    writer.string(nsp);
    if !json.is_empty() {
        writer.string("data");
        writer.value();
    }
    if let Some(id) = id {
        writer.string("id");
        writer.unsigned(id);
    }
    Encoded::binary(writer.finish())
}

#[cfg(test)]
mod tests;
