//! The end of the server.

use std::sync::Arc;
use std::time::Duration;

use socketio::{BoxError, Config, Server};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use crate::support::{Client, Log, get, handshake, post, reasons, server};
use crate::websocket::WebSocket;

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_the_server_closes_arrives() {
    let io = server();
    let namespace = io.of("/");
    let mut connections = connections(&io);
    let mut polling = Client::connect(&io).await;
    let mut websocket = WebSocket::connect(&io).await;
    connections.next().await;
    connections.next().await;
    // Not one that polls just now.
    let between = handshake(&io, http::Request::builder(), "").await;
    post(&io, &between, "40").await;
    connections.next().await;
    let last = "x".repeat(100);
    namespace.emit("last", &last).expect("it can be written");
    let closing = tokio::spawn({
        let io = io.clone();
        async move { io.close().await }
    });
    let expected = format!(r#"2["last","{last}"]"#);
    assert_eq!(websocket.recv().await, expected);
    assert_eq!(polling.rest().await, [expected.as_str()]);
    assert!(!closing.is_finished(), "one client has not come for it yet");
    let payload = get(&io, &between).await;
    assert!(payload.contains(&expected), "{payload}");
    assert_eq!(get(&io, &between).await, "6\u{1e}1");
    closing.await.expect("it closes");
    assert_eq!((namespace.socket_count(), namespace.room_count()), (0, 0));
    assert_eq!(io.engine().session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_for_what_was_sent_holds_up_the_end_for_half_of_its_time() {
    let io = Server::new(Config::default().shutdown_timeout(Duration::from_secs(4)));
    let mut log = reasons(&io, "/");
    let mut connections = connections(&io);
    let gone = handshake(&io, http::Request::builder(), "").await;
    post(&io, &gone, "40").await;
    connections.next().await;
    let start = Instant::now();
    let (_, reason) = tokio::join!(io.close(), async {
        let reason = log.next().await;
        (reason, start.elapsed())
    });
    // It has left at once; only its connection waits.
    assert_eq!(reason, ("server shutting down".to_owned(), Duration::ZERO));
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    assert_eq!(io.engine().session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_before_the_server_is_closed() {
    for seconds in [4, 60] {
        let io = server();
        let mut log = reasons(&io, "/");
        io.of("/")
            .on_connect(async move |_| sleep(Duration::from_secs(seconds)).await);
        let _client = Client::connect(&io).await;
        let start = Instant::now();
        io.close().await;
        assert_eq!(start.elapsed().as_secs(), seconds.min(5));
        assert_eq!(log.next().await, "server shutting down");
    }
}

#[tokio::test(start_paused = true)]
async fn hooks_are_told_the_end_also_if_the_server_forgot_them() {
    let io = Server::new(Config::default().shutdown_timeout(Duration::from_millis(500)));
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/")
        .on_disconnect(async |_, _| sleep(Duration::from_secs(1)).await);
    io.of("/")
        .on_disconnect(async move |_, _| pen.send(()).unwrap());
    let _client = Client::connect(&io).await;
    io.close().await;
    log.next().await;
}

#[tokio::test(start_paused = true)]
async fn who_left_before_the_server_closed_had_its_own_reason() {
    let io = server();
    let mut log = reasons(&io, "/");
    let client = Client::connect(&io).await;
    client.close().await;
    io.close().await;
    assert_eq!(log.next().await, "transport close");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_ends_everything() {
    let io = server();
    let held = Arc::new(());
    let captured = held.clone();
    let mut log = reasons(&io, "/");
    let mut other = reasons(&io, "/other");
    io.of("/").on("x", async move |_, ()| drop(captured));
    let mut client = Client::connect(&io).await;
    client.join("/other").await;
    let mut idle = Client::open(&io).await;
    io.close().await;
    assert_eq!(log.next().await, "server shutting down");
    assert_eq!(other.next().await, "server shutting down");
    // No DISCONNECT: the client is to come back.
    assert_eq!(client.rest().await, Vec::<String>::new());
    assert_eq!(idle.rest().await, Vec::<String>::new());
    assert_eq!(Arc::strong_count(&held), 1);
    log.silence().await;
    io.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_drops_what_it_was_given() {
    let io = server();
    let held = Arc::new(());
    let captures = || held.clone();
    let pattern = captures();
    let games = io.of_matching(async move |name, _| {
        let _pattern = &pattern;
        name.starts_with("/game-")
    });
    for namespace in [io.of("/"), io.of("/game-1"), games] {
        let (handler, connect, event) = (captures(), captures(), captures());
        namespace.on("x", async move |_, ()| drop(handler));
        namespace.on_connect(async move |_| drop(connect));
        namespace.on_event(async move |_, incoming| {
            drop(event);
            Ok::<_, &str>(incoming)
        });
    }
    let mut client = Client::connect(&io).await;
    client.join("/game-1").await;
    assert_eq!(Arc::strong_count(&held), 11);
    io.close().await;
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_waits_for_handlers_but_not_for_ever() {
    let config = Config::default().shutdown_timeout(Duration::from_secs(3));
    let io = Server::new(config);
    io.of("/").on("wait", async |_, seconds: u64| {
        sleep(Duration::from_secs(seconds)).await;
    });
    let start = Instant::now();
    for (seconds, waited) in [(1, 1), (60, 3)] {
        let io = Server::new(io.config().clone());
        io.of("/").on("wait", async |_, seconds: u64| {
            sleep(Duration::from_secs(seconds)).await;
        });
        let client = Client::connect(&io).await;
        client.send(&format!(r#"2["wait",{seconds}]"#)).await;
        let before = start.elapsed();
        io.close().await;
        assert_eq!((start.elapsed() - before).as_secs(), waited);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_connects_to_a_server_that_closes() {
    let io = server();
    let mut connections = connections(&io);
    let gate = Arc::new(Semaphore::new(0));
    let passed = gate.clone();
    let mut asked = Log::new();
    let pen = asked.pen();
    io.of("/").middleware(async move |_, ()| {
        pen.send(()).expect("a log");
        passed.acquire().await.map(drop).map_err(BoxError::from)
    });
    // It does not poll, so that what is sent to it waits.
    let between = handshake(&io, http::Request::builder(), "").await;
    post(&io, &between, "40").await;
    asked.next().await;
    let closing = tokio::spawn({
        let io = io.clone();
        async move { io.close().await }
    });
    // It begins.
    yield_now().await;
    gate.add_permits(1);
    connections.silence().await;
    assert_eq!(get(&io, &between).await, "6\u{1e}1");
    closing.await.expect("it closes");
}

/// Who connects.
fn connections(io: &Server) -> Log<()> {
    let log = Log::new();
    let pen = log.pen();
    io.of("/")
        .on_connect(async move |_| pen.send(()).expect("a log"));
    log
}
