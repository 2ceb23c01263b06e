//! The page and Socket.IO from one server, with a room and a second namespace:
//! `cargo run -p server --example pages_and_rooms`, then open the address that it
//! prints in two tabs. It listens on 3000, or on `PORT`; the second part of the guide
//! takes 9000.
//!
//! | a client sends | who gets what |
//! |---|---|
//! | nothing, it connects | itself, then the others, then the others in `room1`: `message` (text) |
//! | `userMessage` (text) | everyone, the sender too: `userMessage` (the same) |
//! | in `/my-namespace`, `message` (text) | everyone there: `message` (the same) |

#[path = "../shared/host.rs"]
mod host;

use axum::Router;
use socketio::{BoxError, Config, DisconnectReason, Failure, Server, Socket};
use tower_http::services::ServeDir;
use tracing::{info, warn};

const PUBLIC: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/pages_and_rooms/public"
);

#[tokio::main]
async fn main() -> std::io::Result<()> {
    host::log();
    let io = server();
    let app = Router::new()
        .fallback_service(ServeDir::new(PUBLIC))
        .layer(io.layer());
    host::serve(io, app).await
}

fn server() -> Server {
    let io = Server::new(Config::default().client_files(host::client_files()));
    io.of("/")
        .on_connect(welcome)
        .on("userMessage", async |socket, text: String| {
            socket.namespace().emit("userMessage", text)
        })
        .on_disconnect(left)
        .on_error(failed);
    io.of("/my-namespace")
        .on_connect(async |socket| {
            info!(id = socket.id(), "connected to /my-namespace");
            socket.emit("message", "Welcome to my-namespace")
        })
        .on("message", async |socket, text: String| {
            socket.namespace().emit("message", text)
        })
        .on_disconnect(left)
        .on_error(failed);
    io
}

async fn welcome(socket: Socket) -> Result<(), BoxError> {
    info!(id = socket.id(), "connected");
    socket.emit("message", "Welcome to Socket.io with Express")?;
    let others = socket.broadcast();
    others.emit("message", "A new user has joined the chat")?;
    socket.join("room1")?;
    let members = socket.to("room1");
    members.emit("message", "A user has joined room1")?;
    Ok(())
}

async fn left(socket: Socket, reason: DisconnectReason) {
    info!(id = socket.id(), %reason, "disconnected");
}

/// A payload that does not fit its handler, a handler that fails.
async fn failed(socket: Socket, failure: Failure) {
    warn!(id = socket.id(), event = failure.event(), %failure, "socket error");
}
