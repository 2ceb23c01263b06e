//! What is logged, and what never is.

use serde::Deserialize;
use socketio::{Args, BoxError, Config, Incoming, Limits, Parser, Server as Io};
use tracing::Level;

use super::{connected, server};
use crate::support::log::{Line, Log};
use crate::support::websocket::Websocket;
use crate::support::{Server, settle};

/// What nobody may read in a log.
const SECRET: &str = "payload-that-nobody-may-read";

/// What a hostile client wants to see in a log: another line, a colour.
const HOSTILE: &str = "\u{1b}[31mpwned\r\nERROR forged";

#[derive(Debug, Deserialize)]
enum Choice {
    One,
    Another,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "nothing that fits it is sent")]
struct Strict {
    known: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "nothing that fits it is sent")]
struct Auth {
    token: u8,
}

#[tokio::test(start_paused = true)]
async fn no_payload_and_no_token_is_logged_and_nothing_unescaped() {
    let (log, _guard) = Log::capture();
    let (io, server) = server();
    let refusing = io.of_matching(async |name: String, _| name.starts_with("/x"));
    refusing.middleware(async |_, ()| Err::<(), _>(HOSTILE));
    io.of_matching(async |name: String, _| name.contains("pwned"));
    let main = io.of("/");
    main.on("number", async |_, _: u8| {});
    main.on("choice", async |_, _: Choice| {});
    main.on("strict", async |_, _: Strict| {});
    main.on("parsed", async |_, args: Args| -> Result<(), BoxError> {
        args.parse::<u8>()?;
        Ok(())
    });
    main.on("fails", async |_, ()| Err::<(), _>(BoxError::from(HOSTILE)));
    main.on("panics", async |_, ()| -> () { panic!("{HOSTILE}") });
    io.of("/picky")
        .on_event(async |_, event: Incoming| -> Result<_, BoxError> {
            event.args().parse::<u8>()?;
            Ok(event)
        });
    io.of("/auth")
        .middleware(async |_, _: Auth| Ok::<_, BoxError>(()));
    io.of("/refuses")
        .middleware(async |_, ()| Err::<(), _>(HOSTILE));

    let hostile = serde_json::to_string(HOSTILE).unwrap();
    for _ in 0..2 {
        let mut socket = connected(&server).await;
        for payload in [
            format!(r#"["number","{SECRET}"]"#),
            format!(r#"["choice","{SECRET}"]"#),
            format!(r#"["choice",{hostile}]"#),
            format!(r#"["strict",{{"{SECRET}":1}}]"#),
            format!(r#"["parsed","{SECRET}"]"#),
            format!(r#"[{hostile},"{SECRET}"]"#),
            r#"["fails"]"#.into(),
            r#"["panics"]"#.into(),
        ] {
            socket.send(format!("42{payload}")).await;
        }
        socket.send(format!("43999[\"{SECRET}\"]")).await;
        for (namespace, payload) in [
            ("/auth", format!(r#"{{"token":"{SECRET}"}}"#)),
            ("/refuses", format!(r#"{{"token":"{SECRET}"}}"#)),
            (&*format!("/{HOSTILE}"), String::new()),
            (&*format!("/x{HOSTILE}"), String::new()),
            ("/nobody", format!(r#"{{"token":"{SECRET}"}}"#)),
            ("/picky", String::new()),
        ] {
            socket.send(format!("40{namespace},{payload}")).await;
            let answer = socket.text().await;
            assert!(answer.contains(namespace), "{answer}");
        }
        socket.send(format!(r#"42/picky,["any","{SECRET}"]"#)).await;
        settle().await;
    }
    for bad in [
        "4\u{1b}",
        &format!("42[\"a\",\"{SECRET}]"),
        &format!("42/{HOSTILE},[1]"),
    ] {
        let mut socket = connected(&server).await;
        socket.send(bad).await;
        settle().await;
    }

    let lines = log.take();
    assert!(lines.len() > 40, "only {} lines", lines.len());
    for message in [
        "payload does not fit the handler; `on_error` is told more",
        "socket refused",
    ] {
        assert!(
            lines.iter().any(|line| line.message == message),
            "{message}"
        );
    }
    for Line {
        spans,
        message,
        fields,
        ..
    } in lines
    {
        let text = format!("{} {message} {fields}", spans.concat());
        assert!(text.len() < 400, "{text:?}");
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(!text.contains(SECRET), "{text:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_does_not_fit_is_logged_as_what_came_and_what_was_expected() {
    let (log, _guard) = Log::capture();
    let (io, server) = server();
    io.of("/").on("move", async |_, _: (String, u8)| {});
    let mut socket = connected(&server).await;
    socket
        .send(r#"451-["move",true,{"_placeholder":true,"num":0},null,[],{},1,"",0,0]"#)
        .await;
    socket.send(vec![1]).await;
    settle().await;
    let [line] = &*of_level(&log, Level::WARN) else {
        panic!("there is one warning");
    };
    let came = "(boolean, binary, null, array, object, number, string, number, …)";
    let told = format!(" event=\"move\" expected=(alloc::string::String, u8) came={came}");
    assert!(line.fields.ends_with(&told), "{line:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_with_another_parser_is_one_warning() {
    let (log, _guard) = Log::capture();
    let packed = b"\x82\xa4type\x00\xa3nsp\xa1/".to_vec();
    let (_io, json) = server();
    let io = Io::new(Config::default().parser(Parser::MessagePack));
    let msgpack = Server::socketio(&io);
    let mut socket = json.websocket().await;
    socket.send(packed).await;
    let told = warned_at_the_end(&log, &mut socket).await;
    assert!(
        told.contains("binary data came where text was expected"),
        "{told}"
    );
    let mut socket = msgpack.websocket().await;
    socket.send("40").await;
    let told = warned_at_the_end(&log, &mut socket).await;
    assert!(
        told.contains("text came where MessagePack was expected"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_violation_is_logged_with_what_was_expected() {
    let (log, _guard) = Log::capture();
    let io = Io::new(Config::default().limits(Limits::default().depth(3).name_length(4)));
    let server = Server::socketio(&io);
    for (packet, expected) in [
        (r#"2["a",[[[]]]]"#, "at most `Limits::depth`, 3"),
        ("0/abcde,", "at most `Limits::name_length`, 4"),
        ("511-[\"a\"]", "at most `Limits::attachments`, 10"),
        ("9", "a type from 0 to 6"),
        ("2/b,[\"a\"]", "a CONNECT before anything else"),
    ] {
        let mut socket = connected(&server).await;
        log.take();
        socket.send(format!("4{packet}")).await;
        settle().await;
        let lines = log.take();
        let closed = lines
            .iter()
            .find(|line| line.message == "connection closed");
        let fields = &closed.unwrap_or_else(|| panic!("{lines:?}")).fields;
        assert!(
            fields.ends_with(&format!(" expected={expected}")),
            "{fields}"
        );
    }
}

/// The one warning that is there when a connection is closed.
async fn warned_at_the_end(log: &Log, socket: &mut Websocket) -> String {
    socket.end().await;
    settle().await;
    match &*of_level(log, Level::WARN) {
        [line] => line.message.clone(),
        lines => panic!("expected one warning, got {lines:?}"),
    }
}

fn of_level(log: &Log, level: Level) -> Vec<Line> {
    let mut lines = log.take();
    lines.retain(|line| line.level == level);
    lines
}
