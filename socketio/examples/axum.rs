//! Beside the routes of axum, with rooms, a typed event, and who-is-who in
//! middleware: `cargo run -p socketio --example axum`, then connect with any
//! Socket.IO client to `http://127.0.0.1:3000`, with `auth: { name: "…" }`.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use axum::routing::get;
use serde::Deserialize;
use socketio::engineio::PeerAddr;
use socketio::{Ack, Config, EncodeError, Event, JoinError, Server};
use tokio::net::TcpListener;

/// Carries a room and a text; answered with the number of who else is there.
const SAY: Event<(String, String), usize> = Event::new("say");

#[derive(Deserialize)]
struct Auth {
    name: Option<String>,
}

#[derive(Clone)]
struct Name(String);

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let io = Server::new(Config::default());
    let chat = io.of("/");
    chat.middleware(async |socket, auth: Auth| {
        let name = auth.name.ok_or("tell me your name")?;
        socket.extensions().insert(Name(name));
        Ok::<_, &str>(())
    });
    chat.on_connect(async |socket| {
        if let Some(address) = socket.handshake().address() {
            println!("{} comes from {address}", socket.id());
        }
    });
    chat.on(
        "join",
        async |socket, room: String| -> Result<Ack<bool>, JoinError> {
            socket.join(room)?;
            Ok(Ack(true))
        },
    );
    chat.on(
        SAY,
        async |socket, (room, text)| -> Result<Ack<usize>, EncodeError> {
            let name = socket.extensions().get::<Name>().map(|name| name.0);
            let others = socket.to(room);
            others.emit("said", (name, text))?;
            Ok(Ack(others.sockets().len()))
        },
    );

    let app = Router::new()
        .route("/", get(async || "there is a Socket.IO server beside this"))
        .layer(io.layer())
        .layer(map_request(tell_address));
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move {
        let _ = tokio::signal::ctrl_c().await;
        io.close().await;
    })
    .await
}

/// Tells the server below where a request comes from. Behind a proxy this is the
/// place to read its header.
async fn tell_address(
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Request {
    request.extensions_mut().insert(PeerAddr(address));
    request
}
