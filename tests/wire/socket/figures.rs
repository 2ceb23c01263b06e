//! What is counted for the operator.

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use socketio::{Ack, Config, Incoming, Server as Io};

use super::{connected, join};
use crate::support::figures::Figures;
use crate::support::{Server, settle};

/// An answer that cannot be written.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("no luck"))
    }
}

fn server() -> (Io, Server, Figures) {
    let (io, figures) = Figures::of("socketio_", || Io::new(Config::default()));
    let server = Server::socketio(&io);
    (io, server, figures)
}

#[tokio::test(start_paused = true)]
async fn every_figure_is_there_at_zero_before_anything_happens() {
    let (_io, _server, mut figures) = server();
    let figures = figures.all();
    assert!(figures.values().all(|value| *value == 0));
    let names: Vec<_> = figures.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "events_received_total",
            "failures_total cause=answer",
            "failures_total cause=handler",
            "failures_total cause=panic",
            "failures_total cause=payload",
            "failures_total cause=refused",
            "sockets",
            "sockets_refused_total",
            "unexpected_answers_total",
            "violations_total",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn sockets_are_counted_from_their_connect_to_their_end() {
    let (io, server, mut figures) = server();
    io.of("/admin");
    io.of("/closed")
        .middleware(async |_, ()| Err::<(), _>("not you"));
    let mut first = connected(&server).await;
    join(&mut first, "/admin,").await;
    let second = connected(&server).await;
    assert_eq!(figures.all()["sockets"], 3);
    for namespace in ["/closed", "/unknown"] {
        first.send(format!("40{namespace},")).await;
        first.text().await;
    }
    first.send("41/admin,").await;
    drop(second);
    settle().await;
    assert_eq!(figures.read(), ["sockets 1", "sockets_refused_total 2"]);
    first.send("40").await;
    settle().await;
    let left = ["sockets_refused_total 2", "violations_total 1"];
    assert_eq!(figures.read(), left);
}

#[tokio::test(start_paused = true)]
async fn events_and_what_goes_wrong_with_them_are_counted() {
    let (io, server, mut figures) = server();
    let main = io.of("/");
    main.on("number", async |_, _: u8| {});
    main.on("fails", async |_, ()| Err::<(), _>("no luck"));
    main.on("panics", async |_, ()| -> () { panic!("on purpose") });
    main.on("unwritable", async |_, ()| Ack(Unwritable));
    main.on_event(async |_, event: Incoming| match event.name() {
        "refused" => Err("not you"),
        _ => Ok(event),
    });
    let mut socket = connected(&server).await;
    for event in [
        "number",
        "fails",
        "panics",
        "unwritable",
        "refused",
        "unknown",
    ] {
        socket.send(format!(r#"420["{event}"]"#)).await;
    }
    socket.send("437[]").await;
    settle().await;
    // Who is told of the failures changes nothing.
    main.on_error(async |_, _| {});
    socket.send(r#"42["number","one"]"#).await;
    settle().await;
    assert_eq!(
        figures.read(),
        [
            "events_received_total 7",
            "failures_total cause=answer 1",
            "failures_total cause=handler 1",
            "failures_total cause=panic 1",
            "failures_total cause=payload 2",
            "failures_total cause=refused 1",
            "sockets 1",
            "unexpected_answers_total 1",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_too_late_is_counted() {
    let (io, server, mut figures) = server();
    io.of("/").on("ask me", async |socket, ()| {
        drop(socket.emit_with_ack::<_, ()>("question", ()));
    });
    let mut socket = connected(&server).await;
    socket.send(r#"42["ask me"]"#).await;
    assert_eq!(socket.text().await, r#"420["question"]"#);
    socket.send("430[]").await;
    settle().await;
    assert_eq!(figures.all()["unexpected_answers_total"], 1);
}
