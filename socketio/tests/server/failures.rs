//! What goes wrong in hooks: who hears of it, and what goes on.

use std::sync::Arc;

use serde::Deserialize;
use socketio::{Ack, Cause, Namespace, Server};
use tokio::time::timeout;

use crate::support::{Client, Log, fail, server};

#[tokio::test(start_paused = true)]
async fn what_on_event_refuses_is_told_and_passes_no_later_hook() {
    let io = server();
    let mut log = told(&io);
    io.of("/").on_event(async |_, event| match event.name() {
        "no" => Err("not today"),
        "panic" => panic!("of a test"),
        _ => Ok(event),
    });
    io.of("/").on_event(async |_, event| {
        assert_eq!(event.name(), "yes");
        Ok::<_, &str>(event)
    });
    io.of("/").on("yes", async |_, ()| Ack("handled"));
    io.of("/").on("no", async |_, ()| fail("it is refused"));
    let mut client = Client::connect(&io).await;
    client
        .send_all(&[r#"20["no"]"#, r#"21["panic"]"#, r#"22["yes"]"#])
        .await;
    assert_eq!(log.next().await, "no: refused: not today");
    assert_eq!(log.next().await, "panic: panic: of a test");
    assert_eq!(client.recv().await, r#"32["handled"]"#);
    client.silence().await;
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_socket_stays_connected_whatever_its_connect_handlers_do() {
    let io = server();
    let mut log = told(&io);
    io.on_connect(async |_| fail("of a test"));
    io.on_connect(async |_| Err::<(), _>("no luck"));
    io.on_connect(async |socket| socket.emit("third", ()));
    io.of("/").on("ping", async |_, ()| Ack("pong"));
    let mut client = Client::connect(&io).await;
    assert_eq!(log.next().await, "connect: panic: of a test");
    assert_eq!(log.next().await, "connect: handler: no luck");
    assert_eq!(client.recv().await, r#"2["third"]"#);
    client.send(r#"20["ping"]"#).await;
    assert_eq!(client.recv().await, r#"30["pong"]"#);
    assert_eq!(io.of("/").socket_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn disconnect_handlers_that_fail_or_hang_keep_no_place_and_hold_up_nobody() {
    let io = server();
    let mut log = told(&io);
    io.on_connect(async |socket| socket.join("room"));
    io.of("/").on_disconnect(async |_, _| fail("of a test"));
    io.of("/")
        .on_disconnect(async |_, _| Err::<(), _>("no luck"));
    io.of("/")
        .on_disconnect(async |_, _| std::future::pending::<()>().await);
    let mut client = Client::connect(&io).await;
    for leave in ["41", "1"] {
        client.post(leave).await;
        assert_eq!(log.next().await, "disconnect: panic: of a test");
        assert_eq!(log.next().await, "disconnect: handler: no luck");
        let namespace = io.of("/");
        assert_eq!((namespace.socket_count(), namespace.room_count()), (0, 0));
        if leave == "41" {
            // It hangs beside whatever its client does next.
            client.join("/").await;
            assert_eq!((namespace.socket_count(), namespace.room_count()), (1, 1));
        }
    }
    assert_eq!(io.engine().session_count(), 0);
    let closed = timeout(2 * io.config().shutdown_timeout, io.close()).await;
    closed.expect("the server does not wait for ever");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_of_a_pattern_goes_with_a_refusal_unless_somebody_is_in_it() {
    let io = server();
    let made = io.of_matching(async |_, _| true);
    let mut log = Log::new();
    let pen = log.pen();
    made.middleware(async move |socket, auth: Auth| {
        pen.send(socket.namespace().clone()).unwrap();
        auth.is_good.then_some(()).ok_or("no")
    });
    let held = Arc::new(());
    let hold = |namespace: Namespace| {
        let captured = held.clone();
        namespace.on("held", async move |_, ()| {
            let _captured = &captured;
            Ack("is held")
        });
    };
    let (mut refused, mut other) = (Client::open(&io).await, Client::open(&io).await);
    refused.send(r#"0/x,{"is_good":false}"#).await;
    assert_eq!(refused.recv().await, r#"4/x,{"message":"no"}"#);
    hold(log.next().await);
    assert_eq!(Arc::strong_count(&held), 1);

    other.send(r#"0/x,{"is_good":true}"#).await;
    assert!(other.recv().await.starts_with("0/x,"));
    hold(log.next().await);
    refused.send(r#"0/x,{"is_good":false}"#).await;
    assert_eq!(refused.recv().await, r#"4/x,{"message":"no"}"#);
    drop(log.next().await);
    other.send(r#"2/x,0["held"]"#).await;
    assert_eq!(other.recv().await, r#"3/x,0["is held"]"#);
}

#[derive(Deserialize)]
struct Auth {
    is_good: bool,
}

/// What `on_error` is told: of which event, what kind of cause, and its text.
fn told(io: &Server) -> Log<String> {
    let log = Log::new();
    let pen = log.pen();
    io.of("/").on_error(async move |_, failure| {
        let text = match failure.cause() {
            Cause::Refused(error) => format!("refused: {error}"),
            Cause::Handler(error) => format!("handler: {error}"),
            cause => cause.to_string(),
        };
        let told = format!("{}: {text}", failure.event());
        pen.send(told).expect("the log is read");
    });
    log
}
