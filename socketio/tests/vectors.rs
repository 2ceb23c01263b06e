//! The Socket.IO codec against vectors from the official parser.

use std::collections::BTreeMap;

use bytes::Bytes;
use engineio::Message;
use serde_json::value::RawValue;
use socketio::{Args, Binary, Data, Decoder, Limits, Packet, PacketError, Parser, Value};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/sio5.jsonl");

#[test]
fn packets_are_those_of_the_official_parser() {
    let vectors = std::fs::read_to_string(VECTORS).expect("the vectors are there");
    let mut count = 0;
    for line in vectors.lines() {
        let vector: Value = serde_json::from_str(line).expect("a vector is JSON");
        let is_right = match text(&vector, "op") {
            "decode" => decodes(&vector),
            "encode" => encodes(&vector),
            other => panic!("unknown operation {other}"),
        };
        assert!(is_right, "{line}");
        count += 1;
    }
    assert!(count > 1_000, "only {count} vectors were there");
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
/// does not matter, and the last of two equal keys wins.
fn meaning(value: Value) -> Value {
    match value {
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
