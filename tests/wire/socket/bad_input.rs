//! Hostile input: it ends its own connection, and nothing else.

use serde_json::json;
use socketio::{Ack, Args, Config, Incoming, Limits, Server as Io};

use super::{connected, join, server};
use crate::support::Server;
use crate::support::websocket::End;

#[tokio::test(start_paused = true)]
async fn a_violation_closes_the_connection() {
    let (io, server) = server();
    io.of("/custom");
    let mut other = connected(&server).await;
    let deep = format!(r#"42["e",{}{}]"#, "[".repeat(100), "]".repeat(100));
    let very_deep = format!(r#"42["e",{}"#, "[".repeat(100_000));
    for violation in [
        "4",
        "4abc",
        "42",
        "42{}",
        "42[]",
        r#"42["e""#,
        r#"42[{"toString":"x"}]"#,
        r#"42[null,"e"]"#,
        r#"42["connect"]"#,
        r#"42["disconnecting"]"#,
        r#"42["newListener"]"#,
        r#"42abc["e"]"#,
        r#"42 1["e"]"#,
        r#"42-1["e"]"#,
        r#"42100000000000000000000["e"]"#,
        r#"42/custom,["not joined"]"#,
        "40",
        r#"40/custom,"text""#,
        "40/custom,[]",
        "41{}",
        "41/custom,",
        r#"44{"message":"from a client"}"#,
        "431{}",
        "47",
        "45",
        "451",
        r#"450-["e"]"#,
        r#"4511-["e"]"#,
        r#"451.5-["e"]"#,
        r#"451000000-["e",{"_placeholder":true,"num":0}]"#,
        r#"4599999999999999999999-["e"]"#,
        &deep,
        &very_deep,
    ] {
        let mut socket = connected(&server).await;
        socket.send(violation).await;
        let shown: String = violation.chars().take(60).collect();
        assert_eq!(socket.end().await, End::Close(None), "{shown}");
    }
    other.send("40/custom,").await;
    assert!(other.text().await.starts_with("40/custom,"));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_levels_are_deep_enough() {
    let (io, server) = server();
    io.of("/").on("e", async |_, args: Args| Ack(args));
    let mut socket = connected(&server).await;
    let levels = format!("{}{}", "[".repeat(99), "]".repeat(99));
    socket.send(format!(r#"420["e",{levels}]"#)).await;
    assert_eq!(socket.text().await, format!("430[{levels}]"));
}

#[tokio::test(start_paused = true)]
async fn text_and_binary_out_of_turn_close_the_connection() {
    let (_io, server) = server();
    let header = r#"452-["e",{"_placeholder":true,"num":0}]"#;

    let mut socket = connected(&server).await;
    socket.send(vec![1]).await;
    assert_eq!(socket.end().await, End::Close(None));

    let mut socket = connected(&server).await;
    socket.send(header).await;
    socket.send(r#"42["e"]"#).await;
    assert_eq!(socket.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn a_placeholder_outside_of_its_attachments_closes_the_connection() {
    let (io, server) = server();
    io.of("/").on("e", async |_, _: socketio::Value| ());
    for num in ["1", "-1", "1e9", "0.5", r#""splice""#, r#""0""#, "null"] {
        let mut socket = connected(&server).await;
        socket
            .send(format!(r#"451-["e",{{"_placeholder":true,"num":{num}}}]"#))
            .await;
        socket.send(vec![1]).await;
        assert_eq!(socket.end().await, End::Close(None), "{num}");
    }
}

#[tokio::test(start_paused = true)]
async fn attachments_that_do_not_come_close_the_connection() {
    let (_io, server) = server();
    let mut socket = connected(&server).await;
    let start = tokio::time::Instant::now();
    socket
        .send(r#"451-["e",{"_placeholder":true,"num":0}]"#)
        .await;
    assert_eq!(socket.text().await, "2");
    socket.send("3").await;
    assert_eq!(socket.end().await, End::Close(None));
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn attachments_with_too_many_bytes_close_the_connection() {
    let io = Io::new(Config::default().limits(Limits::default().attachment_bytes(10)));
    io.of("/").on("e", async |_, args: Args| Ack(args.bytes()));
    let server = Server::socketio(&io);
    let header = r#"452-1["e",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    for (lengths, is_taken) in [([4, 6], true), ([4, 7], false), ([11, 0], false)] {
        let mut socket = connected(&server).await;
        socket.send(header).await;
        for length in lengths {
            socket.send(vec![0; length]).await;
        }
        match is_taken {
            true => assert!(socket.text().await.starts_with("431[")),
            false => assert_eq!(socket.end().await, End::Close(None)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_auth_payload_that_is_too_long_closes_the_connection_and_no_other() {
    let (io, server) = server();
    io.of("/").middleware(async |_, _: Args| Ok::<_, &str>(()));
    let mut other = connected(&server).await;
    let limit = Limits::default().auth_bytes;
    for (length, is_taken) in [(limit, true), (limit + 1, false), (990_000, false)] {
        let token = "x".repeat(length - r#"{"token":""}"#.len());
        let connect = format!("40{}", json!({ "token": token }));
        let mut socket = server.websocket().await;
        socket.send(connect.as_str()).await;
        match is_taken {
            true => assert!(socket.text().await.starts_with("40{")),
            false => assert_eq!(socket.end().await, End::Close(None)),
        }
        let session = server.polling().await;
        session.post(&connect).await.assert(200, "ok");
        match is_taken {
            true => assert!(session.get().await.text().starts_with("40{")),
            false => session.get().await.assert(200, "6\u{1e}1"),
        }
    }
    io.emit("still here", ()).unwrap();
    assert_eq!(other.text().await, r#"42["still here"]"#);
}

#[tokio::test(start_paused = true)]
async fn names_that_every_object_of_javascript_has_are_names_like_any_other() {
    let (io, server) = server();
    let mut other = connected(&server).await;
    let mut socket = connected(&server).await;
    for name in ["__proto__", "constructor", "toString", "hasOwnProperty"] {
        let namespace = io.of(name);
        let unknown = format!(r#"420["{name}"]"#);
        namespace.on_event(async |socket, event: Incoming| {
            socket.join(event.name())?;
            Ok::<_, socketio::JoinError>(event)
        });
        namespace.on(name, async |_, value: serde_json::Value| Ack(value));
        // It is no handler of `/`, nor a room of somebody there.
        socket.send(unknown.as_str()).await;
        assert!(io.to(name).sockets().is_empty());
        join(&mut socket, &format!("/{name},")).await;
        let payload = format!(r#"{{"{name}":{{"isAdmin":true}}}}"#);
        socket
            .send(format!(r#"42/{name},7["{name}",{payload}]"#))
            .await;
        let answer = format!("43/{name},7[{payload}]");
        assert_eq!(socket.text().await, answer);
        assert_eq!(namespace.to(name).sockets().len(), 1);
        assert_eq!(namespace.rooms().len(), 1);
    }
    other.send(r#"420["isAdmin"]"#).await;
    io.emit("end", ()).unwrap();
    assert_eq!(other.text().await, r#"42["end"]"#);
}

#[tokio::test(start_paused = true)]
async fn before_the_connect_there_are_no_events() {
    let (_io, server) = server();
    for packet in [r#"42["e"]"#, "41", "430[]", "4abc"] {
        let mut socket = server.websocket().await;
        socket.send(packet).await;
        assert_eq!(socket.end().await, End::Close(None), "{packet}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_polling_client_hears_of_its_violation_in_its_next_poll() {
    let (_io, server) = server();
    let session = server.polling().await;
    session.post(r#"42["too early"]"#).await.assert(200, "ok");
    session.get().await.assert(200, "6\u{1e}1");
    assert_eq!(session.get().await.status, 400);

    for violation in ["40", "4abc"] {
        let session = server.polling().await;
        session.post("40").await.assert(200, "ok");
        session.post(violation).await.assert(200, "ok");
        assert!(session.get().await.text().starts_with("40{"));
        session.get().await.assert(200, "6\u{1e}1");
        assert_eq!(session.get().await.status, 400);
    }
}
