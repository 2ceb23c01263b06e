//! Conversations of people who are known by a JSON Web Token; who is online, who
//! types, what was read: `cargo run -p server --example conversations`, then open the
//! address that it prints in two tabs.
//!
//! Tokens are checked with the secret `JWT_SECRET`, and name their user as `userId`
//! (or `sub`). Without a secret, tokens to try it with are printed. `ORIGINS` are those
//! of other pages, with commas between them.

mod chat;
mod events;
#[path = "../shared/host.rs"]
mod host;
mod online;
#[path = "../shared/tokens.rs"]
mod tokens;

use std::time::Duration;

use axum::extract::State;
use axum::http::Method;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use socketio::engineio::{Origins, Transport};
use socketio::{Config, Server};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::tokens::Tokens;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    host::log();
    let origins = std::env::var("ORIGINS");
    let origins = origins.unwrap_or_else(|_| "http://localhost:5173,http://localhost:3001".into());
    let origins: Vec<String> = origins
        .split(',')
        .map(|origin| origin.trim().to_owned())
        .collect();

    let io = server(&origins);
    let app = Router::new()
        .route("/", get(async || Html(include_str!("index.html"))))
        .route("/api/socket/health", get(health))
        .with_state(io.clone())
        .layer(io.layer())
        .layer(cors(&origins));
    host::serve(io, app).await
}

fn server(origins: &[String]) -> Server {
    let io = Server::new(
        Config::default()
            .client_files(host::client_files())
            .engine(|engine| {
                engine
                    .origins(Origins::List(origins.to_vec()))
                    .ping_interval(Duration::from_secs(25))
                    .ping_timeout(Duration::from_secs(60))
                    .transports([Transport::Websocket, Transport::Polling])
            }),
    );
    let chat = io.of("/");
    chat::connections(&chat, Tokens::from_env());
    chat::conversations(&chat);
    chat::people(&chat);
    io
}

/// With credentials each origin has to be named.
fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| origin.parse().ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
}

async fn health(State(io): State<Server>) -> Json<Value> {
    let chat = io.of("/");
    let (connected, rooms) = (chat.socket_count(), chat.room_count());
    let socket = json!({ "initialized": true, "connected": connected, "rooms": rooms });
    Json(json!({ "status": "ok", "socket": socket }))
}
