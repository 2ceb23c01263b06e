//! How a session ends, as its handler and its client see it.

use std::sync::Arc;

use engineio::{Close, CloseReason, Config, Engine, Limits, SendError, Socket};
use tokio::sync::{Notify, mpsc};

use crate::support::websocket::End;
use crate::support::{Server, settle};

/// An engine whose sessions report their end, and whether they could send then.
fn observed(config: Config) -> (Engine, mpsc::UnboundedReceiver<CloseReason>) {
    let (reasons, receiver) = mpsc::unbounded_channel();
    let engine = Engine::new(config, move |socket: Socket| {
        let reasons = reasons.clone();
        async move {
            while socket.recv().await.is_some() {}
            assert_eq!(socket.send("late"), Err(SendError::Closed));
            let reason = socket.close_reason().expect("the session is closed");
            reasons.send(reason).expect("the test waits for it");
        }
    });
    (engine, receiver)
}

/// An engine with a small inbox whose handlers receive nothing until they are
/// told to, then echo.
fn sleeping() -> (Engine, Arc<Notify>) {
    let go = Arc::new(Notify::new());
    let limits = Limits::default().inbox(1000);
    let engine = Engine::new(Config::default().limits(limits), {
        let go = go.clone();
        move |socket: Socket| {
            let go = go.clone();
            async move {
                go.notified().await;
                while let Some(message) = socket.recv().await {
                    if socket.send(message).is_err() {
                        break;
                    }
                }
            }
        }
    });
    (engine, go)
}

#[tokio::test(start_paused = true)]
async fn every_end_has_its_reason_and_leaves_nothing_behind() {
    let (engine, mut reasons) = observed(Config::default());
    let server = Server::engine(&engine);

    server.websocket().await.send("1").await;
    assert_eq!(reasons.recv().await, Some(CloseReason::TransportClose));
    drop(server.websocket().await);
    assert_eq!(reasons.recv().await, Some(CloseReason::TransportClose));
    server.websocket().await.send("garbage").await;
    assert_eq!(reasons.recv().await, Some(CloseReason::ParseError));
    let mut silent = server.websocket().await;
    assert_eq!(silent.text().await, "2");
    assert_eq!(reasons.recv().await, Some(CloseReason::PingTimeout));

    server.polling().await.post("1").await;
    assert_eq!(reasons.recv().await, Some(CloseReason::TransportClose));
    server.polling().await.post("garbage").await.assert(400, "");
    assert_eq!(reasons.recv().await, Some(CloseReason::ParseError));
    drop(server.polling().await.start_get().await);
    assert_eq!(reasons.recv().await, Some(CloseReason::TransportError));
    let abandoned = server.polling().await;
    assert_eq!(reasons.recv().await, Some(CloseReason::PingTimeout));
    assert_eq!(abandoned.get().await.status, 400);

    assert_eq!(engine.session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_returns_closes_its_session_after_its_last_message() {
    let engine = Engine::new(Config::default(), async |socket| {
        socket.send("bye").expect("the session is open");
    });
    let server = Server::engine(&engine);
    let mut socket = server.websocket().await;
    assert_eq!(socket.text().await, "4bye");
    assert_eq!(socket.end().await, End::Close(None));

    let session = server.polling().await;
    session.get().await.assert(200, "4bye");
    session.get().await.assert(200, "6\u{1e}1");
    assert_eq!(session.get().await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_closes_its_session_and_no_other() {
    let engine = Engine::new(Config::default(), async |socket| {
        while let Some(message) = socket.recv().await {
            assert_eq!(message.len(), 4, "this handler panics on purpose");
            let _ = socket.send(message);
        }
    });
    let server = Server::engine(&engine);
    let mut other = server.websocket().await;
    let mut socket = server.websocket().await;
    socket.send("4too long").await;
    assert_eq!(socket.end().await, End::Close(None));
    other.send("4good").await;
    assert_eq!(other.text().await, "4good");
    assert_eq!(engine.session_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn closing_the_engine_ends_every_session_and_refuses_new_ones() {
    let (engine, mut reasons) = observed(Config::default());
    let server = Server::engine(&engine);
    let mut socket = server.websocket().await;
    let session = server.polling().await;
    let mut get = session.start_get().await;
    engine.close(Close::Discard).await;
    for _ in 0..2 {
        assert_eq!(reasons.try_recv(), Ok(CloseReason::ForcedClose));
    }
    assert_eq!(socket.end().await, End::Close(None));
    get.response().await.assert(200, "1");
    let refused = server.client().get("?EIO=4&transport=polling").await;
    assert_eq!(refused.status, 503);
}

#[tokio::test(start_paused = true)]
async fn closing_the_engine_at_once_waits_for_no_last_message() {
    let engine = Engine::new(Config::default(), async |socket| {
        socket.send("never fetched").expect("it is open");
        socket.close(Close::Flush);
        while socket.recv().await.is_some() {}
    });
    let session = Server::engine(&engine).polling().await;
    settle().await;
    assert_eq!(engine.session_count(), 1);
    let start = tokio::time::Instant::now();
    engine.close(Close::Discard).await;
    assert_eq!(start.elapsed().as_millis(), 0);
    session
        .get()
        .await
        .assert_refused(400, 1, "Session ID unknown");
}

#[tokio::test(start_paused = true)]
async fn closing_the_engine_ends_upgrades_that_are_under_way_or_done() {
    let engine = crate::support::echo(Config::default());
    let server = Server::engine(&engine);
    let mut sockets = Vec::new();
    for upgrade in [&["2probe"][..], &["2probe", "5"]] {
        let mut socket = server.polling().await.upgrade().await;
        for packet in upgrade {
            socket.send(*packet).await;
        }
        assert_eq!(socket.text().await, "3probe");
        sockets.push(socket);
    }
    settle().await;
    let closing = tokio::spawn(async move { engine.close(Close::Discard).await });
    for mut socket in sockets {
        assert_eq!(socket.end().await, End::Close(None));
    }
    closing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_client_has_not_taken_is_counted_until_it_has() {
    let sent = Arc::new(Notify::new());
    let is_ready = Arc::new(Notify::new());
    let engine = Engine::new(
        Config::default().limits(Limits::default().high_water(100)),
        {
            let (sent, is_ready) = (sent.clone(), is_ready.clone());
            move |socket: Socket| {
                let (sent, is_ready) = (sent.clone(), is_ready.clone());
                async move {
                    socket.send("x".repeat(1000)).expect("it is open");
                    assert_eq!(socket.buffered(), 1064);
                    sent.notify_one();
                    assert!(socket.ready().await);
                    assert_eq!(socket.buffered(), 0);
                    is_ready.notify_one();
                    socket.recv().await;
                }
            }
        },
    );
    let session = Server::engine(&engine).polling().await;
    sent.notified().await;
    let response = session.get().await;
    assert_eq!(response.body.len(), 1001);
    is_ready.notified().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_closed_at_its_budget() {
    let (reasons, mut receiver) = mpsc::unbounded_channel();
    let limits = Limits::default().budget(4 << 20);
    let engine = Engine::new(Config::default().limits(limits), move |socket: Socket| {
        let reasons = reasons.clone();
        async move {
            let large = engineio::Message::from(vec![0; 1 << 20]);
            let error = loop {
                if let Err(error) = socket.send(large.clone()) {
                    break error;
                }
                assert!(socket.buffered() <= 4 << 20);
                settle().await;
            };
            let _ = reasons.send((error, socket.close_reason()));
        }
    });
    let _socket = Server::engine(&engine).websocket().await;
    assert_eq!(
        receiver.recv().await,
        Some((SendError::SlowConsumer, Some(CloseReason::SlowConsumer)))
    );
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_does_not_receive_slows_its_client_down() {
    let (engine, go) = sleeping();
    let session = Server::engine(&engine).polling().await;
    let message = format!("4{}", "x".repeat(1000));
    let mut post = session.server().client();
    let length = message.len().to_string();
    let headers = [("Content-Length", length.as_str())];
    post.send("POST", &session.query(), &headers, b"").await;
    post.write(message.as_bytes()).await;
    tokio::select! {
        biased;
        response = post.response() => panic!("answered before there was room: {response:?}"),
        () = settle() => {}
    }
    go.notify_one();
    post.response().await.assert(200, "ok");
    session.get().await.assert(200, &message);
}

#[tokio::test(start_paused = true)]
async fn closing_from_the_server_has_a_reason_of_its_own() {
    let (reasons, mut receiver) = mpsc::unbounded_channel();
    let engine = Engine::new(Config::default(), move |socket: Socket| {
        let reasons = reasons.clone();
        async move {
            socket.send("last words").expect("it is open");
            socket.close(Close::Flush);
            while socket.recv().await.is_some() {}
            let _ = reasons.send(socket.close_reason());
        }
    });
    let mut socket = Server::engine(&engine).websocket().await;
    assert_eq!(socket.text().await, "4last words");
    assert_eq!(socket.end().await, End::Close(None));
    assert_eq!(receiver.recv().await, Some(Some(CloseReason::ForcedClose)));
}

#[tokio::test(start_paused = true)]
async fn a_websocket_is_not_read_while_its_handler_does_not_receive() {
    let (engine, go) = sleeping();
    let mut socket = Server::engine(&engine).websocket().await;
    // More than the pipe to the server holds.
    let large = format!("4{}", "x".repeat(900_000));
    socket.send(large.as_str()).await;
    tokio::select! {
        biased;
        () = async { for _ in 0..3 { socket.send(large.as_str()).await } } => panic!("all was read"),
        () = settle() => {}
    }
    go.notify_one();
    assert_eq!(socket.text().await.len(), large.len());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_receives_is_given_up() {
    let (reasons, mut receiver) = mpsc::unbounded_channel();
    let limits = Limits::default().inbox(1000);
    let engine = Engine::new(Config::default().limits(limits), move |socket: Socket| {
        let reasons = reasons.clone();
        async move {
            tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
            let _ = reasons.send(socket.close_reason());
        }
    });
    let server = Server::engine(&engine);
    let mut socket = server.websocket().await;
    socket.send(format!("4{}", "x".repeat(1000))).await;
    assert_eq!(socket.text().await, "2");
    assert_eq!(socket.end().await, End::Close(None));
    assert_eq!(engine.session_count(), 0);
    assert_eq!(receiver.recv().await, Some(Some(CloseReason::Stalled)));
}

#[tokio::test(start_paused = true)]
async fn every_receiver_hears_of_the_end() {
    let (ends, mut receiver) = mpsc::unbounded_channel();
    let engine = Engine::new(Config::default(), move |socket: Socket| {
        let ends = ends.clone();
        async move {
            for _ in 0..2 {
                let (socket, ends) = (socket.clone(), ends.clone());
                tokio::spawn(async move {
                    while socket.recv().await.is_some() {}
                    let _ = ends.send(());
                });
            }
            while socket.recv().await.is_some() {}
            let _ = ends.send(());
        }
    });
    let mut socket = Server::engine(&engine).websocket().await;
    settle().await;
    socket.send("1").await;
    for _ in 0..3 {
        assert_eq!(receiver.recv().await, Some(()));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_message_drops_may_call_the_session() {
    struct Guard(Socket);
    impl AsRef<[u8]> for Guard {
        fn as_ref(&self) -> &[u8] {
            b"payload"
        }
    }
    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.buffered();
        }
    }
    let send = |socket: &Socket| {
        let payload = bytes::Bytes::from_owner(Guard(socket.clone()));
        socket.send(payload).expect("it is open");
    };
    let engine = Engine::new(Config::default(), move |socket: Socket| async move {
        send(&socket);
        socket.recv().await;
        send(&socket);
        socket.close(Close::Discard);
    });
    let session = Server::engine(&engine).polling().await;
    session.get().await.assert(200, "bcGF5bG9hZA==");
    session.post("4go").await.assert(200, "ok");
    session
        .get()
        .await
        .assert_refused(400, 1, "Session ID unknown");
}

#[tokio::test(start_paused = true)]
async fn closing_the_engine_does_not_wait_for_a_client_that_takes_no_101() {
    let engine = crate::support::echo(Config::default());
    let server = Server::engine(&engine);
    let start = tokio::time::Instant::now();
    let _stalled = server.stalled_websocket("?EIO=4&transport=websocket").await;
    engine.close(Close::Discard).await;
    assert_eq!(engine.session_count(), 0);
    assert!(start.elapsed().as_millis() < 10);
}

#[tokio::test(start_paused = true)]
async fn a_response_that_nobody_reads_is_an_aborted_poll() {
    let engine = crate::support::echo(Config::default());
    let session = Server::engine(&engine).polling().await;
    session.post("4lost").await.assert(200, "ok");
    let request = http::Request::get(format!("/engine.io/{}", session.query()))
        .body(engineio::Body::default())
        .unwrap();
    let response = engine.handle(request).await;
    assert_eq!(response.status(), 200);
    drop(response);
    settle().await;
    assert_eq!(engine.session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_receives_nothing_runs_once_more_at_the_end() {
    let (ends, mut receiver) = mpsc::unbounded_channel();
    let limits = Limits::default().inbox(10);
    let engine = Engine::new(Config::default().limits(limits), move |socket: Socket| {
        let ends = ends.clone();
        async move {
            // More than the pipe holds, so that the end is found by writing.
            socket.send(vec![0; 2 << 20]).expect("it is open");
            std::future::poll_fn(|_| match socket.close_reason() {
                Some(_) => std::task::Poll::Ready(()),
                None => std::task::Poll::Pending,
            })
            .await;
            let _ = ends.send(());
        }
    });
    let mut socket = Server::engine(&engine).websocket().await;
    socket.send("4this fills the inbox").await;
    settle().await;
    let start = tokio::time::Instant::now();
    drop(socket);
    assert_eq!(receiver.recv().await, Some(()));
    assert_eq!(start.elapsed().as_millis(), 0);
}
