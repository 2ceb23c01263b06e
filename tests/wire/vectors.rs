//! The Engine.IO codecs against vectors from the official parser.

use bytes::Bytes;
use bytestring::ByteString;
use engineio::{Message, Packet, PacketError, decode_payload, encode_payload};
use serde_json::{Value, json};

#[test]
fn packets_are_those_of_the_official_parser() {
    let vectors = include_str!("../vectors/eio4-packet.jsonl");
    check(vectors, |vector| match vector["op"].as_str() {
        Some("decode") => {
            let decoded = decode(&vector["in"]);
            match decoded {
                Ok(packet) => to_json(&packet) == vector["out"],
                Err(_) => vector["err"] == true || vector["lenient"] == true,
            }
        }
        Some("encode") => {
            let packet = from_json(&vector["in"]);
            encode(&packet, vector["binary"] == true) == vector["out"]
        }
        other => panic!("unknown operation {other:?}"),
    });
}

#[test]
fn payloads_are_those_of_the_official_parser() {
    let vectors = include_str!("../vectors/eio4-payload.jsonl");
    check(vectors, |vector| match vector["op"].as_str() {
        Some("decode") => {
            let body = vector["in"]["s"].as_str().expect("a payload is text");
            let (packets, result) = decode_payload(body.into(), usize::MAX);
            let is_same = packets
                .iter()
                .map(to_json)
                .eq(array(&vector["packets"]).cloned());
            let err_at = vector["err_at"].as_u64();
            let is_same = is_same
                && match &result {
                    Ok(()) => err_at.is_none(),
                    Err(_) => err_at == Some(packets.len() as u64),
                };
            is_same || (vector["lenient"] == true && result.is_err())
        }
        Some("encode") => {
            let packets: Vec<_> = array(&vector["in"]).map(from_json).collect();
            vector["out"]["s"] == encode_payload(&packets)
        }
        other => panic!("unknown operation {other:?}"),
    });
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

fn decode(frame: &Value) -> Result<Packet, PacketError> {
    match (frame["s"].as_str(), frame["x"].as_str()) {
        (Some(text), _) => Packet::from_text(text.into()),
        (_, Some(hex)) => Ok(Packet::from_binary(from_hex(hex))),
        _ => panic!("unknown frame {frame}"),
    }
}

fn encode(packet: &Packet, takes_binary: bool) -> Value {
    match packet {
        Packet::Message(Message::Binary(data)) if takes_binary => json!({ "x": to_hex(data) }),
        packet => {
            let mut text = String::new();
            packet.write_text(&mut text);
            json!({ "s": text })
        }
    }
}

fn from_json(packet: &Value) -> Packet {
    let data = &packet["data"];
    if let Some(hex) = data["$bin"].as_str() {
        return Packet::from_binary(from_hex(hex));
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
