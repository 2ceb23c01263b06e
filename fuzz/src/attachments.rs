//! Binary data at any depth, in every form that arguments have.

use std::cell::Cell;

use bytes::Bytes;
use engineio::{Message, Text};
use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use socketio::{Args, Data, Decoder, Encoded, Limits, Packet, PacketError, Parser, Value, fuzzing};

use crate::packets::through;

/// Reads bytes as values, among them binary data and what imitates a placeholder
/// for some. They are written and read again the same, in MessagePack and on other
/// servers as well. In a text for clients an imitation stands for the data.
pub fn socketio_binary(data: &[u8]) {
    let mut bytes = data.iter().copied();
    let mut values = Vec::new();
    while bytes.len() > 0 && values.len() < 8 {
        values.push(value(&mut bytes, 0));
    }
    let args = Args::from_list(&values).expect("it can be written");
    let mut attachments = Vec::new();
    values.iter().for_each(|one| collect(one, &mut attachments));
    assert_eq!(args.attachments(), attachments);
    assert_eq!(args.to_list::<Value>().expect("it was written"), values);
    assert_eq!(fuzzing::through_nodes(&args), args);
    let packed = through(Parser::MessagePack, &answer(args.clone()));
    assert_eq!(list(&packed), Some(values.clone()));
    fails_without_a_trace(&values, &args);
    has_its_offset_last(&values, &args);
    is_read_as_clients_write_it(&values, attachments);
}

/// A value; deep inside there is nothing inside of it.
fn value(bytes: &mut impl Iterator<Item = u8>, depth: usize) -> Value {
    let choice = bytes.next().unwrap_or_default();
    let size = usize::from(choice >> 4);
    match choice & 0xf {
        0 => Value::Null,
        1 => Value::Bool(size > 7),
        2 => Value::from(choice >> 4),
        3 => Value::from(-f64::from(choice) / 4.0),
        4 => Value::from(TEXTS[size % TEXTS.len()]),
        5..=7 => Value::from(bytes.take(size).collect::<Bytes>()),
        8 | 9 => Value::Object(vec![
            ("_placeholder".into(), true.into()),
            ("num".into(), (size as i64 - 1).into()),
        ]),
        10..=12 if depth < 12 => {
            Value::Array((0..size % 5).map(|_| value(bytes, depth + 1)).collect())
        }
        _ if depth < 12 => {
            let members = (0..size % 5).map(|_| {
                let name = bytes.next().unwrap_or_default();
                let name = TEXTS[usize::from(name) % TEXTS.len()];
                (name.to_owned(), value(bytes, depth + 1))
            });
            Value::Object(members.collect())
        }
        _ => Value::Null,
    }
}

const TEXTS: [&str; 8] = [
    "_placeholder",
    "num",
    "",
    "é\n\"",
    "\\u005fplaceholder",
    "a",
    "_placeholder\t",
    "--------,-------",
];

/// The binary data of a value, depth first.
fn collect(value: &Value, out: &mut Vec<Bytes>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, out)),
        Value::Binary(binary) => out.push(binary.0.clone()),
        Value::Object(members) => members.iter().for_each(|(_, value)| collect(value, out)),
        _ => {}
    }
}

fn answer(args: Args) -> Packet {
    Packet {
        nsp: "/".into(),
        data: Data::Ack { id: Some(1), args },
    }
}

fn list(packet: &Packet) -> Option<Vec<Value>> {
    match &packet.data {
        Data::Ack { args, .. } => args.to_list().ok(),
        _ => None,
    }
}

/// A `Serialize` that gives up leaves nothing to what is written next.
fn fails_without_a_trace(values: &[Value], args: &Args) {
    for after in [0, 1, 3] {
        let left = Cell::new(after);
        let failing = values.iter().map(|value| Failing { value, left: &left });
        if Args::from_list(failing).is_err() {
            assert_eq!(Args::from_list(values).expect("it was written"), *args);
        }
    }
}

/// A value that cannot be written once so much of it was.
struct Failing<'a> {
    value: &'a Value,
    left: &'a Cell<usize>,
}

impl Serialize for Failing<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let left = self.left.get().checked_sub(1);
        self.left
            .set(left.ok_or_else(|| S::Error::custom("enough"))?);
        let inside = |value| Failing { value, ..*self };
        match self.value {
            Value::Array(values) => serializer.collect_seq(values.iter().map(inside)),
            Value::Object(members) => {
                let mut map = serializer.serialize_map(None)?;
                for (name, value) in members {
                    map.serialize_entry(name, &inside(value))?;
                }
                map.end()
            }
            value => value.serialize(serializer),
        }
    }
}

/// An event that is written before its offset is known is the one that is
/// written with it.
fn has_its_offset_last(values: &[Value], args: &Args) {
    const OFFSET: &str = "AbCd000000000001";
    let with_offset = values.iter().cloned().chain([OFFSET.into()]);
    let whole = Args::from_list(with_offset).expect("it can be written");
    for parser in [Parser::Json, Parser::MessagePack] {
        let draft = fuzzing::with_offset(parser, "/chat", "e", args, OFFSET);
        let event = parser.encode_event("/chat", "e", &whole, None);
        assert_eq!(draft, event.expect("it is written already"));
    }
}

/// What a client writes is read as the rule says: each object with the mark is
/// the attachment that it names, or the packet is illegal.
fn is_read_as_clients_write_it(values: &[Value], attachments: Vec<Bytes>) {
    let limits = Limits::default();
    if attachments.is_empty() || attachments.len() > limits.attachments {
        return;
    }
    let mut text = format!("6{}-7", attachments.len());
    write(&Value::Array(values.to_vec()), &mut 0, &mut text);
    let mut decoder = Decoder::new(Parser::Json, limits.clone());
    let mut read = decoder.handle(Text::from(text).into());
    for attachment in &attachments {
        assert_eq!(read, Ok(None), "its attachments are due");
        read = decoder.handle(Message::Binary(attachment.clone()));
    }
    let mut found = 0;
    let expected: Option<Vec<Value>> = values
        .iter()
        .map(|value| resolved(value, &attachments, &mut found))
        .collect();
    match expected.filter(|_| found <= limits.attachments) {
        None => assert_eq!(read, Err(PacketError::Placeholder)),
        Some(expected) => {
            let packet = read.expect("it is legal").expect("it is whole");
            assert_eq!(list(&packet), Some(expected));
            let args = match &packet.data {
                Data::Ack { args, .. } => args,
                other => panic!("{other:?} is no answer"),
            };
            let again: Encoded = Parser::Json.encode(&packet).expect("it was read");
            assert_eq!(again.parts().len(), 1 + args.attachments().len());
        }
    }
}

/// Writes a value as a client does, which escapes no key.
fn write(value: &Value, attachments: &mut usize, out: &mut String) {
    let quoted = |text: &str| Value::from(text);
    match value {
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(value, attachments, out);
            }
            out.push(']');
        }
        Value::Binary(_) => {
            out.push_str(&format!(r#"{{"_placeholder":true,"num":{attachments}}}"#));
            *attachments += 1;
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(&quoted(name), attachments, out);
                out.push(':');
                write(value, attachments, out);
            }
            out.push('}');
        }
        scalar => out.push_str(&serde_json::to_string(scalar).expect("it is JSON")),
    }
}

/// The value with attachments in place of the objects that have the mark; `None`
/// if one of those names none.
fn resolved(value: &Value, attachments: &[Bytes], found: &mut usize) -> Option<Value> {
    Some(match value {
        Value::Array(values) => {
            let values = values.iter();
            Value::Array(
                values
                    .map(|value| resolved(value, attachments, found))
                    .collect::<Option<_>>()?,
            )
        }
        Value::Binary(_) => {
            *found += 1;
            value.clone()
        }
        Value::Object(members) => {
            let mark = ("_placeholder".to_owned(), Value::Bool(true));
            if members.contains(&mark) {
                *found += 1;
                let num = members.iter().rfind(|(name, _)| name == "num");
                let Some((_, Value::Number(num))) = num else {
                    return None;
                };
                let num = usize::try_from(num.as_u64()?).ok()?;
                return attachments.get(num).cloned().map(Value::from);
            }
            let mut all = Vec::new();
            for (name, value) in members {
                all.push((name.clone(), resolved(value, attachments, found)?));
            }
            Value::Object(all)
        }
        scalar => scalar.clone(),
    })
}
