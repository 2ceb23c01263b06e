//! The Socket.IO profiles; here `socket-v4`, `socket-v5` and `socket-v5-msgpack`.

pub(crate) mod client_suite;
mod clock;
pub(crate) mod handshake;
pub(crate) mod lab;

use std::time::Duration;

use serde_json::json;
use socketio::{
    Ack, AckError, Args, BoxError, Config, EmitError, Incoming, Namespace, Parser, Server, Socket,
};

use crate::host::{self, Profile};
use crate::options::Options;

/// Echoes of several kinds, in two namespaces.
pub(crate) fn echo(options: &Options) -> Profile {
    serve(config(options))
}

/// As [`echo`], for clients of Engine.IO revision 3 as well.
pub(crate) fn echo_v4(options: &Options) -> Profile {
    serve(config(options).engine(|engine| engine.allow_revision_3(true)))
}

/// As [`echo`], in MessagePack.
pub(crate) fn echo_msgpack(options: &Options) -> Profile {
    serve(config(options).parser(Parser::MessagePack))
}

fn config(options: &Options) -> Config {
    Config::default()
        .engine(|engine| {
            options.apply(
                engine
                    .ping_interval(Duration::from_millis(300))
                    .ping_timeout(Duration::from_millis(200)),
            )
        })
        .connect_timeout(options.connect_timeout.unwrap_or(Duration::from_secs(1)))
}

fn serve(config: Config) -> Profile {
    let without_auth = match config.parser {
        Parser::MessagePack => json!(null),
        _ => json!({}),
    };
    let server = Server::new(config);
    for name in ["/", "/custom"] {
        register(&server.of(name), &without_auth);
    }
    host::with_cors("/socket.io/", server.service(), host::not_found())
}

fn register(namespace: &Namespace, without_auth: &serde_json::Value) {
    let without_auth = without_auth.clone();
    namespace.on_connect(async move |socket| emit_auth(&socket, &without_auth));
    // Nobody answers these two, whoever asks for an answer.
    namespace.on("message", async |socket, event: Incoming| {
        socket.emit("message-back", event.into_args())
    });
    namespace.on("message-with-ack", async |_, args: Args| Ack(args));
    namespace.on("emit-with-ack", ask_back);
}

/// Emits the auth payload of the CONNECT packet.
fn emit_auth(socket: &Socket, without_auth: &serde_json::Value) -> Result<(), EmitError> {
    let auth = &socket.handshake().auth;
    if auth.is_empty() {
        socket.emit("auth", without_auth)
    } else {
        socket.emit("auth", auth)
    }
}

async fn ask_back(socket: Socket, event: Incoming) -> Result<(), BoxError> {
    let args = event.into_args();
    let reply: Result<Args, AckError> = socket.emit_with_ack("emit-with-ack", args).await;
    Ok(socket.emit("emit-with-ack", reply?)?)
}
