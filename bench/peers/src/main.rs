//! The contract of `bench-server`, by socketioxide on axum.

mod args;

use std::error::Error;

use axum::serve::ListenerExt;
use rmpv::Value;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use tokio::net::TcpListener;

use args::Args;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (layer, io) = SocketIo::new_layer();
    io.ns("/", async |socket: SocketRef| register(&socket));
    let port: u16 = std::env::var("PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let listener = listener.tap_io(|stream| {
        // A connection that is gone already shows itself when it is read.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, axum::Router::new().layer(layer)).await?;
    Ok(())
}

/// What cannot be sent was for a client that is gone; the load generator
/// notices.
fn register(socket: &SocketRef) {
    socket.on("echo", async |socket: SocketRef, Data(args): Data<Args>| {
        let _ = socket.emit("echo", &args);
    });
    socket.on("ack", async |Data(args): Data<Args>, ack: AckSender| {
        let _ = ack.send(&args);
    });
    socket.on("broadcast", async |io: SocketIo, Data(args): Data<Args>| {
        let _ = io.emit("broadcast", &args).await;
    });
    socket.on(
        "join",
        async |socket: SocketRef, Data(room): Data<String>, ack: AckSender| {
            socket.join(room);
            let _ = ack.send::<[(); 0]>(&[]);
        },
    );
    socket.on(
        "room",
        async |io: SocketIo, Data((room, payload)): Data<(String, Value)>| {
            let _ = io.to(room).emit("room", &payload).await;
        },
    );
}
