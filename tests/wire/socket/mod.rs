//! Socket.IO: protocol 5, and what protocol 4 does otherwise.

mod acks;
mod bad_input;
mod connect;
mod disconnect;
mod events;
#[cfg(feature = "metrics")]
mod figures;
mod files;
mod logs;
mod msgpack;
mod protocol_4;
mod recovery;
mod rooms;
mod volatile;

use socketio::{Config, Server as Io};

use crate::support::Server;
use crate::support::websocket::Websocket;

/// A server on which the test registers what it needs.
fn server() -> (Io, Server) {
    let io = Io::new(Config::default());
    let server = Server::socketio(&io);
    (io, server)
}

/// A websocket client that is connected to `/`.
async fn connected(server: &Server) -> Websocket {
    let mut socket = server.websocket().await;
    join(&mut socket, "").await;
    socket
}

/// Connects to a namespace, given as it stands in a packet (`/admin,`), and
/// returns the id of the socket.
async fn join(socket: &mut Websocket, namespace: &str) -> String {
    socket.send(format!("40{namespace}")).await;
    let answer = socket.text().await;
    let json = answer
        .strip_prefix(&format!("40{namespace}"))
        .unwrap_or_else(|| panic!("expected to be connected, got {answer}"));
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 1, "only the sid: {answer}");
    json["sid"].as_str().unwrap().into()
}
