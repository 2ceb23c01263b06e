//! Everybody is woken who has something to do, and may do it at once: no lock
//! is held meanwhile.

use std::pin::pin;
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use socketio::Socket;
use tokio::time::{Instant, sleep};

use crate::support::{Client, Log, handshake, post, server, uri};
use crate::websocket::WebSocket;

#[test]
fn who_is_woken_by_the_connect_finds_the_socket_connected() {
    let (seen, outcome) = mpsc::channel();
    on_a_runtime(connect_while_a_waker_looks(seen));
    let is_connected = outcome.recv_timeout(Duration::from_secs(20));
    assert_eq!(is_connected, Ok(true));
}

#[test]
fn a_broadcast_in_its_loop_holds_up_nobody_who_joins_leaves_or_connects() {
    let (done, outcome) = mpsc::channel();
    on_a_runtime(change_rooms_during_a_broadcast(done));
    assert_eq!(outcome.recv_timeout(Duration::from_secs(20)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_from_outside_is_done_at_once() {
    for end in [Socket::disconnect, Socket::close] {
        let io = server();
        let mut log = Log::new();
        let pen = log.pen();
        io.of("/")
            .on_disconnect(async move |_, reason| pen.send(reason.to_string()).unwrap());
        let mut polling = Client::connect(&io).await;
        let mut websocket = WebSocket::connect(&io).await;
        // All is done but what waits for its time.
        sleep(Duration::from_secs(1)).await;
        let start = Instant::now();
        for socket in io.of("/").sockets() {
            end(&socket);
        }
        assert_eq!(polling.recv().await, "1");
        assert_eq!(websocket.recv().await, "1");
        for _ in 0..2 {
            assert_eq!(log.next().await, "server namespace disconnect");
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn much_at_once_is_handled_without_waiting() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/")
        .on("e", async move |_, n: usize| pen.send(n).unwrap());
    let polling = Client::connect(&io).await;
    let mut websocket = WebSocket::connect(&io).await;
    sleep(Duration::from_secs(1)).await;
    let events: Vec<_> = (0..1000).map(|n| format!(r#"2["e",{n}]"#)).collect();
    let events: Vec<_> = events.iter().map(String::as_str).collect();
    let start = Instant::now();
    polling.send_all(&events).await;
    for n in 0..1000 {
        assert_eq!(log.next().await, n);
    }
    websocket.send_all(&events).await;
    for n in 0..1000 {
        assert_eq!(log.next().await, n);
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

async fn connect_while_a_waker_looks(seen: mpsc::Sender<bool>) {
    let io = server();
    let sid = handshake(&io, Request::builder(), "").await;
    let mut get = pin!(io.handle(get_of(&sid)));
    let waker = on_wake({
        let io = io.clone();
        move || {
            let sockets = io.of("/").sockets();
            seen.send(sockets.iter().all(|socket| socket.is_connected()))
                .ok();
        }
    });
    assert!(
        get.as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    post(&io, &sid, "40").await;
    // The session's task has run when nothing is left to do but to wait.
    tokio::time::sleep(Duration::from_secs(1)).await;
}

async fn change_rooms_during_a_broadcast(done: mpsc::Sender<()>) {
    let io = server();
    io.on_connect(async |socket| socket.join("room"));
    let mut first = Client::connect(&io).await;
    let sid = handshake(&io, Request::builder(), "").await;
    post(&io, &sid, "40").await;
    let connected = io.handle(get_of(&sid)).await;
    connected.into_body().collect().await.expect("a body");
    let mut last = Client::connect(&io).await;
    // In the middle of the broadcast the one who is second is woken.
    let middle = Arc::new(Barrier::new(2));
    let waker = on_wake({
        let middle = middle.clone();
        move || {
            middle.wait();
            middle.wait();
        }
    });
    let mut get = pin!(io.handle(get_of(&sid)));
    let polled = get.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());

    let broadcast = {
        let io = io.clone();
        on_a_thread(move || io.to("room").emit("n", ()).expect("it can be written"))
    };
    middle.wait();
    for socket in io.sockets() {
        socket.join("another").expect("it may");
        socket.leave("room");
    }
    let mut late = Client::connect(&io).await;
    assert_eq!(io.to("room").sockets().len(), 1);
    middle.wait();
    broadcast.join().expect("it ends");
    assert_eq!(first.recv().await, r#"2["n"]"#);
    assert_eq!(last.recv().await, r#"2["n"]"#);
    late.silence().await;
    done.send(()).expect("the test waits");
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_that_is_late_does_not_hit_the_next_socket() {
    let io = server();
    let mut client = Client::connect(&io).await;
    let socket = io.of("/").sockets().remove(0);
    // In the middle of the disconnect whoever waits for an answer is woken.
    let middle = Arc::new(Barrier::new(2));
    let waker = on_wake({
        let middle = middle.clone();
        move || {
            middle.wait();
            middle.wait();
        }
    });
    let mut question = pin!(socket.emit_with_ack::<_, ()>("?", ()));
    let asked = question.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(asked.is_pending());
    assert_eq!(client.recv().await, r#"20["?"]"#);

    let disconnect = {
        let socket = socket.clone();
        on_a_thread(move || socket.disconnect())
    };
    middle.wait();
    client.send("1").await;
    client.join("/").await;
    middle.wait();
    disconnect.join().expect("it ends");
    client.silence().await;
    assert_eq!(io.of("/").socket_count(), 1);
}

fn get_of(sid: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().uri(uri(sid));
    request.body(Full::new(Bytes::new())).expect("a request")
}

/// On a thread of its own, as a deadlock would end in no other way.
fn on_a_runtime(test: impl Future<Output = ()> + Send + 'static) {
    on_a_thread(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(test);
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "it blocks, and tokio's paused clock would wait for it"
)]
fn on_a_thread(action: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    thread::spawn(action)
}

fn on_wake(action: impl Fn() + Send + Sync + 'static) -> Waker {
    struct OnWake<F>(F);

    impl<F: Fn() + Send + Sync> Wake for OnWake<F> {
        fn wake(self: Arc<Self>) {
            (self.0)();
        }
    }

    Arc::new(OnWake(action)).into()
}
