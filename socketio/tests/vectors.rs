//! The Socket.IO codec against vectors from the official parser.

use std::collections::BTreeMap;

use bytes::Bytes;
use engineio::Message;
use serde_json::value::RawValue;
use socketio::{Args, Binary, Data, Decoder, Limits, Packet, PacketError, Parser, Value};

#[test]
fn packets_are_those_of_the_official_parser() {
    replay("sio5.jsonl", 1_000, |vector| match text(vector, "op") {
        "decode" => decodes(vector),
        "encode" => encodes(vector),
        other => panic!("unknown operation {other}"),
    });
}

#[test]
fn packets_are_those_of_the_parser_of_protocol_four() {
    replay("sio4.jsonl", 700, |vector| match text(vector, "op") {
        "decode" => decodes(vector) || is_refused_by_the_newer_parser(vector),
        "encode" => encodes(vector) || encodes_binary(vector),
        other => panic!("unknown operation {other}"),
    });
}

#[cfg(feature = "msgpack")]
#[test]
fn packets_are_those_of_the_official_parser_of_messagepack() {
    replay("msgpack.jsonl", 700, |vector| match text(vector, "op") {
        "decode" => messagepack::decodes(vector),
        "encode" => messagepack::encodes(vector),
        other => panic!("unknown operation {other}"),
    });
}

fn replay(file: &str, at_least: usize, is_right: impl Fn(&Value) -> bool) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
    let vectors = std::fs::read_to_string(format!("{folder}/{file}")).expect("the file is there");
    let mut count = 0;
    for line in vectors.lines() {
        let vector: Value = serde_json::from_str(line).expect("a vector is JSON");
        assert!(is_right(&vector), "{line}");
        count += 1;
    }
    assert!(count > at_least, "only {count} vectors were there");
}

fn decodes(vector: &Value) -> bool {
    let mut decoder = Decoder::new(Parser::Json, Limits::default());
    let mut packets = Vec::new();
    let mut failed_at = None;
    for (index, frame) in array(vector, "frames").iter().enumerate() {
        match decoder.handle(to_message(frame)) {
            Ok(packet) => packets.extend(packet),
            Err::<_, PacketError>(_) => {
                failed_at = Some(Value::from(index as u64));
                break;
            }
        }
    }
    let expected = array(vector, "packets");
    let is_same = failed_at.as_ref() == member(vector, "err_at")
        && decoder.is_pending() == member(vector, "pending").is_some()
        && packets.len() == expected.len()
        && packets
            .iter()
            .zip(expected)
            .all(|(packet, expected)| is_packet(packet, expected));
    is_same || (member(vector, "lenient").is_some() && failed_at.is_some())
}

fn encodes(vector: &Value) -> bool {
    let packet = to_packet(member(vector, "in").expect("a packet"));
    let encoded = Parser::Json
        .encode(&packet)
        .expect("the packet can be written");
    let frames = array(vector, "frames").iter().map(to_message);
    frames.eq(encoded.parts().iter().cloned())
}

fn is_packet(packet: &Packet, expected: &Value) -> bool {
    // An id means something on events and answers only.
    let (kind, id, data) = match &packet.data {
        Data::Connect(args) => (0, None, elements(args).pop()),
        Data::Disconnect => (1, None, None),
        Data::Event { name, args, ack } => {
            let mut data = elements(args);
            data.insert(0, (&**name).into());
            (2, *ack, Some(Value::Array(data)))
        }
        Data::Ack { id, args } => (3, *id, Some(Value::Array(elements(args)))),
        Data::ConnectError(args) => (4, None, elements(args).pop()),
    };
    let expected_id = member(expected, "id").filter(|_| kind == 2 || kind == 3);
    member(expected, "type") == Some(&kind.into())
        && packet.nsp == text(expected, "nsp")
        && expected_id == id.map(Value::from).as_ref()
        && expected_data(expected, kind).map(meaning) == data.map(meaning)
}

/// The data of an expected packet, with an event's name as the string that all
/// names are here.
fn expected_data(expected: &Value, kind: i32) -> Option<Value> {
    let mut data = member(expected, "data").map(with_binary)?;
    if let (2, Value::Array(elements)) = (kind, &mut data)
        && let Value::Number(number) = &elements[0]
    {
        elements[0] = number.to_string().into();
    }
    Some(data)
}

fn elements(args: &Args) -> Vec<Value> {
    args.to_list().unwrap_or_else(|_| {
        let raw: Vec<Box<RawValue>> = args.to_list().expect("arguments are JSON");
        raw.iter()
            .map(|element| element_or_infinity(element))
            .collect()
    })
}

/// serde_json refuses numbers that JavaScript takes as infinite.
fn element_or_infinity(element: &RawValue) -> Value {
    serde_json::from_str(element.get()).unwrap_or_else(|_| {
        let number: f64 = element.get().parse().expect("a number");
        assert!(number.is_infinite());
        Value::Object(vec![("$num".into(), "Infinity".into())])
    })
}

fn to_packet(packet: &Value) -> Packet {
    let id = member(packet, "id").map(id_of);
    let data = member(packet, "data").map(with_binary);
    let one = |data: Option<Value>| Args::from_list(data).expect("a payload");
    let data = match (member(packet, "type"), data) {
        (Some(kind), data) if *kind == 0.into() => Data::Connect(one(data)),
        (Some(kind), None) if *kind == 1.into() => Data::Disconnect,
        (Some(kind), Some(Value::Array(elements))) if *kind == 2.into() => {
            let Value::String(name) = &elements[0] else {
                panic!("a name")
            };
            let args = Args::from_list(&elements[1..]).expect("a payload");
            Data::Event {
                name: name.as_str().into(),
                args,
                ack: id,
            }
        }
        (Some(kind), Some(Value::Array(elements))) if *kind == 3.into() => Data::Ack {
            id,
            args: Args::from_list(&elements).expect("a payload"),
        },
        (Some(kind), data) if *kind == 4.into() => Data::ConnectError(one(data)),
        other => panic!("unknown packet {other:?}"),
    };
    Packet {
        nsp: text(packet, "nsp").into(),
        data,
    }
}

fn id_of(id: &Value) -> u64 {
    match id {
        Value::Number(number) => number.as_u64().expect("an id"),
        other => panic!("unknown id {other:?}"),
    }
}

fn to_message(frame: &Value) -> Message {
    match member(frame, "x") {
        Some(_) => Message::Binary(from_hex(text(frame, "x"))),
        None => text(frame, "s").into(),
    }
}

/// Puts binary data where it is described.
fn with_binary(value: &Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.iter().map(with_binary).collect()),
        Value::Object(members) => match &members[..] {
            [(name, Value::String(hex))] if name == "$bin" => Binary(from_hex(hex)).into(),
            members => {
                let members = members.iter();
                let members = members.map(|(name, value)| (name.clone(), with_binary(value)));
                Value::Object(members.collect())
            }
        },
        other => other.clone(),
    }
}

/// What a value means to JavaScript: numbers are doubles, the order of keys
/// does not matter, and the last of two equal keys wins. What JSON has not is
/// `null`.
fn meaning(value: Value) -> Value {
    match value {
        Value::Object(members) if is_absent_from_json(&members) => Value::Null,
        Value::Array(values) => Value::Array(values.into_iter().map(meaning).collect()),
        Value::Number(number) => number.as_f64().expect("a double").into(),
        Value::Object(members) => {
            let members = members
                .into_iter()
                .map(|(name, value)| (name, meaning(value)));
            let sorted: BTreeMap<_, _> = members.collect();
            Value::Object(sorted.into_iter().collect())
        }
        other => other,
    }
}

fn is_absent_from_json(members: &[(String, Value)]) -> bool {
    match members {
        [(name, _)] if name == "$undef" => true,
        [(name, number)] => name == "$num" && *number == "NaN".into(),
        _ => false,
    }
}

fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    match object {
        Value::Object(members) => members
            .iter()
            .find(|(member, _)| member == name)
            .map(|(_, value)| value),
        other => panic!("expected an object, got {other:?}"),
    }
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    match member(object, name) {
        Some(Value::String(text)) => text,
        other => panic!("expected {name} to be a string, got {other:?}"),
    }
}

fn array<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    match member(object, name) {
        Some(Value::Array(values)) => values,
        other => panic!("expected {name} to be an array, got {other:?}"),
    }
}

fn from_hex(hex: &str) -> Bytes {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits"))
        .collect()
}

/// Whether the parser of protocol 4 takes what the official server does not: it
/// reads the packets of old clients with the parser of protocol 5.
fn is_refused_by_the_newer_parser(vector: &Value) -> bool {
    let mut decoder = Decoder::new(Parser::Json, Limits::default());
    let is_refused = array(vector, "frames")
        .iter()
        .any(|frame| decoder.handle(to_message(frame)).is_err());
    let is_special = |packet: &Value| match (member(packet, "type"), member(packet, "data")) {
        (Some(kind), Some(Value::Array(data))) if *kind == 2.into() => {
            matches!(&data[..], [Value::String(name), ..] if RESERVED.contains(&name.as_str()))
        }
        (Some(kind), Some(Value::Array(_))) => *kind == 0.into() || *kind == 4.into(),
        _ => false,
    };
    is_refused && array(vector, "packets").iter().any(is_special)
}

const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// Whether a packet is written so that it is read again. The parser of protocol
/// 4 leaves it to its caller to look for binary data, and writes what it was not
/// told of as JSON.
fn encodes_binary(vector: &Value) -> bool {
    let expected = member(vector, "in").expect("a packet");
    let mut decoder = Decoder::new(Parser::Json, Limits::default());
    let encoded = Parser::Json
        .encode(&to_packet(expected))
        .expect("the packet can be written");
    let mut packets = encoded
        .parts()
        .iter()
        .filter_map(|part| decoder.handle(part.clone()).expect("it can be read"));
    text(&array(vector, "frames")[0], "s").contains(r#"{"type":"Buffer","data":["#)
        && packets
            .next()
            .is_some_and(|packet| is_packet(&packet, expected))
}

#[cfg(feature = "msgpack")]
mod messagepack {
    use super::*;

    pub(super) fn decodes(vector: &Value) -> bool {
        let frame = to_message(member(vector, "in").expect("a frame"));
        let mut decoder = Decoder::new(Parser::MessagePack, Limits::default());
        match (decoder.handle(frame), member(vector, "out")) {
            (Ok(Some(packet)), Some(expected)) => is_packet(&packet, expected),
            (Err(_), expected) => {
                let is_lenient = member(vector, "lenient").is_some();
                expected.is_none_or(|packet| is_lenient || has_negative_id(packet))
            }
            (Ok(Some(packet)), None) => is_without_data(&packet),
            (Ok(None), _) => false,
        }
    }

    /// Packets that may have no data may have `nil` for it here.
    fn is_without_data(packet: &Packet) -> bool {
        match &packet.data {
            Data::Connect(auth) => auth.is_empty(),
            Data::Disconnect => true,
            _ => false,
        }
    }

    pub(super) fn encodes(vector: &Value) -> bool {
        let packet = to_packet(member(vector, "in").expect("a packet"));
        let encoded = Parser::MessagePack
            .encode(&packet)
            .expect("the packet can be written");
        encoded.parts() == [to_message(member(vector, "out").expect("a frame"))]
    }

    /// Nobody answers an event of this id, here.
    fn has_negative_id(packet: &Value) -> bool {
        matches!(member(packet, "id"), Some(Value::Number(id)) if id.as_i64() < Some(0))
    }
}
