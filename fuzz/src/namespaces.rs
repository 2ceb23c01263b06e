//! The machine of Socket.IO.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engineio::{Message, Text};
use socketio::{Args, Connection, Input, Limits, Parser, Protocol, Value};

use crate::start;

/// Feeds any messages to the namespaces of a client, and parses what comes out.
///
/// Messages are separated by zero bytes; one that starts with `0x01` is binary.
pub fn socketio_connection(data: &[u8]) {
    let now = start();
    let limits = Arc::new(Limits::default());
    let mut connection = Connection::new(
        Parser::Json,
        Protocol::V5,
        limits,
        Duration::from_secs(45),
        now,
    );
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
