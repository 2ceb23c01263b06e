//! Our side of the comparison, as a user would write it.
//!
//! `PORT=3000 bench-server`: Socket.IO on the namespace `/`, with the contract
//! that all servers of the comparison have, and with the same events for handlers
//! that take types. `RECOVERY=1` lets clients come back to what they missed.

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socketio::{
    Ack, Args, Config, EmitError, EncodeError, JoinError, Namespace, Recovery, Server, Value,
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<Infallible, Box<dyn Error>> {
    let mut config = Config::default();
    if std::env::var_os("RECOVERY").is_some() {
        config = config.recovery(Recovery::default());
    }
    let io = Server::new(config);
    register(&io.of("/"));
    register_typed(&io.of("/"));
    let port: u16 = std::env::var("PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), io.service())
            .with_upgrades();
        tokio::spawn(connection);
    }
}

fn register(namespace: &Namespace) {
    namespace.on(
        "echo",
        async |socket, args: Args| -> Result<(), EmitError> { socket.emit("echo", args) },
    );
    namespace.on("ack", async |_, args: Args| Ack(args));
    namespace.on(
        "broadcast",
        async |socket, args: Args| -> Result<(), EncodeError> {
            socket.namespace().emit("broadcast", args)
        },
    );
    namespace.on(
        "join",
        async |socket, room: String| -> Result<Ack<()>, JoinError> {
            socket.join(room)?;
            Ok(Ack(()))
        },
    );
    namespace.on(
        "room",
        async |socket, (room, payload): (String, Value)| -> Result<(), EncodeError> {
            socket.namespace().to(room).emit("room", payload)
        },
    );
}

fn register_typed(namespace: &Namespace) {
    namespace.on(
        "echo-typed",
        async |socket, args: (u32, u32, String)| -> Result<(), EmitError> {
            socket.emit("echo-typed", args)
        },
    );
    namespace.on("ack-typed", async |_, args: (u32, u32, String)| Ack(args));
    namespace.on(
        "binary-typed",
        async |socket, args: (u32, u32, Bytes)| -> Result<(), EmitError> {
            socket.emit("binary-typed", args)
        },
    );
    namespace.on(
        "broadcast-typed",
        async |socket, args: (u32, u32, String)| -> Result<(), EncodeError> {
            socket.namespace().emit("broadcast-typed", args)
        },
    );
}
