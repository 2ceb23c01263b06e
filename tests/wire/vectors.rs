//! The Engine.IO codecs against vectors from the official parsers.

use bytes::Bytes;
use bytestring::ByteString;
use engineio::{
    Message, Packet, PacketError, PayloadBody, Revision, decode_payload, encode_payload,
};
use serde_json::{Value, json};

#[test]
fn packets_of_revision_four_are_those_of_the_official_parser() {
    let vectors = include_str!("../vectors/eio4-packet.jsonl");
    check(vectors, |vector| is_packet(vector, Revision::V4));
}

#[test]
fn packets_of_revision_three_are_those_of_the_official_parser() {
    let vectors = include_str!("../vectors/eio3-packet.jsonl");
    check(vectors, |vector| is_packet(vector, Revision::V3));
}

#[test]
fn payloads_of_revision_four_are_those_of_the_official_parser() {
    let vectors = include_str!("../vectors/eio4-payload.jsonl");
    check(vectors, |vector| is_payload(vector, Revision::V4));
}

#[test]
fn payloads_of_revision_three_are_those_of_the_official_parser() {
    let vectors = include_str!("../vectors/eio3-payload.jsonl");
    check(vectors, |vector| is_payload(vector, Revision::V3));
}

fn is_packet(vector: &Value, revision: Revision) -> bool {
    match vector["op"].as_str() {
        Some("decode") => match decode(&vector["in"], revision) {
            Ok(packet) => is_same(&packet, &vector["out"]),
            Err(_) => vector["err"] == true || vector["lenient"] == true,
        },
        Some("encode") => {
            let packet = from_json(&vector["in"]);
            encode(&packet, revision, vector["binary"] == true) == vector["out"]
        }
        other => panic!("unknown operation {other:?}"),
    }
}

fn is_payload(vector: &Value, revision: Revision) -> bool {
    match vector["op"].as_str() {
        Some("decode") => {
            let (packets, result) = decode_payload(body(&vector["in"]), revision, usize::MAX);
            is_decoded(&packets, result.err(), vector)
        }
        Some("encode") => {
            let packets: Vec<_> = array(&vector["in"]).map(from_json).collect();
            let base64 = vector["binary"] == false;
            encode_payload(&packets, revision, base64) == body(&vector["out"])
        }
        other => panic!("unknown operation {other:?}"),
    }
}

/// Whether a payload was read as the vector says.
fn is_decoded(packets: &[Packet], error: Option<PacketError>, vector: &Value) -> bool {
    let expected: Vec<_> = array(&vector["packets"]).collect();
    let is_prefix = packets.len() <= expected.len()
        && packets
            .iter()
            .zip(&expected)
            .all(|(packet, expected)| is_same(packet, expected));
    let has_all = packets.len() == expected.len();
    let may_be_err = vector["lenient"] == true || has_no_type(expected.get(packets.len()));
    // A line that ends in an error does not say where it was lenient before.
    let is_strict = matches!(error, Some(PacketError::Base64 | PacketError::Length));
    match (error.is_some(), vector["err_at"].as_u64()) {
        (false, None) => is_prefix && has_all,
        (true, None) => is_prefix && may_be_err,
        // The binary decoder of the reference goes on behind a bad packet, which
        // a session closes at.
        (true, Some(_)) if vector["in"]["x"].is_string() => is_prefix,
        (true, Some(at)) => {
            let is_at_end = has_all && at == packets.len() as u64;
            is_prefix && (is_at_end || may_be_err || is_strict)
        }
        (false, Some(_)) => false,
    }
}

/// The reference made up a packet that has no type: an error here.
fn has_no_type(packet: Option<&&Value>) -> bool {
    packet.is_some_and(|packet| packet["type"].is_null())
}

fn check(vectors: &str, is_right: impl Fn(&Value) -> bool) {
    let mut count = 0;
    for line in vectors.lines() {
        let vector = serde_json::from_str(line).expect("a vector is JSON");
        assert!(is_right(&vector), "{line}");
        count += 1;
    }
    assert!(count > 500, "only {count} vectors were there");
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("an array").iter()
}

fn body(frame: &Value) -> PayloadBody {
    match (frame["s"].as_str(), frame["x"].as_str()) {
        (Some(text), _) => text.into(),
        (_, Some(hex)) => from_hex(hex).into(),
        _ => panic!("unknown frame {frame}"),
    }
}

fn decode(frame: &Value, revision: Revision) -> Result<Packet, PacketError> {
    match body(frame) {
        PayloadBody::Binary(data) => Packet::from_binary(data, revision),
        PayloadBody::Text(text) => Packet::from_text(text, revision),
    }
}

fn encode(packet: &Packet, revision: Revision, takes_binary: bool) -> Value {
    match (packet, revision) {
        (Packet::Message(Message::Binary(data)), Revision::V4) if takes_binary => {
            json!({ "x": to_hex(data) })
        }
        (Packet::Message(Message::Binary(data)), _) if takes_binary => {
            json!({ "x": format!("04{}", to_hex(data)) })
        }
        _ => {
            let mut text = String::new();
            packet.write_text(revision, &mut text);
            json!({ "s": text })
        }
    }
}

fn from_json(packet: &Value) -> Packet {
    let data = &packet["data"];
    if let Some(hex) = data["$bin"].as_str() {
        return Packet::Message(Message::Binary(from_hex(hex)));
    }
    let data = ByteString::from(data.as_str().unwrap_or_default());
    match packet["type"].as_str() {
        Some("open") => Packet::Open(data),
        Some("close") => Packet::Close(data),
        Some("ping") => Packet::Ping(data),
        Some("pong") => Packet::Pong(data),
        Some("message") => Packet::Message(Message::from(&*data)),
        Some("upgrade") => Packet::Upgrade(data),
        Some("noop") => Packet::Noop(data),
        other => panic!("unknown packet type {other:?}"),
    }
}

/// Whether the packet is this one. Binary data of any other packet than a
/// message means nothing, and is not kept.
fn is_same(packet: &Packet, expected: &Value) -> bool {
    let is_message = matches!(packet, Packet::Message(_));
    if !is_message && expected["data"]["$bin"].is_string() {
        return to_json(packet) == json!({ "type": expected["type"] });
    }
    to_json(packet) == *expected
}

fn to_json(packet: &Packet) -> Value {
    let (kind, data) = match packet {
        Packet::Message(Message::Binary(data)) => {
            return json!({ "type": "message", "data": { "$bin": to_hex(data) } });
        }
        Packet::Message(Message::Text(text)) => ("message", text.as_str()),
        Packet::Open(data) => ("open", &**data),
        Packet::Close(data) => ("close", &**data),
        Packet::Ping(data) => ("ping", &**data),
        Packet::Pong(data) => ("pong", &**data),
        Packet::Upgrade(data) => ("upgrade", &**data),
        Packet::Noop(data) => ("noop", &**data),
    };
    if data.is_empty() {
        json!({ "type": kind })
    } else {
        json!({ "type": kind, "data": data })
    }
}

fn from_hex(hex: &str) -> Bytes {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits"))
        .collect()
}

fn to_hex(data: &[u8]) -> String {
    data.iter().map(|byte| format!("{byte:02x}")).collect()
}
