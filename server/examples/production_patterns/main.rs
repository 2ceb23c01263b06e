//! From the first events to what a server needs in production: tokens, rooms, what is
//! sent to one user, failures and a rate limit: `cargo run -p server --example
//! production_patterns`, then open the address that it prints in two tabs.
//!
//! Tokens are checked with the secret `JWT_SECRET`; without one, tokens to try it with
//! are printed. `ORIGIN` is that of a page elsewhere.

mod chat;
#[path = "../shared/host.rs"]
mod host;
mod limit;
#[path = "../shared/tokens.rs"]
mod tokens;

use std::error::Error;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use socketio::engineio::Origins;
use socketio::{Config, Server};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::tokens::Tokens;

#[derive(Clone)]
struct App {
    io: Server,
    tokens: Arc<Tokens>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    host::log();
    let origin = std::env::var("ORIGIN").unwrap_or_else(|_| "http://localhost:5173".into());
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::exact(origin.parse()?))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request());

    let io = Server::new(
        Config::default()
            .client_files(host::client_files())
            .engine(|engine| engine.origins(Origins::List(vec![origin]))),
    );
    let tokens = Arc::new(Tokens::from_env());
    chat::add(&io.of("/"), tokens.clone());

    let app = Router::new()
        .route("/", get(async || Html(include_str!("index.html"))))
        .route("/api/users/{id}/notifications", post(notify))
        .with_state(App {
            io: io.clone(),
            tokens,
        })
        .layer(io.layer())
        .layer(cors);
    host::serve(io, app).await?;
    Ok(())
}

/// Tells a user something, on all tabs, from outside of any handler. The token is the
/// one that sockets connect with.
async fn notify(
    State(App { io, tokens }): State<App>,
    Path(user): Path<String>,
    headers: HeaderMap,
    Json(notification): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
    token
        .and_then(|token| tokens.user(token))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let tabs = io.of("/").to(chat::room_of(&user));
    tabs.emit("notification", notification)
        .map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    Ok(Json(json!({ "sockets": tabs.sockets().len() })))
}
