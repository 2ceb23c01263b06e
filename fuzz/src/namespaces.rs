//! The machine of Socket.IO, and its codecs.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engineio::{Message, Text};
use socketio::{Args, Connection, Decoder, Input, Limits, Packet, Parser, Protocol, Value};

use crate::start;

/// Feeds any messages to the namespaces of a client, and parses what comes out.
///
/// Messages are separated by zero bytes; one that starts with `0x01` is binary.
pub fn socketio_connection(data: &[u8]) {
    talk(Parser::Json, Protocol::V5, messages(data));
}

/// As [`socketio_connection`], for a client of protocol 4.
pub fn socketio_connection_4(data: &[u8]) {
    talk(Parser::Json, Protocol::V4, messages(data));
}

/// Reads any bytes as a packet of MessagePack; what is read is written and read
/// again the same. And feeds it to a client that is in the main namespace.
pub fn socketio_msgpack(data: &[u8]) {
    let parser = Parser::MessagePack;
    let message = Message::Binary(Bytes::copy_from_slice(data));
    if let Some(packet) = read(message.clone())
        && let Ok(encoded) = parser.encode(&packet)
    {
        let [written] = encoded.parts() else {
            panic!("a packet is one message")
        };
        assert_eq!(read(written.clone()), Some(packet));
    }
    let connect = parser.encode_connect(Protocol::V5, "/", "sid", None);
    let connect = connect.parts().iter().cloned();
    talk(parser, Protocol::V5, connect.chain([message]));
}

fn read(message: Message) -> Option<Packet> {
    let mut decoder = Decoder::new(Parser::MessagePack, Limits::default());
    decoder.handle(message).ok().flatten()
}

/// The messages up to the first one that is neither binary nor text.
pub(crate) fn messages(data: &[u8]) -> impl Iterator<Item = Message> {
    let parts = data.split(|byte| *byte == 0);
    parts.map_while(|part| match part {
        [0x01, binary @ ..] => Some(Message::Binary(Bytes::copy_from_slice(binary))),
        text => {
            let text = std::str::from_utf8(text).ok()?;
            Some(Message::Text(Text::from(text)))
        }
    })
}

/// Lets a client say the messages until one breaks the rules, and accepts it
/// wherever it wants to go.
fn talk(parser: Parser, protocol: Protocol, messages: impl Iterator<Item = Message>) {
    let now = start();
    let limits = Arc::new(Limits::default());
    let mut connection = Connection::new(parser, protocol, limits, Duration::from_secs(45), now);
    while let Some(Input::Connect { nsp, .. }) = connection.poll_input() {
        connection.accept(&nsp);
    }
    for message in messages {
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
