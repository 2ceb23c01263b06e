//! More than a connection may have to do, or hold.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::Request;
use http_body_util::{BodyExt, Full};
use socketio::{Args, Config, Limits, Server, engineio};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Client, Log, handshake, post, server, uri};

#[tokio::test(start_paused = true)]
async fn what_running_handlers_hold_is_read_no_further_than_the_limit() {
    let io = narrow(Limits::default().running_bytes(1000));
    let mut log = Log::new();
    let (pen, gate) = (log.pen(), Arc::new(Notify::new()));
    let opened = gate.clone();
    io.of("/").on("e", async move |_, args: Args| {
        pen.send(args.len()).unwrap();
        gate.notified().await;
    });
    let client = Client::connect(&io).await;
    // One of any size is taken.
    client.send(&event("e", 2000)).await;
    assert_eq!(log.next().await, 1);
    let second = withheld(&io, &client, &event("e", 10)).await;
    log.silence().await;
    opened.notify_one();
    assert_eq!(log.next().await, 1);
    assert!(second.await.expect("it is answered"));
}

#[tokio::test(start_paused = true)]
async fn waiting_events_are_read_no_further_than_the_limit() {
    let limits = Limits::default().max_in_flight(1).pending_bytes(1500);
    let io = narrow(limits);
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    io.of("/")
        .on("e", async move |_, _: Args| gate.notified().await);
    let client = Client::connect(&io).await;
    client.send(&event("e", 10)).await;
    client.send(&event("e", 1500)).await;
    let third = withheld(&io, &client, &event("e", 10)).await;
    opened.notify_one();
    opened.notify_one();
    assert!(third.await.expect("it is answered"));
}

#[tokio::test(start_paused = true)]
async fn events_that_come_before_a_pattern_decides_are_read_no_further_than_the_limit() {
    let io = narrow(Limits::default().pending_bytes(1500));
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    io.of_matching(async move |_, _| {
        gate.notified().await;
        true
    });
    let client = Client::open(&io).await;
    client.send("0/x,").await;
    let early = event("e", 1500).replacen('2', "2/x,", 1);
    client.send(&early).await;
    let second = withheld(&io, &client, &early).await;
    opened.notify_one();
    assert!(second.await.expect("it is answered"));

    // A pattern that never decides does not hold its client for ever.
    client.send("0/y,").await;
    client.send(&early.replacen("/x", "/y", 1)).await;
    withheld(&io, &client, "0/z,").await;
    sleep(Limits::default().max_pause).await;
    assert_eq!(io.engine().session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_socket_held_when_it_left_does_not_count() {
    let io = narrow(Limits::default().pending_bytes(2000));
    io.of("/held")
        .on_connect(async |_| std::future::pending::<()>().await);
    io.of("/").on("ping", async |_, ()| {});
    let mut client = Client::connect(&io).await;
    for _ in 0..3 {
        client.join("/held").await;
        client
            .send(&event("e", 1500).replacen('2', "2/held,", 1))
            .await;
        client.send("1/held,").await;
    }
    client.send(r#"20["ping"]"#).await;
    assert_eq!(client.recv().await, "30[]");
}

#[tokio::test(start_paused = true)]
async fn sockets_that_left_do_not_pile_up_behind_their_last_handlers() {
    let io = narrow(Limits::default());
    let count = Arc::new(AtomicUsize::new(0));
    let ended = count.clone();
    io.of("/").on_disconnect(async move |_, _| {
        ended.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
    });
    let client = Client::open(&io).await;
    let _withheld = withheld(&io, &client, &["0\x1e41"; 200].join("\x1e4")).await;
    assert_eq!(
        count.load(Ordering::SeqCst),
        2 * io.config().limits.max_in_flight
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_read_from_behind_events_that_wait() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").on_connect(async move |socket| {
        let answer = socket.emit_with_ack::<_, u8>("who?", ()).await;
        pen.send(answer.ok()).unwrap();
    });
    let mut client = Client::open(&io).await;
    client.send_all(&["0", &event("up", 600_000)]).await;
    client.send(&event("up", 600_000)).await;
    assert!(client.recv().await.starts_with("0{"));
    assert_eq!(client.recv().await, r#"20["who?"]"#);
    client.send("30[1]").await;
    assert_eq!(log.next().await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_read_is_read_on_for_an_answer() {
    let io = narrow(Limits::default().running_bytes(1000));
    let gate = Arc::new(Notify::new());
    io.of("/")
        .on("e", async move |_, _: Args| gate.notified().await);
    let mut client = Client::connect(&io).await;
    client.send(&event("e", 1000)).await;
    let socket = io.of("/").sockets().remove(0);
    let start = Instant::now();
    let question = tokio::spawn(async move {
        sleep(Duration::from_secs(10)).await;
        socket.emit_with_ack::<_, u8>("?", ()).await
    });
    let answer = withheld(&io, &client, "30[7]").await;
    assert_eq!(client.recv().await, r#"20["?"]"#);
    assert!(answer.await.expect("it is answered"));
    assert_eq!(question.await.unwrap().unwrap(), 7);
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_packet_is_read_to_its_end() {
    let io = narrow(Limits::default().running_bytes(1000));
    io.of("/")
        .on("e", async |_, _: Args| std::future::pending::<()>().await);
    let client = Client::connect(&io).await;
    let socket = io.of("/").sockets().remove(0);
    let question = socket.emit_with_ack::<_, ()>("?", ());
    client.send(&event("e", 1000)).await;
    client
        .send(r#"51-["e",{"_placeholder":true,"num":0}]"#)
        .await;
    // Without the question no more would be read.
    drop(question);
    let posted = timeout(Duration::from_secs(1), client.post("bAQID")).await;
    assert!(posted.is_ok_and(|(status, _)| status.is_success()));
    withheld(&io, &client, &event("e", 1)).await.abort();
}

#[tokio::test(start_paused = true)]
async fn a_question_whose_answer_cannot_be_read_ends_with_its_connection() {
    let limits = Limits::default()
        .pending_bytes(1000)
        .max_pause(Duration::from_secs(20));
    let io = Server::new(Config::default().limits(limits));
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").on_connect(async |socket| {
        let _ = socket.emit_with_ack::<_, ()>("?", ()).await;
    });
    io.of("/")
        .on_disconnect(async move |_, reason| pen.send(reason.to_string()).unwrap());
    let client = Client::connect(&io).await;
    let start = Instant::now();
    client.send_all(&[&event("e", 3000), "30[]"]).await;
    assert_eq!(log.next().await, "stalled");
    assert_eq!(start.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn events_in_the_hands_of_on_event_count_as_running() {
    let io = Server::new(Config::default().limits(Limits::default().max_in_flight(1)));
    let mut log = Log::new();
    let mut client = Client::open(&io).await;
    for nsp in ["/a", "/b", "/c"] {
        let (begin, end) = (log.pen(), log.pen());
        io.of(nsp).on_event(async move |_, event| {
            begin.send("begin").unwrap();
            sleep(Duration::from_millis(10)).await;
            Ok::<_, &str>(event)
        });
        io.of(nsp).on("e", async move |_, ()| {
            sleep(Duration::from_secs(1)).await;
            end.send("end").unwrap();
        });
        client.join(nsp).await;
    }
    client
        .send_all(&[r#"2/a,["e"]"#, r#"2/b,["e"]"#, r#"2/c,["e"]"#])
        .await;
    for _ in 0..3 {
        assert_eq!((log.next().await, log.next().await), ("begin", "end"));
    }
}

#[tokio::test(start_paused = true)]
async fn sockets_take_turns_when_one_event_is_handled_at_a_time() {
    let io = Server::new(Config::default().limits(Limits::default().max_in_flight(1)));
    let mut log = Log::new();
    let mut client = Client::open(&io).await;
    for nsp in ["/a", "/b"] {
        let pen = log.pen();
        io.of(nsp).on("e", async move |_, ()| {
            pen.send(nsp).unwrap();
            sleep(Duration::from_secs(1)).await;
        });
        client.join(nsp).await;
    }
    let (a, b) = (r#"2/a,["e"]"#, r#"2/b,["e"]"#);
    client.send_all(&[a, a, a, a, b, b]).await;
    for expected in ["/a", "/a", "/b", "/a", "/b", "/a"] {
        assert_eq!(log.next().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn hooks_that_wait_are_not_polled_for_what_others_do() {
    let io = server();
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    io.of("/stuck").on_connect(async move |_| {
        poll_fn(|_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Poll::<()>::Pending
        })
        .await;
    });
    io.of("/").on("ping", async |_, ()| {});
    let mut client = Client::connect(&io).await;
    client.join("/stuck").await;
    for _ in 0..50 {
        client.send(r#"20["ping"]"#).await;
        client.recv().await;
    }
    // Where they are made, and where they join the others.
    assert_eq!(polls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn no_amount_of_work_puts_off_the_deadline_for_joining() {
    let limit = Duration::from_secs(5);
    let io = Server::new(Config::default().connect_timeout(limit));
    let mut client = Client::open(&io).await;
    let packets = vec!["0/unknown,"; 20_000];
    client.send_all(&packets).await;
    tokio::time::advance(limit).await;
    assert!(client.rest().await.len() < packets.len());
    assert_eq!(io.engine().session_count(), 0);
}

/// A server whose engine keeps one message at most that is not read.
fn narrow(limits: Limits) -> Server {
    let config = Config::default().limits(limits).engine(|mut engine| {
        engine.limits = engine.limits.inbox(1);
        engine
    });
    Server::new(config)
}

/// An event with a text of so many bytes.
fn event(name: &str, bytes: usize) -> String {
    format!(r#"2["{name}","{}"]"#, "x".repeat(bytes))
}

/// Posts a packet that is not read now. What is returned is ready when it is,
/// and tells whether it was well received.
async fn withheld(io: &Server, client: &Client, packet: &str) -> JoinHandle<bool> {
    let (io, sid, payload) = (io.clone(), client.sid.clone(), format!("4{packet}"));
    let posted = tokio::spawn(async move { post(&io, &sid, &payload).await.0.is_success() });
    sleep(Duration::from_secs(5)).await;
    assert!(!posted.is_finished(), "the connection is read on");
    posted
}

#[tokio::test(start_paused = true)]
async fn handlers_may_wait_for_what_comes_behind_large_events() {
    let io = server();
    let last = Arc::new(Notify::new());
    let (first, told) = (last.clone(), last);
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").on("chunk", async move |_, _: Args| {
        first.notified().await;
        pen.send("done").unwrap();
    });
    io.of("/")
        .on("last", async move |_, ()| told.notify_waiters());
    let client = Client::connect(&io).await;
    for _ in 0..2 {
        client.send(&event("chunk", 600_000)).await;
    }
    client.send(r#"2["last"]"#).await;
    assert_eq!((log.next().await, log.next().await), ("done", "done"));
}

#[tokio::test(start_paused = true)]
async fn a_socket_is_ready_when_its_client_has_read_and_never_again_at_the_end() {
    let config = Config::default()
        .engine(|engine| engine.limits(engineio::Limits::default().high_water(1000)));
    let io = Server::new(config);
    io.of("/other");
    let sid = handshake(&io, Request::builder(), "").await;
    post(&io, &sid, "40\x1e40/other,").await;
    get(&io, &sid).await;
    let [main, other] = ["/", "/other"].map(|name| io.of(name).sockets().remove(0));
    assert!(main.ready().await);
    // What is sent in another namespace counts as well: the client is one.
    other.emit("x", "x".repeat(2000)).unwrap();
    let mut ready = pin!(main.ready());
    assert!(ready.as_mut().now_or_never().is_none());
    get(&io, &sid).await;
    assert!(ready.await);

    other.emit("x", "x".repeat(2000)).unwrap();
    let mut ready = pin!(main.ready());
    assert!(ready.as_mut().now_or_never().is_none());
    post(&io, &sid, "1").await;
    assert!(!ready.await);
    assert!(!other.ready().await);
}

#[tokio::test(start_paused = true)]
async fn a_pause_in_which_nothing_gets_done_has_an_end() {
    let limits = Limits::default().running_bytes(1000);
    let io = Server::new(Config::default().limits(limits));
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").on("watch", async |socket, _: Args| {
        socket.closed().await;
    });
    io.of("/")
        .on_disconnect(async move |_, reason| pen.send(reason.to_string()).unwrap());
    let client = Client::connect(&io).await;
    let start = Instant::now();
    client.send_all(&[&event("watch", 2000), "1"]).await;
    assert_eq!(log.next().await, "stalled");
    assert_eq!(start.elapsed().as_secs(), 30);
}

/// Polls once, and reads what comes.
async fn get(io: &Server, sid: &str) {
    let request = Request::get(uri(sid)).body(Full::<Bytes>::default());
    let response = io.handle(request.expect("a request")).await;
    response.into_body().collect().await.expect("a body");
}
