//! The end of a socket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, StatusCode};
use http_body_util::Full;
use socketio::engineio::{self, SendError};
use socketio::{Config, EmitError, Incoming, Server, Socket};
use tokio::time::{Instant, sleep};

use crate::support::{Client, Log, fail, handshake, post, reasons, server, uri};

#[tokio::test(start_paused = true)]
async fn each_end_has_its_reason_and_comes_once() {
    let io = server();
    let mut log = reasons(&io, "/");
    for (end, reason) in [
        ("41", "client namespace disconnect"),
        ("1", "transport close"),
        ("x", "parse error"),
        ("4abc", "forced close"),
        ("42{}", "forced close"),
        ("44{}", "forced close"),
        ("42/other,[\"x\"]", "forced close"),
        ("451-[\"x\"]\x1e42[\"x\"]", "forced close"),
        ("bAQID", "forced close"),
    ] {
        let client = Client::connect(&io).await;
        client.post(end).await;
        assert_eq!(log.next().await, reason, "{end}");
        log.silence().await;
        assert_eq!(io.of("/").socket_count(), 0);
        client.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_transport_is_told_as_such() {
    let io = server();
    let mut log = reasons(&io, "/");
    let mut client = Client::connect(&io).await;
    client.silence().await;
    // A second poll beside the one that waits.
    let poll = Request::get(uri(&client.sid)).body(Full::<Bytes>::default());
    let response = io.handle(poll.unwrap()).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(log.next().await, "transport error");
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn who_reads_too_slowly_is_told_as_such() {
    let config = Config::default().engine(|engine| {
        let limits = engineio::Limits::default().high_water(1000).budget(10_000);
        engine.limits(limits)
    });
    let io = Server::new(config);
    let mut log = reasons(&io, "/");
    let sid = handshake(&io, Request::builder(), "").await;
    post(&io, &sid, "40").await;
    let socket = loop {
        match io.of("/").sockets().pop() {
            Some(socket) => break socket,
            None => tokio::task::yield_now().await,
        }
    };
    let idle = socket.buffered();
    socket.emit("x", "x".repeat(2000)).unwrap();
    assert!((2064..2100).contains(&(socket.buffered() - idle)));
    assert!(socket.ready().now_or_never().is_none());
    let error = socket.emit("x", "x".repeat(9000)).unwrap_err();
    assert!(matches!(error, EmitError::Send(SendError::SlowConsumer)));
    assert_eq!(log.next().await, "slow consumer");
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn the_server_disconnects_one_namespace_or_all() {
    let io = server();
    let mut main = reasons(&io, "/");
    let mut other = reasons(&io, "/other");
    let mut client = Client::connect(&io).await;
    client.join("/other").await;
    let socket = io.of("/").sockets().remove(0);
    socket.disconnect();
    socket.disconnect();
    assert!(!socket.is_connected());
    assert_eq!(client.recv().await, "1");
    assert_eq!(main.next().await, "server namespace disconnect");
    // What the client sent before it heard of it is no violation.
    client.send(r#"2["x"]"#).await;
    other.silence().await;

    client.join("/").await;
    io.of("/other").sockets().remove(0).close();
    let mut packets = client.rest().await;
    packets.sort();
    assert_eq!(packets, ["1", "1/other,"]);
    assert_eq!(main.next().await, "server namespace disconnect");
    assert_eq!(other.next().await, "server namespace disconnect");
    main.silence().await;
    other.silence().await;
    assert_eq!(io.engine().session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_server_closes_the_connections_of_a_room() {
    let io = server();
    io.of("/two");
    let (mut first, mut second) = (Client::open(&io).await, Client::open(&io).await);
    let id = first.join("/").await;
    first.join("/two").await;
    second.join("/").await;
    let socket = io.of("/").socket(&id).expect("it is connected");
    socket.join("room").unwrap();
    io.of("/").to("room").close();
    let mut packets = first.rest().await;
    packets.sort();
    assert_eq!(packets, ["1", "1/two,"]);
    // It has left, and can be closed again as often as one likes.
    socket.close();
    assert_eq!(io.engine().session_count(), 1);
    second.silence().await;
}

#[tokio::test(start_paused = true)]
async fn closing_a_socket_that_has_left_or_is_not_in_yet_leaves_its_connection_alone() {
    let io = server();
    io.of("/two");
    io.of("/three").middleware(async |socket, ()| {
        socket.close();
        Ok::<_, &str>(())
    });
    let mut client = Client::open(&io).await;
    let id = client.join("/").await;
    client.join("/two").await;
    let socket = io.of("/").socket(&id).expect("it is connected");
    client.send("1").await;
    assert_eq!(
        socket.closed().await.to_string(),
        "client namespace disconnect"
    );
    socket.close();
    client.join("/three").await;
    client.silence().await;
    assert_eq!(io.of("/two").socket_count(), 1);
    assert_eq!(io.of("/three").socket_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_socket_can_be_disconnected_by_any_handler() {
    let io = server();
    let mut log = reasons(&io, "/");
    io.of("/").on_connect(async |socket| {
        if socket.handshake().auth.len() == 1 {
            socket.disconnect();
        }
    });
    io.of("/").on("bye", async |socket, ()| socket.disconnect());
    io.of("/")
        .on("after", async |_, ()| fail("its socket has left"));
    io.of("/").on_disconnect(async |socket, _| {
        socket.disconnect();
        socket.close();
    });
    let client = Client::connect(&io).await;
    client.send_all(&[r#"20["bye"]"#, r#"2["after"]"#]).await;
    assert_eq!(log.next().await, "server namespace disconnect");
    let client = Client::open(&io).await;
    client.send_all(&[r#"0{"a":1}"#, r#"2["after"]"#]).await;
    assert_eq!(log.next().await, "server namespace disconnect");
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn after_its_end_a_socket_tells_where_it_was_and_emits_nothing() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").on_disconnect(async move |socket, _| {
        assert_eq!(socket.namespace().room_count(), 0);
        assert_eq!(socket.namespace().socket_count(), 0);
        sleep(Duration::from_secs(1)).await;
        let rooms: Vec<_> = socket.rooms().iter().map(ToString::to_string).collect();
        pen.send(rooms).unwrap();
    });
    let mut client = Client::connect(&io).await;
    let socket = io.of("/").sockets().remove(0);
    let closed = tokio::spawn({
        let socket = socket.clone();
        async move { socket.closed().await }
    });
    socket.join("a").unwrap();
    socket.join("b").unwrap();
    client.send("1").await;
    assert_eq!(log.next().await, ["a", "b"]);
    assert_eq!(
        closed.await.unwrap().to_string(),
        "client namespace disconnect"
    );
    assert!(socket.emit("x", ()).is_err());
    assert!(socket.volatile().emit("x", ()).is_err());
    io.of("/").emit("x", ()).unwrap();
    client.silence().await;
    assert!(socket.rooms().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_panic_at_the_end_leaves_nothing_behind() {
    let io = server();
    io.of("/").on_disconnect(async |_, _| fail("of a test"));
    let mut log = reasons(&io, "/");
    let client = Client::connect(&io).await;
    io.of("/").sockets()[0].join("room").unwrap();
    client.close().await;
    assert_eq!(log.next().await, "transport close");
    assert_eq!((io.of("/").socket_count(), io.of("/").room_count()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_after_the_beginning_is_done() {
    let io = server();
    let mut log = Log::new();
    let (begin, end) = (log.pen(), log.pen());
    io.of("/").on_connect(async move |_| {
        sleep(Duration::from_secs(1)).await;
        begin.send("connected").unwrap();
    });
    io.of("/")
        .on("x", async |_, ()| fail("its socket has left"));
    io.of("/")
        .on_disconnect(async move |_, _| end.send("disconnected").unwrap());
    let client = Client::connect(&io).await;
    client.send_all(&[r#"2["x"]"#, "1"]).await;
    assert_eq!(
        (log.next().await, log.next().await),
        ("connected", "disconnected")
    );
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_although_the_beginning_is_never_done() {
    let io = Server::new(Config::default().leave_timeout(Duration::from_secs(3)));
    io.of("/")
        .on_connect(async |_| std::future::pending::<()>().await);
    io.of("/event").on_event(async |_, _| {
        std::future::pending::<()>().await;
        Err("never")
    });
    for nsp in ["/", "/event"] {
        let mut log = reasons(&io, nsp);
        let mut client = Client::open(&io).await;
        client.join(nsp).await;
        client.send(&format!(r#"2{nsp},["x"]"#)).await;
        let start = Instant::now();
        client.close().await;
        assert_eq!(log.next().await, "transport close");
        assert_eq!(start.elapsed().as_secs(), 3);
        assert_eq!(io.engine().session_count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_sees_an_event_sees_it_to_the_end_when_its_socket_leaves() {
    let io = server();
    let mut log = Log::new();
    let (seen, left) = (log.pen(), log.pen());
    io.of("/").on_event(async move |_, event| {
        sleep(Duration::from_secs(1)).await;
        seen.send("seen").unwrap();
        Ok::<_, &str>(event)
    });
    io.of("/")
        .on("x", async |_, ()| fail("its socket has left"));
    io.of("/")
        .on_disconnect(async move |_, _| left.send("left").unwrap());
    let client = Client::connect(&io).await;
    client.send_all(&[r#"2["x"]"#, "1"]).await;
    assert_eq!((log.next().await, log.next().await), ("seen", "left"));
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_socket_was_disconnected_on_its_way_is_not_handled() {
    let io = server();
    let mut log = Log::new();
    let (handled, left) = (log.pen(), log.pen());
    io.of("/").on_event(async |socket, event| {
        socket.disconnect();
        Ok::<_, &str>(event)
    });
    io.of("/")
        .on("x", async move |_, ()| handled.send("handled").unwrap());
    io.of("/")
        .on_disconnect(async move |_, _| left.send("left").unwrap());
    let mut client = Client::connect(&io).await;
    client.send(r#"2["x"]"#).await;
    assert_eq!(client.recv().await, "1");
    assert_eq!(log.next().await, "left");
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn who_left_is_answered_nothing_and_given_no_handlers() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/")
        .on("ask", async move |socket, mut event: Incoming| {
            pen.send((socket, event.acker())).unwrap();
        });
    let mut client = Client::connect(&io).await;
    client.send_all(&[r#"20["ask"]"#, "1"]).await;
    let (socket, acker) = log.next().await;
    assert_eq!(
        socket.closed().await.to_string(),
        "client namespace disconnect"
    );
    let acker = acker.expect("an answer is asked for");
    assert!(matches!(acker.send(1), Err(EmitError::NotConnected)));
    client.silence().await;
    let held = Arc::new(());
    let (captured, itself) = (held.clone(), socket.clone());
    socket.on("x", async move |_, ()| drop((captured, itself)));
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn sockets_do_not_outlive_the_runtime_of_their_connection() {
    let io = server();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let socket = runtime.block_on(async {
        let _client = Client::connect(&io).await;
        let socket = io.of("/").sockets().remove(0);
        socket.join("room").unwrap();
        socket
    });
    drop(runtime);
    assert!(!socket.is_connected());
    assert_eq!((io.of("/").socket_count(), io.of("/").room_count()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_destructor_that_panics_touches_nothing_else() {
    let io = server();
    let mut log = reasons(&io, "/");
    io.of("/dropped").middleware(async |_, ()| {
        let _bomb = Bomb;
        std::future::pending::<()>().await;
        Ok::<_, &str>(())
    });
    io.of("/own").on_connect(async |socket| {
        let bomb = Bomb;
        socket.on("x", async move |_, ()| drop(bomb));
    });
    let mut client = Client::connect(&io).await;
    client.send_all(&["0/dropped,", "1/dropped,"]).await;
    client.join("/own").await;
    client.send("1/own,").await;
    log.silence().await;
    client.close().await;
    assert_eq!(log.next().await, "transport close");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_let_in_on_a_connection_that_is_closed() {
    let io = server();
    let mut log = reasons(&io, "/");
    io.of("/").middleware(async |socket, ()| {
        socket.engine().close(engineio::Close::Discard);
        Ok::<_, &str>(())
    });
    io.of("/").on_connect(async |_| fail("it is too late"));
    let client = Client::open(&io).await;
    client.send("0").await;
    log.silence().await;
    assert_eq!(io.engine().session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn handlers_that_run_are_not_cut_off_by_the_end() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").on("save", async move |_, ()| {
        sleep(Duration::from_secs(1)).await;
        pen.send("saved").unwrap();
    });
    let client = Client::connect(&io).await;
    client.send(r#"20["save"]"#).await;
    client.close().await;
    assert_eq!(log.next().await, "saved");
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_connecting_and_leaving_leaves_nothing_behind() {
    let io = server();
    let mut log = reasons(&io, "/");
    io.of("/").on_connect(async |socket: Socket| {
        socket.join("room").unwrap();
        sleep(Duration::from_millis(1)).await;
    });
    let client = Client::open(&io).await;
    for _ in 0..50 {
        client.send_all(&["0", "1", "0", "1"]).await;
    }
    for _ in 0..100 {
        log.next().await;
    }
    log.silence().await;
    assert_eq!((io.of("/").socket_count(), io.of("/").room_count()), (0, 0));
    assert_eq!(io.engine().session_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_beside_the_handlers_ends_the_connection_like_any_other() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/")
        .on_disconnect(async move |_, reason| pen.send(reason.to_string()).unwrap());
    io.of("/bad")
        .middleware(async |socket, ()| -> Result<(), &str> {
            socket.extensions().insert(Bomb);
            Err("no")
        });
    let client = Client::connect(&io).await;
    client.send("0/bad,").await;
    assert_eq!(log.next().await, "forced close");
    assert_eq!(io.of("/").socket_count(), 0);
}

/// Panics when it is dropped.
#[derive(Clone)]
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "of a test");
    }
}
