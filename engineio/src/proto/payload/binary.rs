//! The binary payload of revision 3: each packet behind what kind of frame it
//! is, the digits of its length as a byte each, and a `0xff`.

use bytes::{Buf, Bytes};
use bytestring::ByteString;

use crate::proto::packet::{Message, Packet};
use crate::{PacketError, Revision};

const TEXT: u8 = 0;
const BINARY: u8 = 1;
const END_OF_LENGTH: u8 = 0xff;

/// Kind, end of length, and the digits of a length that no body reaches.
const HEADER: usize = 12;

pub(super) fn encode(packets: &[Packet]) -> Vec<u8> {
    let length = packets
        .iter()
        .map(|packet| packet.text_len(Revision::V3) + HEADER)
        .sum();
    let mut body = Vec::with_capacity(length);
    for packet in packets {
        if let Packet::Message(Message::Binary(data)) = packet {
            write_header(BINARY, 1 + data.len(), &mut body);
            body.push(4);
            body.extend_from_slice(data);
        } else {
            let mut frame = String::new();
            packet.write_text(Revision::V3, &mut frame);
            write_header(TEXT, frame.len(), &mut body);
            body.extend_from_slice(frame.as_bytes());
        }
    }
    body
}

fn write_header(kind: u8, length: usize, body: &mut Vec<u8>) {
    body.push(kind);
    body.extend(length.to_string().bytes().map(|digit| digit - b'0'));
    body.push(END_OF_LENGTH);
}

pub(super) fn decode(body: Bytes) -> impl Iterator<Item = Result<Packet, PacketError>> {
    let mut rest = Some(body);
    std::iter::from_fn(move || {
        let mut body = rest.take()?;
        Some(split(&body).and_then(|header| {
            body.advance(header.length);
            let frame = body.split_to(header.content);
            rest = Some(body).filter(|body| !body.is_empty());
            if header.is_text {
                let frame = ByteString::try_from(frame).map_err(|_| PacketError::Utf8)?;
                Packet::from_text(frame, Revision::V3)
            } else {
                Packet::from_binary(frame, Revision::V3)
            }
        }))
    })
}

/// Whether each packet of the body has a header. Else no packet counts: the
/// reference looks at all headers before it hands on the first packet.
pub(super) fn has_headers(body: &[u8]) -> bool {
    let mut rest = body;
    while !rest.is_empty() {
        match split(rest) {
            Ok(header) => rest = &rest[header.length + header.content..],
            Err(error) => return error != PacketError::Header,
        }
    }
    true
}

struct Header {
    length: usize,
    is_text: bool,
    content: usize,
}

/// The header of the first packet of a body, which holds all that it announces.
fn split(body: &[u8]) -> Result<Header, PacketError> {
    let kind = *body.first().ok_or(PacketError::Empty)?;
    let end = memchr::memchr(END_OF_LENGTH, body).ok_or(PacketError::Header)?;
    let digits = body.get(1..end).ok_or(PacketError::Header)?;
    let is_number = !digits.is_empty() && digits.iter().all(|digit| *digit <= 9);
    if kind > BINARY || !is_number {
        return Err(PacketError::Header);
    }
    let length = end + 1;
    let content = number(digits)
        .filter(|content| *content <= body.len() - length)
        .ok_or(PacketError::Length)?;
    Ok(Header {
        length,
        is_text: kind == TEXT,
        content,
    })
}

fn number(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0_usize, |number, digit| {
        number.checked_mul(10)?.checked_add(usize::from(*digit))
    })
}
