//! The codec of Socket.IO's packets.

use socketio::{Data, Decoder, Limits, Packet, Parser, Value};

use crate::namespaces::messages;

/// Reads messages as packets. What is read is written and read again the same,
/// and means the same in MessagePack.
///
/// Messages are separated by zero bytes; one that starts with `0x01` is binary.
pub fn socketio_packet(data: &[u8]) {
    let mut decoder = Decoder::new(Parser::Json, Limits::default());
    for message in messages(data) {
        match decoder.handle(message) {
            Ok(Some(packet)) => {
                assert_eq!(through(Parser::Json, &packet), packet);
                means_the_same_in_message_pack(&packet);
            }
            Ok(None) => assert!(decoder.is_pending(), "attachments are due"),
            Err(_) => assert!(!decoder.is_pending(), "nothing is kept of what is bad"),
        }
    }
}

/// The packet as it comes out of a codec into which it was put.
pub(crate) fn through(parser: Parser, packet: &Packet) -> Packet {
    let encoded = parser.encode(packet).expect("it was read");
    let mut decoder = Decoder::new(parser, limits());
    let (last, parts) = encoded.parts().split_last().expect("there is one");
    for part in parts {
        assert_eq!(decoder.handle(part.clone()), Ok(None));
    }
    let packet = decoder.handle(last.clone()).expect("it was written");
    packet.expect("it is whole")
}

/// What a server writes is not limited as what clients do.
fn limits() -> Limits {
    Limits::default().binaries(usize::MAX)
}

fn means_the_same_in_message_pack(packet: &Packet) {
    // It has no such packet: `undefined` is no error.
    if matches!(&packet.data, Data::ConnectError(args) if args.is_empty()) {
        return;
    }
    let Some((kind, values)) = meaning(packet) else {
        return;
    };
    let again = through(Parser::MessagePack, packet);
    let (same_kind, same_values) = meaning(&again).expect("what came through can be read");
    assert_eq!((&again.nsp, same_kind), (&packet.nsp, kind));
    assert!(
        is_same(&Value::Array(same_values), &Value::Array(values)),
        "{packet:?} became {again:?}"
    );
}

/// What kind of packet it is, and its arguments; `None` if they are beyond what
/// Rust has for numbers and text.
fn meaning(packet: &Packet) -> Option<(String, Vec<Value>)> {
    let (kind, args) = match &packet.data {
        Data::Ack { id, args } => (format!("ack {id:?}"), args),
        Data::Connect(args) => ("connect".into(), args),
        Data::ConnectError(args) => ("error".into(), args),
        Data::Disconnect => return Some(("disconnect".into(), Vec::new())),
        Data::Event { name, args, ack } => (format!("event {name} {ack:?}"), args),
    };
    Some((kind, args.to_list().ok()?))
}

/// Whether two values are the same but for the last digit of their numbers,
/// which serde_json does not read exactly.
pub(crate) fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let is_same_member =
                |((name, a), (other, b)): (&(_, _), &(_, _))| name == other && is_same(a, b);
            a.len() == b.len() && a.iter().zip(b).all(is_same_member)
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap_or(0.0), b.as_f64().unwrap_or(0.0));
            a.is_sign_negative() == b.is_sign_negative() && (a - b).abs() <= a.abs() * 1e-14
        }
        _ => a == b,
    }
}
