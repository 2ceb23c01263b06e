//! The payload of revision 4: packets joined by the record separator.

use bytestring::ByteString;

use crate::proto::packet::Packet;
use crate::{PacketError, Revision};

const SEPARATOR: u8 = 0x1e;

pub(super) fn encode(packets: &[Packet]) -> String {
    let revision = Revision::V4;
    let length = packets
        .iter()
        .map(|packet| packet.text_len(revision) + 1)
        .sum();
    let mut body = String::with_capacity(length);
    for (index, packet) in packets.iter().enumerate() {
        if index > 0 {
            body.push(char::from(SEPARATOR));
        }
        packet.write_text(revision, &mut body);
    }
    body
}

pub(super) fn decode(body: ByteString) -> impl Iterator<Item = Result<Packet, PacketError>> {
    let mut rest = Some(body);
    std::iter::from_fn(move || {
        let body = rest.take()?;
        let end = memchr::memchr(SEPARATOR, body.as_bytes());
        let frame = match end {
            Some(end) => {
                rest = Some(body.slice_ref(&body[end + 1..]));
                body.slice_ref(&body[..end])
            }
            None => body,
        };
        Some(Packet::from_text(frame, Revision::V4))
    })
}
