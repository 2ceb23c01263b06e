//! Our side of the comparison, as a user would write it.
//!
//! `PORT=3000 bench-server`: Socket.IO on the namespace `/`, with the contract
//! that all servers of the comparison have.

use std::convert::Infallible;
use std::error::Error;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socketio::{Ack, Args, Config, EmitError, EncodeError, JoinError, Namespace, Server};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<Infallible, Box<dyn Error>> {
    let io = Server::new(Config::default());
    register(&io.of("/"));
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
    namespace.on(
        "echo-typed",
        async |socket, (sender, number, text): (u32, u32, String)| -> Result<(), EmitError> {
            socket.emit("echo-typed", (sender, number, text))
        },
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
        async |socket, (room, payload): (String, socketio::Value)| -> Result<(), EncodeError> {
            socket.namespace().to(room).emit("room", payload)
        },
    );
}
