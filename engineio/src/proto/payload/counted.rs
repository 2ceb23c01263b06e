//! The text payload of revision 3: each packet behind its length and a colon.
//!
//! A length counts UTF-16 code units, as JavaScript's strings do.

use std::fmt::Write as _;

use bytestring::ByteString;

use crate::proto::packet::Packet;
use crate::{PacketError, Revision};

/// Digits and colon of a length that no body reaches.
const LENGTH: usize = 10;

pub(super) fn encode(packets: &[Packet]) -> String {
    let revision = Revision::V3;
    let length = packets
        .iter()
        .map(|packet| packet.text_len(revision) + LENGTH)
        .sum();
    let mut body = String::with_capacity(length);
    if packets.is_empty() {
        body.push_str("0:");
    }
    let mut frame = String::new();
    for packet in packets {
        frame.clear();
        packet.write_text(revision, &mut frame);
        write!(body, "{}:", utf16_len(&frame)).expect("a string takes all that is written");
        body.push_str(&frame);
    }
    body
}

pub(super) fn decode(body: ByteString) -> impl Iterator<Item = Result<Packet, PacketError>> {
    let is_empty = body.is_empty();
    let mut rest = Some(body);
    let empty = is_empty.then_some(Err(PacketError::Empty));
    let packets = std::iter::from_fn(move || {
        loop {
            let body = rest.take().filter(|body| !body.is_empty())?;
            match split(&body) {
                None => return Some(Err(PacketError::Length)),
                Some((frame, tail)) => {
                    rest = Some(body.slice_ref(tail));
                    // A packet of no length is none.
                    if !frame.is_empty() {
                        return Some(Packet::from_text(body.slice_ref(frame), Revision::V3));
                    }
                }
            }
        }
    });
    empty.into_iter().chain(packets)
}

/// The first packet of a body, and what follows it.
fn split(body: &str) -> Option<(&str, &str)> {
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let length = body[..digits].parse().ok()?;
    let body = body[digits..].strip_prefix(':')?;
    Some(body.split_at(utf16_prefix(body, length)?))
}

/// The index behind the first `length` UTF-16 code units.
fn utf16_prefix(text: &str, length: usize) -> Option<usize> {
    // Most packets are ASCII, and those are counted at once.
    if text.as_bytes().get(..length)?.is_ascii() {
        return Some(length);
    }
    let mut units = 0;
    for (index, character) in text.char_indices() {
        if units >= length {
            return (units == length).then_some(index);
        }
        units += character.len_utf16();
    }
    (units == length).then_some(text.len())
}

fn utf16_len(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}
