//! Hostile input: it gets an answer, and hurts nobody else.

use engineio::{Close, Config, Engine, Limits, Message, Socket};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::support::http::websocket_headers;
use crate::support::websocket::End;
use crate::support::{Server, settle};

#[tokio::test(start_paused = true)]
async fn a_bad_payload_is_refused_and_what_precedes_the_bad_packet_is_delivered() {
    for bad in [
        "abc",
        "",
        "éabcd",
        "€€",
        "\u{1e}",
        "\u{feff}",
        "4ok\u{1e}x\u{1e}4no",
        "2",
    ] {
        let session = Server::echo(Config::default()).polling().await;
        // A body without a length cannot be sent otherwise.
        let mut client = session.server().client();
        let headers = [("Content-Length", &*bad.len().to_string())];
        client.send("POST", &session.query(), &headers, b"").await;
        client.write(bad.as_bytes()).await;
        client.response().await.assert(400, "");
        session
            .get()
            .await
            .assert_refused(400, 1, "Session ID unknown");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_text_is_refused() {
    let session = Server::echo(Config::default()).polling().await;
    session.post(b"4\xff").await.assert(400, "");
    assert_eq!(session.get().await.status, 400);

    let session = Server::echo(Config::default()).polling().await;
    let headers = [("Content-Type", "application/octet-stream")];
    let mut client = session.server().client();
    let response = client
        .request("POST", &session.query(), &headers, b"4hello")
        .await;
    response.assert(400, "");
    assert_eq!(session.get().await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_payload_of_too_many_packets_is_refused() {
    let config = Config::default().limits(Limits::default().packets(100));
    let server = Server::echo(config);
    let session = server.polling().await;
    session
        .post(["6"; 100].join("\u{1e}"))
        .await
        .assert(200, "ok");
    session
        .post(["6"; 101].join("\u{1e}"))
        .await
        .assert(400, "");
    assert_eq!(session.get().await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn what_precedes_a_bad_packet_is_delivered_and_nothing_behind_it() {
    let (messages, mut received) = mpsc::unbounded_channel();
    let engine = Engine::new(Config::default(), move |socket: Socket| {
        let messages = messages.clone();
        async move {
            while let Some(message) = socket.recv().await {
                messages.send(message).unwrap();
            }
        }
    });
    let server = Server::engine(&engine);
    let session = server.polling().await;
    session
        .post("4polled\u{1e}xyz\u{1e}4no")
        .await
        .assert(400, "");
    let mut socket = server.websocket().await;
    socket.send_at_once(["4framed", "xyz", "4no"]).await;
    assert_eq!(socket.end().await, End::Close(None));
    engine.close(Close::Discard).await;
    for expected in ["polled", "framed"] {
        assert_eq!(received.try_recv(), Ok(Message::from(expected)));
    }
    assert!(received.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn as_many_packets_as_the_limit_allows_are_taken() {
    let session = Server::echo(Config::default()).polling().await;
    let mut packets = vec!["6"; 131_071];
    packets.push("4last");
    session.post(packets.join("\u{1e}")).await.assert(200, "ok");
    session.get().await.assert(200, "4last");
    session
        .post(["6"; 131_073].join("\u{1e}"))
        .await
        .assert(400, "");
}

#[tokio::test(start_paused = true)]
async fn sessions_beyond_the_limit_are_refused() {
    let limits = Limits::default().sessions(2);
    let server = Server::echo(Config::default().limits(limits));
    let _websocket = server.websocket().await;
    let session = server.polling().await;
    let query = "?EIO=4&transport=polling";
    server.client().get(query).await.assert(503, "");
    session.post("1").await.assert(200, "ok");
    settle().await;
    assert_eq!(server.client().get(query).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn garbage_ends_its_own_connection_only() {
    let server = Server::echo(Config::default());
    let mut other = server.websocket().await;
    let mut garbage = server.client();
    garbage.write(b"\x16\x03\x01 not http at all\r\n\r\n").await;
    assert_eq!(garbage.response().await.status, 400);
    let mut socket = server.dial("?EIO=4&transport=websocket").await;
    socket.stream().write_all(&[0xff; 64]).await.unwrap();
    let session = server.polling().await;
    let mut candidate = session.upgrade().await;
    candidate.stream().write_all(&[0xff; 64]).await.unwrap();
    settle().await;
    other.send("4alive").await;
    assert_eq!(other.text().await, "4alive");
    session.post("4alive").await.assert(200, "ok");
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_handshake_leaves_no_session() {
    let engine = crate::support::echo(Config::default());
    let server = Server::engine(&engine);
    for _ in 0..3 {
        drop(server.dial("?EIO=4&transport=websocket").await);
        server.client().write(b"GET /engine.io/?EIO=4&trans").await;
    }
    settle().await;
    assert_eq!(engine.session_count(), 0);
    engine.close(Close::Discard).await;
}

#[tokio::test(start_paused = true)]
async fn headers_without_end_are_refused() {
    let engine = crate::support::echo(Config::default());
    let server = Server::engine(&engine);
    let spaces = " ".repeat(64 << 10);
    let long = format!("a{spaces}");
    let mut headers = websocket_headers().to_vec();
    headers.push(("Sec-WebSocket-Protocol", &long));
    let query = "?EIO=4&transport=websocket";
    let response = server.client().request("GET", query, &headers, b"").await;
    assert_eq!(response.status, 101, "spaces are no part of a protocol");
    assert_eq!(response.header("sec-websocket-protocol"), Some("a"));

    let many = vec![("x", "y"); 5000];
    let response = server.client().request("GET", query, &many, b"").await;
    assert_eq!(response.status, 431);
    let huge = "x".repeat(1 << 20);
    let headers = [("Cookie", huge.as_str())];
    let response = server.client().request("GET", query, &headers, b"").await;
    assert_eq!(response.status, 431);
    settle().await;
    assert_eq!(engine.session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_payload_of_empty_packets_is_refused_at_the_first() {
    let session = Server::echo(Config::default()).polling().await;
    session.post("\u{1e}".repeat(500_000)).await.assert(400, "");
    assert_eq!(session.get().await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_session_id_that_is_none_opens_nothing() {
    let engine = crate::support::echo(Config::default());
    let server = Server::engine(&engine);
    let session = server.polling().await;
    let closed = session.query();
    session.post("1").await.assert(200, "ok");
    settle().await;
    let long = format!("?EIO=4&transport=polling&sid={}", "a".repeat(5000));
    for query in [
        "?EIO=4&transport=polling&sid=garbage",
        "?EIO=4&transport=polling&sid=__proto__",
        "?EIO=4&transport=polling&sid=%00%ff",
        &long,
        &closed,
    ] {
        for method in ["GET", "POST", "PUT"] {
            let response = server.client().request(method, query, &[], b"").await;
            response.assert_refused(400, 1, "Session ID unknown");
        }
        let query = query.replace("polling", "websocket");
        let headers = websocket_headers();
        let response = server.client().request("GET", &query, &headers, b"").await;
        response.assert(400, "Session ID unknown");
    }
    assert_eq!(engine.session_count(), 0);
}
