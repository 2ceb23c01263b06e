//! What a client told when it connected, for itself to see.

use serde::Serialize;
use serde_json::{Map, Value, json};
use socketio::Socket;

use super::clock;

/// The handshake as the reference shows it.
#[derive(Serialize)]
pub(crate) struct Described {
    address: String,
    auth: Value,
    headers: Map<String, Value>,
    issued: u64,
    query: Map<String, Value>,
    secure: bool,
    time: String,
    url: String,
    xdomain: bool,
}

pub(crate) fn describe(socket: &Socket) -> Described {
    let handshake = socket.handshake();
    let address = handshake.address().map(|address| address.ip().to_string());
    let headers = handshake.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), value.into())
    });
    let query = handshake.queries();
    Described {
        address: address.unwrap_or_default(),
        auth: match handshake.auth.parse() {
            Ok(Some(auth)) => auth,
            Ok(None) | Err(_) => json!({}),
        },
        headers: headers.collect(),
        issued: clock::milliseconds(handshake.issued),
        query: query
            .map(|(name, value)| (name.into_owned(), value.into()))
            .collect(),
        secure: handshake.secure(),
        time: clock::iso(handshake.issued),
        url: handshake.uri().to_string(),
        xdomain: handshake.xdomain(),
    }
}
