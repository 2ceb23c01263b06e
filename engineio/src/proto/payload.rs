//! Polling bodies: several packets in one request or response.

mod binary;
mod counted;
mod separated;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use bytestring::ByteString;

use super::packet::{Message, Packet};
use super::revision::Revision;
use crate::PacketError;

/// The body of a polling request or response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PayloadBody {
    /// Of revision 3 alone, as `application/octet-stream`: binary data as it is.
    Binary(Bytes),
    /// Text, binary data in base64.
    Text(ByteString),
}

impl PayloadBody {
    /// The body as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Binary(body) => body,
            Self::Text(body) => body.as_bytes(),
        }
    }
}

impl From<&str> for PayloadBody {
    fn from(body: &str) -> Self {
        Self::Text(body.into())
    }
}

impl From<ByteString> for PayloadBody {
    fn from(body: ByteString) -> Self {
        Self::Text(body)
    }
}

impl From<Bytes> for PayloadBody {
    fn from(body: Bytes) -> Self {
        Self::Binary(body)
    }
}

/// Writes packets as the body of a polling response.
///
/// Revision 3 has two forms: a client that takes binary data gets the binary
/// one if there is any, and the text form otherwise.
pub fn encode_payload(packets: &[Packet], revision: Revision, base64: bool) -> PayloadBody {
    let is_binary = |packet: &Packet| matches!(packet, Packet::Message(Message::Binary(_)));
    match revision {
        Revision::V3 if !base64 && packets.iter().any(is_binary) => {
            PayloadBody::Binary(binary::encode(packets).into())
        }
        Revision::V3 => PayloadBody::Text(counted::encode(packets).into()),
        Revision::V4 => PayloadBody::Text(separated::encode(packets).into()),
    }
}

/// Reads the body of a polling request, at most `limit` packets.
///
/// The packets share the body's buffer. Those before the first bad one are
/// returned with the error: a session takes them, and nothing after it.
pub fn decode_payload(
    body: impl Into<PayloadBody>,
    revision: Revision,
    limit: usize,
) -> (Vec<Packet>, Result<(), PacketError>) {
    match (body.into(), revision) {
        (PayloadBody::Binary(body), Revision::V3) if !binary::has_headers(&body) => {
            (Vec::new(), Err(PacketError::Header))
        }
        (PayloadBody::Binary(body), Revision::V3) => collect(binary::decode(body), limit),
        (PayloadBody::Binary(_), Revision::V4) => (Vec::new(), Err(PacketError::Binary)),
        (PayloadBody::Text(body), Revision::V3) => collect(counted::decode(body), limit),
        (PayloadBody::Text(body), Revision::V4) => collect(separated::decode(body), limit),
    }
}

/// Takes packets up to the first bad one.
fn collect(
    decoded: impl Iterator<Item = Result<Packet, PacketError>>,
    limit: usize,
) -> (Vec<Packet>, Result<(), PacketError>) {
    let mut packets = Vec::new();
    for packet in decoded {
        match packet {
            Ok(_) if packets.len() == limit => {
                return (packets, Err(PacketError::TooMany(limit)));
            }
            Ok(packet) => packets.push(packet),
            Err(error) => return (packets, Err(error)),
        }
    }
    (packets, Ok(()))
}
