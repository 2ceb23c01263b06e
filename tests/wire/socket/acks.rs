//! Acknowledgements, both ways.

use std::time::Duration;

use socketio::{Ack, AckError, Args, Binary, Incoming};

use super::{connected, join, server};
use crate::support::websocket::End;

#[tokio::test(start_paused = true)]
async fn what_a_handler_returns_is_the_acknowledgement() {
    let (io, server) = server();
    let namespace = io.of("/");
    namespace.on("echo", async |_, args: Args| Ack(args));
    namespace.on("nothing", async |_, ()| ());
    namespace.on("pair", async |_, ()| Ack((1, "two")));
    namespace.on("fail", async |_, ()| Err::<Ack<u8>, _>("no"));
    let mut socket = connected(&server).await;
    for (event, answer) in [
        (r#"42456["echo",1,{"a":null}]"#, r#"43456[1,{"a":null}]"#),
        (r#"420["echo"]"#, "430[]"),
        (r#"421["nothing"]"#, "431[]"),
        (r#"422["pair"]"#, r#"432[1,"two"]"#),
        (
            r#"4218446744073709551615["nothing"]"#,
            "4318446744073709551615[]",
        ),
    ] {
        socket.send(event).await;
        assert_eq!(socket.text().await, answer);
    }
    // A failure, an event that nobody handles, and one that asks for nothing
    // are not answered.
    for event in [r#"423["fail"]"#, r#"424["unknown"]"#, r#"42["pair"]"#] {
        socket.send(event).await;
    }
    socket.send(r#"425["nothing"]"#).await;
    assert_eq!(socket.text().await, "435[]");
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_has_the_id_that_was_asked_with_up_to_64_bits() {
    let (io, server) = server();
    io.of("/").on("e", async |_, ()| ());
    let mut socket = connected(&server).await;
    for (id, answered) in [
        ("0", "0"),
        ("007", "7"),
        // As a floating-point number it would be another.
        ("9007199254740993", "9007199254740993"),
        ("18446744073709551615", "18446744073709551615"),
    ] {
        socket.send(format!(r#"42{id}["e"]"#)).await;
        assert_eq!(socket.text().await, format!("43{answered}[]"));
    }
    // Nobody asked for these, whatever their ids.
    for id in ["0", "9007199254740993", "18446744073709551615"] {
        socket.send(format!("43{id}[]")).await;
        socket.send(format!("43{id}[]")).await;
    }
    socket.send(r#"421["e"]"#).await;
    assert_eq!(socket.text().await, "431[]");
    socket.send(r#"4218446744073709551616["e"]"#).await;
    assert_eq!(socket.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_may_be_binary() {
    let (io, server) = server();
    io.of("/admin")
        .on("get", async |_, ()| Ack(("r1", Binary::from(vec![7]))));
    let mut socket = server.websocket().await;
    join(&mut socket, "/admin,").await;
    socket.send(r#"42/admin,7["get"]"#).await;
    assert_eq!(
        socket.text().await,
        r#"461-/admin,7["r1",{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(socket.binary().await, [7]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_can_take_the_acknowledgement_into_its_own_hands() {
    let (io, server) = server();
    io.of("/").on("later", async |socket, mut event: Incoming| {
        let acker = event.acker().expect("the client asks for one");
        assert!(event.acker().is_none(), "there is one only");
        socket.emit("first", ()).unwrap();
        acker.send("second")
    });
    let mut socket = connected(&server).await;
    socket.send(r#"420["later"]"#).await;
    assert_eq!(socket.text().await, r#"42["first"]"#);
    assert_eq!(socket.text().await, r#"430["second"]"#);
}

#[tokio::test(start_paused = true)]
async fn the_client_is_asked_and_its_answer_awaited() {
    let (io, server) = server();
    io.of("/").on("start", async |socket, ()| {
        let sum: i64 = socket.emit_with_ack("sum", (2, 3)).await.unwrap();
        let data: Binary = socket.emit_with_ack("data", ()).await.unwrap();
        socket.emit("got", (sum, data.len()))
    });
    let mut socket = connected(&server).await;
    socket.send(r#"42["start"]"#).await;
    assert_eq!(socket.text().await, r#"420["sum",2,3]"#);
    // Unknown, without an id, and twice: none of them is an answer.
    socket.send("4399[]").await;
    socket.send("43[9]").await;
    socket.send("430[5]").await;
    socket.send("430[6]").await;
    assert_eq!(socket.text().await, r#"421["data"]"#);
    socket.send(r#"461-1[{"_placeholder":true,"num":0}]"#).await;
    socket.send(vec![1, 2, 3]).await;
    assert_eq!(socket.text().await, r#"42["got",5,3]"#);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_times_out() {
    let (io, server) = server();
    io.of("/").on("start", async |socket, ()| {
        let request = socket.emit_with_ack("ready?", ());
        let result: Result<Args, _> = request.timeout(Duration::from_secs(1)).await;
        assert!(matches!(result, Err(AckError::Timeout)), "{result:?}");
        socket.emit("gave up", ())
    });
    let mut socket = connected(&server).await;
    socket.send(r#"42["start"]"#).await;
    assert_eq!(socket.text().await, r#"420["ready?"]"#);
    assert_eq!(socket.text().await, r#"42["gave up"]"#);
    socket.send("430[true]").await;
    socket.send(r#"42["start"]"#).await;
    assert_eq!(
        socket.text().await,
        r#"421["ready?"]"#,
        "the late answer is ignored"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_can_no_longer_come_ends_the_wait() {
    let (results, mut received) = tokio::sync::mpsc::unbounded_channel();
    let (io, server) = server();
    io.of("/").on("start", move |socket: socketio::Socket, ()| {
        let results = results.clone();
        async move {
            let request = socket.emit_with_ack("ready?", ());
            tokio::spawn(async move {
                let result: Result<Args, AckError> = request.await;
                let _ = results.send(matches!(result, Err(AckError::Disconnected)));
            });
        }
    });
    let mut socket = connected(&server).await;
    socket.send(r#"42["start"]"#).await;
    assert_eq!(socket.text().await, r#"420["ready?"]"#);
    drop(socket);
    assert_eq!(received.recv().await, Some(true));
}
