//! The Socket.IO profile `socket-v5`.

use std::time::Duration;

use serde_json::json;
use socketio::{Ack, AckError, Args, Config, EmitError, Namespace, Server, Socket};

use crate::host::{self, Profile};
use crate::options::Options;

/// `socket-v5`: echoes of several kinds, in two namespaces.
pub(crate) fn echo(options: &Options) -> Profile {
    let config = Config::default()
        .engine(|engine| {
            options.apply(
                engine
                    .ping_interval(Duration::from_millis(300))
                    .ping_timeout(Duration::from_millis(200)),
            )
        })
        .connect_timeout(options.connect_timeout.unwrap_or(Duration::from_secs(1)));
    let server = Server::new(config);
    for name in ["/", "/custom"] {
        register(&server.of(name));
    }
    host::with_cors("/socket.io/", server.service(), host::not_found())
}

fn register(namespace: &Namespace) {
    namespace.on_connect(async |socket| emit_auth(&socket));
    namespace.on("message", async |socket, args: Args| {
        socket.emit("message-back", args)
    });
    namespace.on("message-with-ack", async |_, args: Args| Ack(args));
    namespace.on("emit-with-ack", ask_back);
}

/// Emits the auth payload of the CONNECT packet, `{}` when there was none.
fn emit_auth(socket: &Socket) -> Result<(), EmitError> {
    let auth = &socket.handshake().auth;
    if auth.is_empty() {
        socket.emit("auth", json!({}))
    } else {
        socket.emit("auth", auth)
    }
}

async fn ask_back(
    socket: Socket,
    args: Args,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let reply: Result<Args, AckError> = socket.emit_with_ack("emit-with-ack", args).await;
    Ok(socket.emit("emit-with-ack", reply?)?)
}
