//! Polling bodies: packets joined by the record separator.

use bytestring::ByteString;

use super::packet::Packet;
use crate::PacketError;

const SEPARATOR: u8 = 0x1e;

/// Writes packets as the body of a polling response.
pub fn encode_payload(packets: &[Packet]) -> String {
    let length = packets.iter().map(|packet| packet.text_len() + 1).sum();
    let mut body = String::with_capacity(length);
    for (index, packet) in packets.iter().enumerate() {
        if index > 0 {
            body.push(char::from(SEPARATOR));
        }
        packet.write_text(&mut body);
    }
    body
}

/// Reads the body of a polling request, at most `limit` packets.
///
/// The packets share the body's buffer. Those before the first bad one are
/// returned with the error: a session takes them, and nothing after it.
pub fn decode_payload(body: ByteString, limit: usize) -> (Vec<Packet>, Result<(), PacketError>) {
    let mut packets = Vec::new();
    let mut start = 0;
    let ends = memchr::memchr_iter(SEPARATOR, body.as_bytes()).chain([body.len()]);
    for end in ends {
        if packets.len() == limit {
            return (packets, Err(PacketError::TooMany(limit)));
        }
        match Packet::from_text(body.slice_ref(&body[start..end])) {
            Ok(packet) => packets.push(packet),
            Err(error) => return (packets, Err(error)),
        }
        start = end + 1;
    }
    (packets, Ok(()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Message;

    #[test]
    fn text_and_binary_share_a_payload() {
        let packets = [
            Packet::Message(Message::from("test")),
            Packet::Message(Message::from(vec![1, 2, 3, 4])),
        ];
        let body = encode_payload(&packets);
        assert_eq!(body, "4test\u{1e}bAQIDBA==");
        assert_eq!(decode_payload(body.into(), 10), (packets.to_vec(), Ok(())));
    }

    #[test]
    fn an_empty_body_is_an_empty_packet() {
        let (packets, result) = decode_payload(ByteString::new(), 10);
        assert_eq!((packets, result), (vec![], Err(PacketError::Empty)));
    }

    #[test]
    fn what_precedes_a_bad_packet_is_kept() {
        let (packets, result) = decode_payload("4a\u{1e}xyz\u{1e}4b".into(), 10);
        assert_eq!(packets, [Packet::Message(Message::from("a"))]);
        assert_eq!(result, Err(PacketError::Type('x')));
    }

    #[test]
    fn the_number_of_packets_is_limited() {
        let body = ["6"; 11].join("\u{1e}");
        let (packets, result) = decode_payload(body.into(), 10);
        assert_eq!(packets.len(), 10);
        assert_eq!(result, Err(PacketError::TooMany(10)));
    }

    pub(crate) fn any_packet() -> impl Strategy<Value = Packet> {
        // The separator cannot be part of a packet in a payload.
        let data = "[^\u{1e}]{0,40}".prop_map(ByteString::from);
        prop_oneof![
            data.clone().prop_map(Packet::Open),
            data.clone().prop_map(Packet::Close),
            data.clone().prop_map(Packet::Ping),
            data.clone().prop_map(Packet::Pong),
            data.clone().prop_map(Packet::Upgrade),
            data.clone().prop_map(Packet::Noop),
            data.prop_map(|text| Packet::Message(Message::from(&*text))),
            any::<Vec<u8>>().prop_map(|data| Packet::Message(Message::from(data))),
        ]
    }

    proptest! {
        #[test]
        fn every_payload_round_trips(packets in prop::collection::vec(any_packet(), 1..20)) {
            let body = encode_payload(&packets);
            let length: usize = packets.iter().map(|packet| packet.text_len() + 1).sum();
            prop_assert_eq!(body.len(), length - 1);
            prop_assert_eq!(decode_payload(body.into(), 20), (packets, Ok(())));
        }

        #[test]
        fn no_body_panics_the_decoder(body in "([0-6b]|\u{1e}|\\PC|[é€😀]){0,60}") {
            let (packets, result) = decode_payload(body.as_str().into(), 30);
            let pieces = body.split('\u{1e}').count();
            prop_assert_eq!(result.is_ok(), packets.len() == pieces);
        }
    }
}
