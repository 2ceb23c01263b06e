use proptest::prelude::*;

use super::*;

fn text(body: &str) -> PayloadBody {
    body.into()
}

fn message(text: &str) -> Packet {
    Packet::Message(Message::from(text))
}

fn binary(data: &[u8]) -> Packet {
    Packet::Message(Message::from(data.to_vec()))
}

#[test]
fn text_and_binary_share_a_payload() {
    let packets = [message("test"), binary(&[1, 2, 3, 4])];
    for (revision, base64, body) in [
        (Revision::V4, false, text("4test\u{1e}bAQIDBA==")),
        (Revision::V4, true, text("4test\u{1e}bAQIDBA==")),
        (Revision::V3, true, text("5:4test10:b4AQIDBA==")),
        (
            Revision::V3,
            false,
            PayloadBody::Binary(Bytes::from_static(
                b"\x00\x05\xff4test\x01\x05\xff\x04\x01\x02\x03\x04",
            )),
        ),
    ] {
        assert_eq!(encode_payload(&packets, revision, base64), body);
        assert_eq!(
            decode_payload(body, revision, 10),
            (packets.to_vec(), Ok(()))
        );
    }
}

#[test]
fn revision_three_is_binary_only_where_there_is_binary_data() {
    let packets = [message("é€😀")];
    assert_eq!(
        encode_payload(&packets, Revision::V3, false),
        text("5:4é€😀")
    );
}

#[test]
fn a_length_counts_utf16_units_in_text_and_bytes_in_a_binary_payload() {
    let packets = [message(r#"2["é€😀"]"#), binary(&[1])];
    assert_eq!(
        encode_payload(&packets, Revision::V3, true),
        text(r#"10:42["é€😀"]6:b4AQ=="#)
    );
    let body = encode_payload(&packets, Revision::V3, false);
    assert_eq!(&body.as_bytes()[..4], b"\x00\x01\x05\xff");
}

#[test]
fn an_empty_body_is_an_empty_packet() {
    let empty = (vec![], Err(PacketError::Empty));
    assert_eq!(decode_payload("", Revision::V4, 10), empty);
    assert_eq!(decode_payload("", Revision::V3, 10), empty);
    assert_eq!(decode_payload(Bytes::new(), Revision::V3, 10), empty);
}

#[test]
fn what_precedes_a_bad_packet_is_kept() {
    let kept = vec![message("a")];
    for (body, revision, error) in [
        (
            text("4a\u{1e}xyz\u{1e}4b"),
            Revision::V4,
            PacketError::Type('x'),
        ),
        (text("2:4a3:xyz2:4b"), Revision::V3, PacketError::Type('x')),
        (text("2:4a3:4b"), Revision::V3, PacketError::Length),
        (text("2:4a4b"), Revision::V3, PacketError::Length),
        (text("2:4a-1:4b"), Revision::V3, PacketError::Length),
        (text("2:4a2:4😀"), Revision::V3, PacketError::Length),
        (
            Bytes::from_static(b"\x00\x02\xff4a\x00\x01\xffx").into(),
            Revision::V3,
            PacketError::Type('x'),
        ),
        (
            Bytes::from_static(b"\x00\x02\xff4a\x00\x09\xff4b").into(),
            Revision::V3,
            PacketError::Length,
        ),
        (
            Bytes::from_static(b"\x00\x02\xff4a\x00\x02\xff4\xff").into(),
            Revision::V3,
            PacketError::Utf8,
        ),
    ] {
        let decoded = decode_payload(body.clone(), revision, 10);
        assert_eq!(decoded, (kept.clone(), Err(error)), "{body:?}");
    }
}

#[test]
fn nothing_of_a_binary_payload_counts_if_a_header_is_wrong() {
    for header in [
        &b"\x00\x02"[..],
        b"\x02\x02\xff",
        b"\x00\xff",
        b"\x00\x0a\xff",
    ] {
        let body = [b"\x00\x02\xff4a", header, b"4b"].concat();
        let decoded = decode_payload(Bytes::from(body), Revision::V3, 10);
        assert_eq!(decoded, (vec![], Err(PacketError::Header)));
    }
}

#[test]
fn a_packet_of_no_length_is_none() {
    let decoded = decode_payload("0:2:4a0:", Revision::V3, 10);
    assert_eq!(decoded, (vec![message("a")], Ok(())));
    assert_eq!(encode_payload(&[], Revision::V3, false), text("0:"));
}

#[test]
fn the_number_of_packets_is_limited() {
    for (body, revision) in [
        (text(&["6"; 11].join("\u{1e}")), Revision::V4),
        (text(&"1:6".repeat(11)), Revision::V3),
        (
            Bytes::from(b"\x00\x01\xff6".repeat(11)).into(),
            Revision::V3,
        ),
    ] {
        let (packets, result) = decode_payload(body, revision, 10);
        assert_eq!(packets.len(), 10);
        assert_eq!(result, Err(PacketError::TooMany(10)));
    }
}

fn any_packet() -> impl Strategy<Value = Packet> {
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

fn any_revision() -> impl Strategy<Value = Revision> {
    prop_oneof![Just(Revision::V3), Just(Revision::V4)]
}

proptest! {
    #[test]
    fn every_payload_round_trips(
        packets in prop::collection::vec(any_packet(), 1..20),
        revision in any_revision(),
        base64: bool,
    ) {
        let body = encode_payload(&packets, revision, base64);
        prop_assert_eq!(decode_payload(body, revision, 20), (packets, Ok(())));
    }

    #[test]
    fn a_payload_is_written_into_memory_of_the_right_size(
        packets in prop::collection::vec(any_packet(), 1..20),
    ) {
        let body = separated::encode(&packets);
        prop_assert!(body.capacity() <= body.len() + 1);
    }

    #[test]
    fn no_body_panics_the_decoder(body in "([0-6b]|\u{1e}|:|\\PC|[é€😀]){0,60}") {
        let (packets, result) = decode_payload(body.as_str(), Revision::V4, 30);
        let pieces = body.split('\u{1e}').count();
        prop_assert_eq!(result.is_ok(), packets.len() == pieces);
        let (packets, _) = decode_payload(body.as_str(), Revision::V3, 30);
        prop_assert!(packets.len() <= body.len() / 3);
    }

    #[test]
    fn no_binary_body_panics_the_decoder(
        body in prop::collection::vec(prop_oneof![0..10_u8, Just(255), any::<u8>()], 0..60),
    ) {
        let (packets, _) = decode_payload(Bytes::from(body.clone()), Revision::V3, 30);
        prop_assert!(packets.len() <= body.len() / 4);
    }
}
