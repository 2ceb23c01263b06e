//! `client-suite`: what the official client's own tests talk to.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use socketio::{
    Ack, Args, Binary, Config, EmitError, Incoming, Namespace, Recovery, Server, Socket, Value,
};

use super::clock::{iso, now};
use super::handshake::describe;
use crate::host::Profile;
use crate::options::Options;

/// How long each handshake waits before it is allowed.
const HANDSHAKE: Duration = Duration::from_millis(10);

pub(crate) fn profile(options: &Options) -> Profile {
    let mut config = Config::default().engine(|engine| {
        let engine = engine
            .allow_request(async |_| {
                tokio::time::sleep(HANDSHAKE).await;
                Ok::<_, &str>(())
            })
            .ping_interval(Duration::from_secs(2));
        options.apply(engine)
    });
    let recovery = Recovery::default().max_disconnection(Duration::from_secs(120));
    config.recovery = Some(recovery.skip_middleware(true));
    config.connect_timeout = options.connect_timeout.unwrap_or(config.connect_timeout);
    let server = Server::new(config);
    let main = server.of("/");
    main.middleware(async |socket, ()| match socket.handshake().query("fail") {
        Some(fail) if !fail.is_empty() => Err("Auth failed (main namespace)"),
        _ => Ok(()),
    });
    register(&main);
    register_binary(&main);
    for name in ["/asd", "/timeout_socket", "/valid"] {
        server.of(name);
    }
    for name in ["/", "/foo"] {
        let namespace = server.of(name);
        namespace.on("getId", async |socket, ()| Ack(socket.id().to_owned()));
    }
    server
        .of("/abc")
        .on_connect(async |socket| socket.emit("handshake", describe(&socket)));
    server
        .of("/no")
        .middleware(async |_, ()| Err::<(), _>("Auth failed (custom namespace)"));
    Profile::new(server.service())
}

/// Handlers that take the whole event answer nothing, also if they are asked to.
fn register(main: &Namespace) {
    main.on("hi", async |socket, _: Incoming| socket.emit("hi", ()))
        .on("echo", async |_, args: Args| Ack(args))
        .on("ack", ask_back)
        .on("getAckDate", async |_, ()| Ack(iso(now())))
        .on("getDate", async |socket, _: Incoming| {
            socket.emit("takeDate", iso(now()))
        })
        .on("getDateObj", async |socket, _: Incoming| {
            socket.emit("takeDateObj", json!({ "date": iso(now()) }))
        })
        .on("getUtf8", utf8)
        .on("false", async |socket, _: Incoming| {
            socket.emit("false", false)
        })
        .on("getHandshake", async |socket, ()| Ack(describe(&socket)));
}

async fn ask_back(socket: Socket, _: Incoming) -> Result<(), EmitError> {
    #[derive(Deserialize)]
    struct Answer {
        test: Option<serde_json::Value>,
    }

    let answer = socket.emit_with_ack("ack", ()).await;
    let Ok((5, Answer { test: Some(test) })) = answer else {
        return Ok(());
    };
    // As JavaScript judges it.
    let is_false = test.is_null() || test == false || test == 0 || test == "";
    if is_false {
        Ok(())
    } else {
        socket.emit("got it", ())
    }
}

async fn utf8(socket: Socket, _: Incoming) -> Result<(), EmitError> {
    for text in [
        "てすと",
        "Я Б Г Д Ж Й",
        "Ä ä Ü ü ß",
        "utf8 — string",
        "utf8 — string",
    ] {
        socket.emit("takeUtf8", text)?;
    }
    Ok(())
}

/// What came so far of events that are only answered together.
#[derive(Clone, Default)]
struct Seen(Vec<&'static str>);

fn register_binary(main: &Namespace) {
    main.on("doge", async |socket, _: Incoming| {
        socket.emit("doge", Binary::from(b"asdfasdf".to_vec()))
    })
    .on("getbin", async |socket, event: Incoming| {
        socket.emit("takebin", event.args())
    });
    for (event, answer) in [("buffa", "buffack"), ("blob", "back")] {
        main.on(event, async move |socket, event: Incoming| {
            reply_if(&socket, is_binary(event.args()), answer)
        });
    }
    for (event, answer) in [("jsonbuff", "jsonbuff-ack"), ("jsonblob", "jsonblob-ack")] {
        main.on(event, async move |socket, event: Incoming| {
            reply_if(&socket, is_farewell(event.args()), answer)
        });
    }
    main.on("abuff1", async |socket, event: Incoming| {
        see(&socket, "abuff1", is_binary(event.args()));
    })
    .on("abuff2", async |socket, _: Incoming| {
        let seen = socket.extensions().get::<Seen>().unwrap_or_default();
        reply_if(&socket, seen.0.contains(&"abuff1"), "abuff2-ack")
    })
    .on("blob1", async |socket, event: Incoming| {
        see(&socket, "blob1", is_binary(event.args()));
    })
    .on("blob2", async |socket, event: Incoming| {
        let text: Option<String> = event.args().parse().ok();
        see(&socket, "blob2", text.as_deref() == Some("second"));
    })
    .on("blob3", async |socket, event: Incoming| {
        let seen = socket.extensions().get::<Seen>().unwrap_or_default();
        let is_third = is_binary(event.args()) && seen.0.ends_with(&["blob1", "blob2"]);
        reply_if(&socket, is_third, "blob3-ack")
    });
}

fn see(socket: &Socket, event: &'static str, is_right: bool) {
    if is_right {
        socket
            .extensions()
            .update(|seen: &mut Seen| seen.0.push(event));
    }
}

fn reply_if(socket: &Socket, is_right: bool, answer: &str) -> Result<(), EmitError> {
    if is_right {
        socket.emit(answer, ())
    } else {
        Ok(())
    }
}

fn is_binary(args: &Args) -> bool {
    matches!(args.parse(), Ok(Value::Binary(_)))
}

fn is_farewell(args: &Args) -> bool {
    #[derive(Deserialize)]
    struct Farewell {
        hello: String,
        goodbye: String,
        message: Value,
    }

    args.parse().is_ok_and(|farewell: Farewell| {
        let is_binary = matches!(farewell.message, Value::Binary(_));
        farewell.hello == "lol" && farewell.goodbye == "gotcha" && is_binary
    })
}
