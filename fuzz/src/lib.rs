//! What the fuzzers run, as plain functions: a test on a stable compiler
//! replays the corpus through them.

mod session;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use bytestring::ByteString;
use engineio::{Message, Revision, Text, decode_payload, encode_payload};
use socketio::{Args, Connection, Input, Limits, Value};

pub use session::engineio_session;

/// Reads any bytes as a polling payload; what is read is written and read
/// again the same.
pub fn engineio_payload(data: &[u8]) {
    let Ok(body) = ByteString::try_from(Bytes::copy_from_slice(data)) else {
        return;
    };
    let (packets, _) = decode_payload(body, Revision::V4, 1000);
    if !packets.is_empty() {
        let body = encode_payload(&packets, Revision::V4, false);
        let again = decode_payload(body, Revision::V4, 1000);
        assert_eq!(again, (packets, Ok(())));
    }
}

/// Feeds any messages to the namespaces of a client, and parses what comes out.
///
/// Messages are separated by zero bytes; one that starts with `0x01` is binary.
pub fn socketio_connection(data: &[u8]) {
    let now = start();
    let limits = Arc::new(Limits::default());
    let mut connection = Connection::new(limits, Duration::from_secs(45), now);
    for part in data.split(|byte| *byte == 0) {
        let message = match part {
            [0x01, binary @ ..] => Message::Binary(Bytes::copy_from_slice(binary)),
            text => match std::str::from_utf8(text) {
                Ok(text) => Message::Text(Text::from(text)),
                Err(_) => return,
            },
        };
        match connection.handle(message, now) {
            Ok(Some(Input::Connect { nsp, auth })) => {
                parse(&auth);
                connection.accept(&nsp);
            }
            Ok(Some(Input::Ack { args, .. } | Input::Event { args, .. })) => parse(&args),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

fn parse(args: &Args) {
    let _ = args.parse::<(Value, Option<String>, Vec<Value>)>();
    // What came in can go out, and is the same there.
    let forwarded = Args::new(args.clone()).expect("arguments are arguments");
    assert_eq!(forwarded.as_json(), args.as_json());
}

/// The origin of a clock that the fuzzers move.
fn start() -> Instant {
    Instant::now()
}
