//! What a host does with its connections, and where it mounts the engine.

use std::sync::Arc;

use engineio::{Close, Config, Engine};
use hyper_util::rt::TokioIo;
use tokio::sync::Notify;

use crate::support::{Server, echo, host, settle};

/// A host whose connections end gracefully when they are told to.
fn ending(engine: &Engine) -> (Server, Arc<Notify>) {
    let end = Arc::new(Notify::new());
    let service = engine.service();
    let server = Server::accepting("/engine.io/", {
        let end = end.clone();
        move |stream| {
            let (service, end) = (service.clone(), end.clone());
            tokio::spawn(async move {
                let host = host();
                let connection = host.serve_connection_with_upgrades(TokioIo::new(stream), service);
                let mut connection = std::pin::pin!(connection);
                tokio::select! {
                    _ = connection.as_mut() => return,
                    () = end.notified() => {}
                }
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            });
        }
    });
    (server, end)
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_gracefully_answers_its_poll_first() {
    let engine = echo(Config::default());
    let (server, end) = ending(&engine);
    let session = server.polling().await;
    let mut get = session.start_get().await;
    end.notify_waiters();
    settle().await;
    session.post("4last").await.assert(200, "ok");
    let response = get.response().await;
    response.assert(200, "4last");
    assert!(get.is_dropped().await);
    // The session goes on, on other connections.
    session.post("4alive").await.assert(200, "ok");
    session.get().await.assert(200, "4alive");
}

#[tokio::test(start_paused = true)]
async fn closing_the_engine_lets_connections_end_gracefully() {
    let engine = echo(Config::default());
    let (server, end) = ending(&engine);
    let mut get = server.polling().await.start_get().await;
    let mut socket = server.websocket().await;
    end.notify_waiters();
    settle().await;
    engine.close(Close::Discard).await;
    get.response().await.assert(200, "1");
    assert!(get.is_dropped().await);
    socket.end().await;
    assert_eq!(engine.session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_survives_a_new_connection_for_each_request() {
    let session = Server::echo(Config::default()).polling().await;
    for round in 0..3 {
        let message = format!("4{round}");
        for (method, body, answer) in [("POST", message.as_str(), "ok"), ("GET", "", &message)] {
            let mut client = session.server().client();
            let headers = [("Connection", "close")];
            let query = session.query();
            let response = client
                .request(method, &query, &headers, body.as_bytes())
                .await;
            response.assert(200, answer);
            assert_eq!(response.header("connection"), Some("close"));
            assert!(client.is_dropped().await);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_axum_router_has_the_engine_as_a_layer_or_nested_below_a_path() {
    let (layered, nested) = (echo(Config::default()), echo(Config::default()));
    let app = axum::Router::new()
        .route("/", axum::routing::get(async || "the page"))
        .nest_service("/below", nested.service())
        .layer(layered.layer());
    for (path, engine, other) in [
        ("/engine.io/", &layered, &nested),
        ("/below/engine.io/", &nested, &layered),
    ] {
        let server = Server::tower(path, app.clone());
        let session = server.polling().await;
        session.post("4hello").await.assert(200, "ok");
        session.get().await.assert(200, "4hello");
        let mut socket = session.upgrade().await;
        socket.send_at_once(["2probe", "5", "4upgraded"]).await;
        assert_eq!(socket.text().await, "3probe");
        assert_eq!(socket.text().await, "4upgraded");
        assert_eq!((engine.session_count(), other.session_count()), (1, 0));
        drop(socket);
        settle().await;
        server.client().get("/").await.assert(200, "the page");
    }
}

#[tokio::test(start_paused = true)]
async fn two_engines_beside_each_other_serve_their_own_sessions() {
    let (one, two) = (
        echo(Config::default()),
        echo(Config::default().path("/two")),
    );
    let app = axum::Router::new().layer(one.layer()).layer(two.layer());
    let at_one = Server::tower("/engine.io/", app.clone());
    let at_two = Server::tower("/two/", app);
    let (first, second) = (at_one.polling().await, at_two.polling().await);
    let mut sockets = Vec::new();
    for session in [&first, &second] {
        let mut socket = session.upgrade().await;
        socket.send_at_once(["2probe", "5", "4hello"]).await;
        assert_eq!(socket.text().await, "3probe");
        assert_eq!(socket.text().await, "4hello");
        sockets.push(socket);
    }
    let query = first.query();
    let strange = at_two.client().get(&query).await;
    strange.assert_refused(400, 1, "Session ID unknown");
    one.close(Close::Discard).await;
    assert_eq!((one.session_count(), two.session_count()), (0, 1));
    let mut alive = sockets.remove(1);
    alive.send("4alive").await;
    assert_eq!(alive.text().await, "4alive");
}
