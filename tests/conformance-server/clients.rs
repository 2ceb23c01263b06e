//! The profiles `clients`, `clients-msgpack` and `clients-recovery`: what the tests
//! with the official clients need.

use std::time::Duration;

use engineio::Close;
use serde::{Deserialize, Serialize};
use serde_json::json;
use socketio::{
    Ack, AckError, Args, BoxError, Config, ConnectError, Incoming, Namespace, Parser, Recovery,
    Server, Socket, Value,
};

use crate::host::{self, Profile};
use crate::options::Options;
use crate::socket::handshake::describe;

/// How long the client has to acknowledge what `call` sends.
const CALL_TIMEOUT: Duration = Duration::from_millis(500);

pub(crate) fn profile(options: &Options) -> Profile {
    serve(config(options).engine(|engine| engine.allow_revision_3(true)))
}

pub(crate) fn msgpack(options: &Options) -> Profile {
    serve(config(options).parser(Parser::MessagePack))
}

pub(crate) fn recovery(options: &Options) -> Profile {
    serve(config(options).recovery(Recovery::default()))
}

fn config(options: &Options) -> Config {
    let mut config = Config::default().engine(|engine| options.apply(engine));
    config.connect_timeout = options.connect_timeout.unwrap_or(config.connect_timeout);
    config.client_files = options.client_files.clone();
    config
}

fn serve(config: Config) -> Profile {
    let server = Server::new(config);
    for name in ["/", "/custom", "/guarded"] {
        register(&server.of(name));
    }
    server.of("/guarded").middleware(guard);
    host::with_cors("/socket.io/", server.service(), host::not_found())
}

#[derive(Deserialize)]
struct Auth {
    token: Option<String>,
}

async fn guard(_: Socket, auth: Option<Auth>) -> Result<(), ConnectError> {
    match auth.and_then(|auth| auth.token).as_deref() {
        Some("secret") => Ok(()),
        _ => {
            Err(ConnectError::new("unauthorized")
                .with_data(json!({ "code": 401, "hint": "token" })))
        }
    }
}

fn register(namespace: &Namespace) {
    register_echo(namespace);
    register_rooms(namespace);
    register_endings(namespace);
    register_call(namespace);
    namespace.on("drop", async |socket, ()| {
        socket.engine().close(Close::Discard);
    });
    namespace.on(
        "flood",
        async |socket, count: u64| -> Result<(), BoxError> {
            for number in 0..count {
                socket.emit("flood", number)?;
            }
            Ok(())
        },
    );
    namespace.on("handshake", async |socket, ()| Ack(describe(&socket)));
}

pub(crate) fn register_echo(namespace: &Namespace) {
    namespace.on("echo", async |socket, mut event: Incoming| {
        match event.acker() {
            Some(acker) => acker.send(event.into_args()),
            None => socket.emit("echo", event.into_args()),
        }
    });
}

pub(crate) fn register_rooms(namespace: &Namespace) {
    namespace.on(
        "join",
        async |socket, room: String| -> Result<_, BoxError> {
            socket.join(room)?;
            Ok(Ack("ok"))
        },
    );
    namespace.on("leave", async |socket, room: String| {
        socket.leave(room);
        Ack("ok")
    });
    namespace.on("rooms", async |socket, ()| {
        let mut rooms: Vec<_> = socket.rooms().iter().map(ToString::to_string).collect();
        rooms.sort();
        Ack((rooms,))
    });
    // The members of the room, the sender included if it is one of them.
    namespace.on("to", async |socket, args: Args| -> Result<_, BoxError> {
        let room: String = args.get(0)?;
        let event: String = args.get(1)?;
        socket.namespace().to(room).emit(&*event, args.skip(2))?;
        Ok(Ack("ok"))
    });
    namespace.on(
        "to-except",
        async |socket, args: Args| -> Result<_, BoxError> {
            let room: String = args.get(0)?;
            let except: String = args.get(1)?;
            let event: String = args.get(2)?;
            let members = socket.namespace().to(room).except(except);
            members.emit(&*event, args.skip(3))?;
            Ok(Ack("ok"))
        },
    );
    namespace.on("bcast", async |socket, args: Args| -> Result<_, BoxError> {
        let event: String = args.get(0)?;
        socket.broadcast().emit(&*event, args.skip(1))?;
        Ok(Ack("ok"))
    });
}

/// It is not answered, also if the client asks for it.
pub(crate) fn register_endings(namespace: &Namespace) {
    namespace.on("bye", async |socket, event: Incoming| {
        if event.args().get(0).is_ok_and(|close: bool| close) {
            socket.close();
        } else {
            socket.disconnect();
        }
    });
}

pub(crate) fn register_call(namespace: &Namespace) {
    namespace.on("call", call);
}

#[derive(Serialize)]
struct Called {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<Vec<Value>>,
}

/// Emits what the client asks for, and tells how it was acknowledged. It is not
/// answered itself.
async fn call(socket: Socket, event: Incoming) -> Result<(), BoxError> {
    let args = event.into_args();
    let event: String = args.get(0)?;
    let request = socket.emit_with_ack(&*event, args.skip(1));
    let reply: Result<Args, AckError> = request.timeout(CALL_TIMEOUT).await;
    let reply = match reply {
        Ok(reply) => Some(
            (0..reply.len())
                .map(|at| reply.get(at))
                .collect::<Result<_, _>>()?,
        ),
        Err(_) => None,
    };
    socket.emit(
        "call-result",
        Called {
            ok: reply.is_some(),
            reply,
        },
    )?;
    Ok(())
}
