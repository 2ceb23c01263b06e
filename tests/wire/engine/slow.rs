//! Clients that are slow, or stop in the middle: each costs its own session,
//! for a limited time.

use std::time::Duration;

use engineio::{Close, CloseReason, Config, Engine, Limits, Socket};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::support::websocket::End;
use crate::support::{Server, echo, settle};

/// One interval and one timeout of the default heartbeat.
const SILENCE: u64 = 45;

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_in_is_read_no_longer_than_the_heartbeat_allows() {
    for query in ["?EIO=4&transport=polling", "?EIO=3&transport=polling"] {
        let engine = echo(Config::default().allow_revision_3(true));
        let session = Server::engine(&engine).polling_with(query).await;
        let start = Instant::now();
        let mut client = session.server().client();
        let headers = [("Content-Length", "1000")];
        client.send("POST", &session.query(), &headers, b"").await;
        let mut post = Box::pin(client.response());
        let response = loop {
            tokio::select! {
                response = &mut post => break response,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        };
        response.assert(400, "");
        assert_eq!(start.elapsed().as_secs(), SILENCE);
        assert_eq!(engine.session_count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn headers_that_do_not_come_end_their_connection() {
    let engine = echo(Config::default());
    let mut client = Server::engine(&engine).client();
    client
        .write(b"GET /engine.io/?EIO=4&transport=polling HT")
        .await;
    let start = Instant::now();
    assert!(client.is_dropped().await);
    assert_eq!(start.elapsed().as_secs(), 30);
    assert_eq!(engine.session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_shorter_than_it_says_ends_the_session_when_its_connection_ends() {
    let engine = echo(Config::default());
    let session = Server::engine(&engine).polling().await;
    let mut client = session.server().client();
    let headers = [("Content-Length", "10")];
    client.send("POST", &session.query(), &headers, b"").await;
    client.write(b"4hello").await;
    settle().await;
    assert_eq!(engine.session_count(), 1);
    drop(client);
    settle().await;
    assert_eq!(engine.session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_chunked_body_is_refused_as_soon_as_it_is_too_long() {
    let (messages, mut received) = mpsc::unbounded_channel();
    let engine = Engine::new(Config::default().max_payload(10), move |socket: Socket| {
        let messages = messages.clone();
        async move {
            while let Some(message) = socket.recv().await {
                messages.send(message).unwrap();
            }
        }
    });
    let session = Server::engine(&engine).polling().await;
    let mut client = session.server().client();
    let headers = [("Transfer-Encoding", "chunked")];
    client.send("POST", &session.query(), &headers, b"").await;
    client.write(b"6\r\n4one\x1e4\r\n").await;
    settle().await;
    client.write(b"5\r\ntwo..\r\n").await;
    // The last chunk has not come.
    client.response().await.assert(413, "");
    assert_eq!(engine.session_count(), 1, "the session lives on");
    session.post("4three").await.assert(200, "ok");
    assert_eq!(received.recv().await, Some("three".into()));
}

#[tokio::test(start_paused = true)]
async fn a_get_is_held_no_longer_than_the_ping_interval() {
    let session = Server::echo(Config::default()).polling().await;
    for _ in 0..3 {
        let start = Instant::now();
        session.get().await.assert(200, "2");
        assert_eq!(start.elapsed().as_secs(), 25);
        session.post("3").await.assert(200, "ok");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_from_its_get_frees_it_at_once() {
    let engine = echo(Config::default());
    let session = Server::engine(&engine).polling().await;
    let start = Instant::now();
    drop(session.start_get().await);
    settle().await;
    assert_eq!(engine.session_count(), 0);
    assert!(start.elapsed().as_millis() < 10);
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_open_packet_cannot_be_written_is_removed() {
    let engine = echo(Config::default());
    let server = Server::engine(&engine);
    // The 101 fits into the pipe, what follows it does not.
    let mut stalled = server.stalled_websocket("?EIO=4&transport=websocket").await;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stalled.read_u8().await.unwrap());
    }
    settle().await;
    assert_eq!(engine.session_count(), 1);
    tokio::time::sleep(Duration::from_secs(SILENCE)).await;
    settle().await;
    assert_eq!(engine.session_count(), 0);
    engine.close(Close::Discard).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_outbox_at_the_time_of_the_ping_closes_nobody_who_answers() {
    let engine = Engine::new(
        Config::default().limits(Limits::default().budget(1 << 20)),
        async |socket| {
            // Just below the budget.
            socket.send(vec![7; (1 << 20) - 100]).expect("it is open");
            while socket.recv().await.is_some() {}
        },
    );
    let server = Server::engine(&engine);
    let session = server.polling().await;
    tokio::time::sleep(Duration::from_secs(26)).await;
    assert_eq!(engine.session_count(), 1);
    let body = session.get().await;
    assert!(body.text().ends_with("\u{1e}2"));
    session.post("3").await.assert(200, "ok");
    session.get().await.assert(200, "2");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_unasked_pongs_are_not_a_missing_one() {
    let mut socket = Server::echo(Config::default()).websocket().await;
    for _ in 0..100 {
        socket.send("3").await;
    }
    assert_eq!(socket.text().await, "2");
    socket.send("3").await;
    socket.send("3").await;
    assert_eq!(socket.text().await, "2");
    assert_eq!(socket.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn abandoned_sessions_probes_and_handshakes_leave_nothing_behind() {
    let (reasons, mut ended) = mpsc::unbounded_channel();
    let engine = Engine::new(Config::default(), move |socket: Socket| {
        let reasons = reasons.clone();
        async move {
            while socket.recv().await.is_some() {}
            let _ = reasons.send(socket.close_reason());
        }
    });
    let server = Server::engine(&engine);
    let mut kept = Vec::new();
    for _ in 0..10 {
        let session = server.polling().await;
        let mut candidate = session.upgrade().await;
        candidate.send("2probe").await;
        kept.push(candidate);
        kept.push(server.websocket().await);
    }
    let mut stalled = Vec::new();
    for _ in 0..10 {
        stalled.push(server.stalled_websocket("?EIO=4&transport=websocket").await);
    }
    assert_eq!(engine.session_count(), 20);
    for _ in 0..20 {
        assert_eq!(ended.recv().await, Some(Some(CloseReason::PingTimeout)));
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(engine.session_count(), 0);
    // Nobody is told, and it ends at once: no task is left.
    let start = Instant::now();
    engine.close(Close::Discard).await;
    assert_eq!(start.elapsed().as_millis(), 0);
}
