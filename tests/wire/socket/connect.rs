//! Connecting to namespaces, and being refused.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use socketio::{Args, ConnectError};
use tokio::time::Instant;

use super::{connected, join, server};
use crate::support::websocket::End;

#[tokio::test(start_paused = true)]
async fn a_connect_is_answered_with_an_id_that_is_not_the_sessions() {
    let (_io, server) = server();
    let session = server.polling().await;
    session.post("40").await.assert(200, "ok");
    let answer = session.get().await;
    let json: serde_json::Value = serde_json::from_str(&answer.text()[2..]).unwrap();
    let id = json["sid"].as_str().unwrap();
    answer.assert(200, &format!(r#"40{{"sid":"{id}"}}"#));
    assert_eq!(id.len(), 20);
    assert_ne!(id, session.sid);
}

#[tokio::test(start_paused = true)]
async fn each_namespace_has_its_own_socket() {
    let (io, server) = server();
    io.of("custom");
    let mut socket = server.websocket().await;
    let main = join(&mut socket, "").await;
    let custom = join(&mut socket, "/custom,").await;
    assert_ne!(main, custom);
    assert!(io.of("/").socket(&main).is_some());
    assert!(io.of("/custom").socket(&custom).is_some());
    assert!(io.of("/").socket(&custom).is_none());
}

#[tokio::test(start_paused = true)]
async fn the_comma_behind_a_bare_namespace_may_be_missing() {
    let (io, server) = server();
    io.of("/custom");
    let mut socket = server.websocket().await;
    socket.send("40/custom").await;
    assert!(socket.text().await.starts_with(r#"40/custom,{"sid":""#));
}

#[tokio::test(start_paused = true)]
async fn the_auth_payload_is_seen_by_middleware_and_handlers() {
    #[derive(Deserialize)]
    struct Auth {
        token: String,
    }
    let (io, server) = server();
    let namespace = io.of("/");
    namespace.middleware(async |socket, auth: Auth| {
        socket.extensions().insert(auth.token);
        Ok::<_, ConnectError>(())
    });
    namespace.on_connect(async |socket| {
        let token = socket.extensions().get::<String>();
        socket.emit(
            "auth",
            (
                token,
                &socket.handshake().auth.parse::<socketio::Value>().ok(),
            ),
        )
    });
    let mut socket = server.websocket().await;
    socket.send(r#"40{"token":"123"}"#).await;
    assert!(socket.text().await.starts_with(r#"40{"sid""#));
    assert_eq!(socket.text().await, r#"42["auth","123",{"token":"123"}]"#);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_namespace_is_refused_and_the_connection_lives() {
    let (_io, server) = server();
    let mut socket = server.websocket().await;
    socket.send("40/random").await;
    assert_eq!(
        socket.text().await,
        r#"44/random,{"message":"Invalid namespace"}"#
    );
    socket.send("40/admin?x=1,").await;
    assert_eq!(
        socket.text().await,
        r#"44/admin?x=1,{"message":"Invalid namespace"}"#
    );
    join(&mut socket, "").await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_carries_its_message_and_its_data() {
    let (io, server) = server();
    io.of("/mw").middleware(async |_, _: Args| {
        Err(ConnectError::new("bad auth").with_data(json!({ "code": 1 })))
    });
    io.of("/text")
        .middleware(async |_, ()| Err::<(), _>(ConnectError::from("no")));
    let mut socket = server.websocket().await;
    socket.send("40/mw,").await;
    assert_eq!(
        socket.text().await,
        r#"44/mw,{"message":"bad auth","data":{"code":1}}"#
    );
    socket.send("40/text,").await;
    assert_eq!(socket.text().await, r#"44/text,{"message":"no"}"#);
    socket.send("40/mw,").await;
    assert!(
        socket.text().await.starts_with("44/mw,"),
        "it may try again"
    );
}

#[tokio::test(start_paused = true)]
async fn middleware_runs_in_order_until_one_refuses_and_its_rooms_are_left() {
    let (io, server) = server();
    let namespace = io.of("/");
    namespace.middleware(async |socket, ()| {
        socket.join("early").unwrap();
        Ok::<_, ConnectError>(())
    });
    namespace.middleware(async |_, ()| {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err::<(), _>(ConnectError::from("second"))
    });
    namespace.middleware(async |_, ()| Err::<(), _>(ConnectError::from("third")));
    let mut socket = server.websocket().await;
    socket.send("40").await;
    assert_eq!(socket.text().await, r#"44{"message":"second"}"#);
    assert_eq!(namespace.room_count(), 0);
    assert_eq!(namespace.socket_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_joins_nothing_in_time_is_closed() {
    let (_io, server) = server();
    let start = Instant::now();
    let mut silent = server.websocket().await;
    let mut refused = server.websocket().await;
    let mut joined = connected(&server).await;
    refused.send("40/random").await;
    assert!(refused.text().await.starts_with("44/random,"));
    for socket in [&mut silent, &mut refused, &mut joined] {
        assert_eq!(socket.text().await, "2");
        socket.send("3").await;
    }
    assert_eq!(silent.end().await, End::Close(None));
    assert_eq!(start.elapsed().as_secs(), 45);
    assert_eq!(refused.end().await, End::Close(None));
    assert_eq!(joined.text().await, "2");
}

#[tokio::test(start_paused = true)]
async fn an_event_behind_the_connect_in_the_same_payload_is_served() {
    let (io, server) = server();
    io.of("/").on_connect(async |socket| {
        // The listener comes late, as in a handler that loads something first.
        tokio::time::sleep(Duration::from_millis(20)).await;
        socket.on("hi", async |socket, text: String| {
            socket.emit("hello", text)
        });
    });
    let mut socket = server.websocket().await;
    socket.send_at_once(["40", r#"42["hi","there"]"#]).await;
    assert!(socket.text().await.starts_with("40{"));
    assert_eq!(socket.text().await, r#"42["hello","there"]"#);
}
