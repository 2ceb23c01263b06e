//! Connecting to namespaces, and middleware.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use socketio::engineio::{CloseReason, Revision, Transport};
use socketio::{Ack, BoxError, Config, ConnectError, DisconnectReason, Secure};
use tokio::time::sleep;

use crate::support::{Client, Log, fail, server};

#[tokio::test(start_paused = true)]
async fn each_namespace_gives_an_id_that_is_not_the_engines() {
    let io = server();
    io.of("chat");
    let mut client = Client::open(&io).await;
    let (main, chat) = (client.join("/").await, client.join("/chat").await);
    assert_ne!(main, chat);
    assert!(![main.as_str(), &chat].contains(&client.sid.as_str()));
    assert!(io.of("").socket(&main).is_some());
    assert_eq!(io.of("/chat").socket(&chat).expect("it is in").id(), chat);
    assert_eq!(io.of("/chat").socket_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_namespace_is_refused_and_the_connection_stays() {
    let io = server();
    let mut client = Client::open(&io).await;
    client.send("0/x,").await;
    assert_eq!(
        client.recv().await,
        r#"4/x,{"message":"Invalid namespace"}"#
    );
    client.join("/").await;
}

#[tokio::test(start_paused = true)]
async fn middleware_runs_in_order_until_one_refuses() {
    let io = server();
    let mut log = Log::new();
    for step in 1..=3 {
        let pen = log.pen();
        io.of("/").middleware(async move |_, ()| {
            sleep(Duration::from_millis(50)).await;
            pen.send(step).unwrap();
            if step == 2 { Err("no") } else { Ok(()) }
        });
    }
    io.of("/").on_connect(async |_| fail("it is refused"));
    let mut client = Client::open(&io).await;
    client.send("0").await;
    assert_eq!(client.recv().await, r#"4{"message":"no"}"#);
    assert_eq!((log.next().await, log.next().await), (1, 2));
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn auth_that_does_not_fit_is_refused() {
    let io = server();
    io.of("/").middleware(async |_, _: Named| Ok::<_, &str>(()));
    let mut client = Client::open(&io).await;
    for (auth, answer) in [
        ("0", r#"4{"message":"#),
        ("0{}", r#"4{"message":"#),
        (r#"0{"name":1}"#, r#"4{"message":"#),
        (r#"0{"name":"x"}"#, r#"0{"sid":"#),
    ] {
        client.send(auth).await;
        let packet = client.recv().await;
        assert!(packet.starts_with(answer), "{packet}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_what_the_error_says() {
    let io = server();
    io.of("/")
        .middleware(async |_, auth: Named| -> Result<(), BoxError> {
            match auth.name.as_str() {
                "data" => Err(ConnectError::new("bad")
                    .with_data(json!({ "code": 7 }))
                    .into()),
                "std" => Err("x".parse::<u8>().expect_err("no number").into()),
                _ => panic!("never told to the client"),
            }
        });
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/")
        .on_error(async move |_, failure| pen.send(failure.to_string()).unwrap());
    let mut client = Client::open(&io).await;
    for (name, answer) in [
        ("data", r#"4{"message":"bad","data":{"code":7}}"#),
        ("std", r#"4{"message":"invalid digit found in string"}"#),
        ("panic", r#"4{"message":"internal server error"}"#),
    ] {
        client.send(&format!(r#"0{{"name":"{name}"}}"#)).await;
        assert_eq!(client.recv().await, answer);
    }
    assert_eq!(log.next().await, "panic: never told to the client");
}

#[tokio::test(start_paused = true)]
async fn a_client_without_auth_counts_as_one_with_an_empty_object() {
    #[derive(Deserialize)]
    struct Auth {
        token: Option<u8>,
    }

    let io = server();
    io.of("/").middleware(async |socket, auth: Auth| {
        socket.extensions().insert(auth.token);
        Ok::<_, &str>(())
    });
    io.of("/").middleware(async |_, auth: Option<Auth>| {
        assert!(auth.is_none(), "whoever wants to know can tell");
        Ok::<_, &str>(())
    });
    let client = Client::connect(&io).await;
    let socket = io.of("/").sockets().remove(0);
    assert_eq!(socket.extensions().get(), Some(None::<u8>));
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_socket_is_neither_connected_nor_reached_while_middleware_runs() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").middleware(async move |socket, ()| {
        socket.join("room").unwrap();
        assert!(!socket.is_connected());
        assert!(socket.emit("early", ()).is_err());
        socket.disconnect();
        pen.send(()).unwrap();
        sleep(Duration::from_secs(1)).await;
        Ok::<_, &str>(())
    });
    let mut client = Client::open(&io).await;
    client.send("0").await;
    log.next().await;
    assert_eq!(io.of("/").socket_count(), 0);
    assert!(io.of("/").sockets().is_empty());
    io.of("/").to("room").emit("early", ()).unwrap();
    assert!(client.recv().await.starts_with(r#"0{"sid""#));
    io.of("/").to("room").emit("late", ()).unwrap();
    assert_eq!(client.recv().await, r#"2["late"]"#);
}

#[tokio::test(start_paused = true)]
async fn rooms_joined_before_a_refusal_are_left() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").middleware(async move |socket, ()| {
        socket.join("room").unwrap();
        pen.send(socket).unwrap();
        Err("no")
    });
    io.of("/")
        .on_disconnect(async |_, _| fail("it was never connected"));
    let mut client = Client::open(&io).await;
    client.send("0").await;
    assert_eq!(client.recv().await, r#"4{"message":"no"}"#);
    let socket = log.next().await;
    assert_eq!(io.of("/").room_count(), 0);
    assert!(socket.rooms().is_empty());
    assert_eq!(socket.closed().await, DisconnectReason::Server);
    socket.join("room").unwrap();
    assert_eq!(io.of("/").room_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn events_wait_until_the_socket_is_set_up() {
    let io = server();
    io.of("/other").on("now", async |_, ()| Ack(1));
    io.of("/").middleware(async |_, ()| {
        sleep(Duration::from_secs(1)).await;
        Ok::<_, &str>(())
    });
    io.of("/").on_connect(async |socket| {
        sleep(Duration::from_secs(1)).await;
        socket.on("late", async |_, n: u8| Ack(n));
    });
    let mut client = Client::open(&io).await;
    client
        .send_all(&["0", r#"21["late",1]"#, r#"22["late",2]"#])
        .await;
    client.join("/other").await;
    client.send(r#"2/other,5["now"]"#).await;
    assert_eq!(client.recv().await, "3/other,5[1]");
    assert!(client.recv().await.starts_with(r#"0{"sid""#));
    assert_eq!(client.recv().await, "31[1]");
    assert_eq!(client.recv().await, "32[2]");
}

#[tokio::test(start_paused = true)]
async fn a_second_connect_ends_the_connection() {
    for pending in [true, false] {
        let io = server();
        io.of("/").middleware(async move |_, ()| {
            if pending {
                std::future::pending::<()>().await;
            }
            Ok::<_, &str>(())
        });
        let mut log = Log::new();
        let (begin, end) = (log.pen(), log.pen());
        io.on_connect(async move |_| begin.send("connect".into()).unwrap());
        io.of("/")
            .on_disconnect(async move |_, reason| end.send(reason.to_string()).unwrap());
        let mut client = Client::open(&io).await;
        client.send_all(&["0", "0"]).await;
        client.rest().await;
        if !pending {
            assert_eq!(log.next().await, "connect");
            assert_eq!(log.next().await, "forced close");
        }
        log.silence().await;
        assert_eq!(io.engine().session_count(), 0);
        assert_eq!(io.of("/").socket_count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_while_its_middleware_waits_is_forgotten() {
    let io = server();
    let (held, watch) = (Arc::new(()), Log::new());
    let (captured, pen) = (held.clone(), watch.pen());
    io.of("/").middleware(async move |socket, ()| {
        let _held = captured.clone();
        socket.join("room").unwrap();
        pen.send(()).unwrap();
        std::future::pending::<()>().await;
        Ok::<_, &str>(())
    });
    let mut log = watch;
    let mut client = Client::open(&io).await;
    for _ in 0..3 {
        client.send_all(&["0", "1"]).await;
        log.next().await;
    }
    client.silence().await;
    assert_eq!(io.of("/").room_count(), 0);
    // The test's own and the one that the middleware captured.
    assert_eq!(Arc::strong_count(&held), 2);
}

#[tokio::test(start_paused = true)]
async fn who_left_can_come_back_as_somebody_else() {
    let io = server();
    let mut client = Client::open(&io).await;
    let first = client.join("/").await;
    client.send("1").await;
    let second = client.join("/").await;
    assert_ne!(first, second);
    assert_eq!(io.of("/").socket_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_joins_nothing_in_time_is_disconnected() {
    let io = socketio::Server::new(Config::default().connect_timeout(Duration::from_secs(1)));
    let mut log = Log::new();
    let pen = log.pen();
    io.on_open(move |connection| pen.send(connection.clone()).unwrap());
    io.of("/").middleware(async |_, ()| Err("no"));
    let mut refused = Client::open(&io).await;
    let mut silent = Client::open(&io).await;
    refused.send("0").await;
    refused.rest().await;
    silent.rest().await;
    assert_eq!(io.engine().session_count(), 0);
    for _ in 0..2 {
        let connection = log.next().await;
        assert_eq!(connection.close_reason(), Some(CloseReason::ForcedClose));
    }
}

#[tokio::test(start_paused = true)]
async fn the_handshake_is_told() {
    let io = server();
    io.of("/").on("who", async |socket, ()| {
        let handshake = socket.handshake();
        Ack(json!({
            "auth": handshake.auth.get::<Value>(0).unwrap(),
            "header": handshake.headers()["x-one"].to_str().unwrap(),
            "room": handshake.query("room"),
            "secure": handshake.secure(),
            "target": handshake.uri().path(),
            "user": handshake.extensions().get::<&str>(),
            "xdomain": handshake.xdomain(),
        }))
    });
    let head = Request::builder()
        .header("x-one", "1")
        .header("origin", "http://a.example")
        .extension("a user")
        .extension(Secure);
    let mut client = Client::open_with(&io, head, "&room=a&room=b%20c").await;
    client
        .send_all(&[r#"0{"token":"t"}"#, r#"20["who"]"#])
        .await;
    client.recv().await;
    let expected = json!({
        "auth": { "token": "t" },
        "header": "1",
        "room": "b c",
        "secure": true,
        "user": "a user",
        "target": "/socket.io/",
        "xdomain": true,
    });
    assert_eq!(client.recv().await, format!("30[{expected}]"));
}

#[tokio::test(start_paused = true)]
async fn auth_and_time_are_of_the_namespace_and_the_request_is_of_the_connection() {
    let io = server();
    io.of("/late");
    let head = Request::builder().header("x-one", "1");
    let mut client = Client::open_with(&io, head, "&room=a").await;
    client.send(r#"0{"token":"first"}"#).await;
    client.recv().await;
    client.send(r#"0/late,{"token":"second"}"#).await;
    client.recv().await;
    let [first, second] = ["/", "/late"].map(|name| io.of(name).sockets().remove(0));
    for (socket, token) in [(&first, "first"), (&second, "second")] {
        let handshake = socket.handshake();
        assert_eq!(
            handshake.auth.get::<Value>(0).unwrap(),
            json!({ "token": token })
        );
        assert_eq!(handshake.query("room").as_deref(), Some("a"));
        assert_eq!(handshake.query("token"), None);
        assert_eq!(handshake.headers()["x-one"], "1");
        assert!(!handshake.xdomain());
        assert_eq!(socket.engine().transport(), Transport::Polling);
        assert_eq!(socket.engine().revision(), Revision::V4);
    }
    assert!(first.handshake().issued < second.handshake().issued);
}

#[derive(Deserialize)]
struct Named {
    name: String,
}
