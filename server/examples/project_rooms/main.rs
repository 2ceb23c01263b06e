//! A server for a React page that is served elsewhere, with a room for each project:
//! `cargo run -p server --example project_rooms`, and in `web` beside this file `npm ci`
//! and `npm run dev`, then open the address that Vite prints.
//!
//! | a client sends | who gets what |
//! |---|---|
//! | `query: { projectId }` as it connects, or `joinRoom` (projectId) | nobody; the socket is in that room |
//! | `message` (text) | everyone, the sender too: `message` (the same) |
//! | `roomMessage` (projectId, text) | the members of the room, the sender too: `message` (text) |

#[path = "../shared/host.rs"]
mod host;

use axum::Router;
use axum::routing::get;
use socketio::{BoxError, Config, JoinError, Server};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use tracing::info;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    host::log();
    let io = server();
    let app = Router::new()
        .route("/", get(async || "The server is running\n"))
        .layer(io.layer())
        .layer(
            CorsLayer::new()
                .allow_origin(Any)
                .allow_headers(AllowHeaders::mirror_request()),
        );
    host::serve(io, app).await
}

fn server() -> Server {
    // A port may be forwarded under any name, so nothing here depends on the host.
    let io = Server::new(Config::default().client_files(host::client_files()));
    let chat = io.of("/");
    chat.on_connect(async |socket| -> Result<(), JoinError> {
        let project = socket.handshake().query("projectId");
        info!(id = socket.id(), project, "connected");
        match project.filter(|id| !id.is_empty()) {
            Some(id) => socket.join(id),
            None => Ok(()),
        }
    });
    chat.on("joinRoom", async |socket, project: String| {
        socket.join(project)
    });
    chat.on("message", async |socket, text: String| {
        socket.namespace().emit("message", text)
    });
    chat.on(
        "roomMessage",
        async |socket, (project, text): (String, String)| -> Result<(), BoxError> {
            if !socket.is_in(&project) {
                return Err("not a member of this room".into());
            }
            socket.namespace().to(project).emit("message", text)?;
            Ok(())
        },
    );
    chat.on_disconnect(async |socket, reason| {
        info!(id = socket.id(), %reason, "disconnected");
    });
    io
}
