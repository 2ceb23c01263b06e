//! The first chat, with its page on another origin: `cargo run -p server --example
//! first_chat`, then open `index.html` beside this file.
//!
//! | a client sends | who gets what |
//! |---|---|
//! | `chat` (anything) | everyone, the sender too: `chat` (the same) |
//!
//! `ORIGIN` is the origin of the page, such as `http://localhost:5173`; any if it is
//! not set.

#[path = "../shared/host.rs"]
mod host;

use std::error::Error;

use axum::Router;
use axum::routing::get;
use socketio::engineio::Origins;
use socketio::{Args, Config, Server};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use tracing::info;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    host::log();
    // CORS lets a page read what is polled; browsers do not ask it for websockets,
    // so the engine has to know the origin too.
    let (cors, origins) = match std::env::var("ORIGIN") {
        Ok(origin) if origin != "*" => {
            let cors = AllowOrigin::exact(origin.parse()?);
            (cors, Origins::List(vec![origin]))
        }
        _ => (AllowOrigin::any(), Origins::Any),
    };
    let io = chat(origins);
    let app = Router::new()
        .route("/", get(async || "The chat is running\n"))
        .layer(io.layer())
        .layer(
            CorsLayer::new()
                .allow_origin(cors)
                .allow_headers(AllowHeaders::mirror_request()),
        );
    host::serve(io, app).await?;
    Ok(())
}

fn chat(origins: Origins) -> Server {
    let io = Server::new(
        Config::default()
            .client_files(host::client_files())
            .engine(|engine| engine.origins(origins)),
    );
    let chat = io.of("/");
    chat.on_connect(async |socket| info!(id = socket.id(), "connected"));
    // `socket.broadcast()` in the place of the namespace leaves the sender out.
    chat.on("chat", async |socket, payload: Args| {
        socket.namespace().emit("chat", payload)
    });
    chat.on_disconnect(async |socket, reason| {
        info!(id = socket.id(), %reason, "disconnected");
    });
    io
}
