//! Ends at the worst moments: each session ends once, and leaves nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use engineio::{Close, CloseReason, Config, Engine, SendError, Socket};
use tokio::sync::{broadcast, mpsc};

use crate::support::websocket::Websocket;
use crate::support::{Server, settle};

type Ends = mpsc::UnboundedReceiver<CloseReason>;

/// An engine whose handlers report the end of their sessions, and whatever comes
/// after it.
fn engine(started: impl Fn(&Socket) + Send + Sync + 'static) -> (Engine, Ends) {
    let (ends, receiver) = mpsc::unbounded_channel();
    let engine = Engine::new(Config::default(), move |socket: Socket| {
        started(&socket);
        let ends = ends.clone();
        async move {
            while socket.recv().await.is_some() {}
            let reason = socket.close_reason().expect("it is closed");
            assert_eq!(socket.recv().await, None, "nothing follows the end");
            let _ = ends.send(reason);
        }
    });
    (engine, receiver)
}

#[track_caller]
fn assert_over(engine: &Engine, ends: &mut Ends, count: usize) {
    assert_eq!(engine.session_count(), 0);
    let told = std::iter::from_fn(|| ends.try_recv().ok()).count();
    assert_eq!(told, count, "each session tells its end once");
}

#[tokio::test(start_paused = true)]
async fn sessions_that_are_closed_while_they_open_end_once() {
    for how in [Close::Discard, Close::Flush] {
        let (engine, mut ends) = engine(move |socket| {
            let _ = socket.send("never mind");
            socket.close(how);
            socket.close(Close::Flush);
            socket.close(Close::Discard);
        });
        let server = Server::engine(&engine);
        for _ in 0..20 {
            drop(server.dial("?EIO=4&transport=websocket").await);
            server.client().get("?EIO=4&transport=polling").await;
        }
        settle().await;
        engine.close(Close::Discard).await;
        assert_over(&engine, &mut ends, 40);
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_that_are_closed_in_mid_upgrade_end_once() {
    // From either side, before and after each packet of the upgrade.
    for step in 0..4_usize {
        for by_client in [false, true] {
            let (sockets, mut opened) = mpsc::unbounded_channel();
            let (engine, mut ends) = engine(move |socket| {
                let _ = sockets.send(socket.clone());
            });
            let session = Server::engine(&engine).polling().await;
            let socket = opened.recv().await.expect("a session was opened");
            let get = session.start_get().await;
            let mut candidate: Option<Websocket> = None;
            if step > 0 {
                candidate = Some(session.upgrade().await);
            }
            for packet in ["2probe", "5"].iter().take(step.saturating_sub(1)) {
                let candidate = candidate.as_mut().expect("it was opened first");
                candidate.send(*packet).await;
                settle().await;
            }
            if by_client {
                drop((get, candidate));
                // A session on polling outlives its candidate.
                session.post("1").await;
            } else {
                socket.close(Close::Flush);
                socket.close(Close::Discard);
                drop((get, candidate));
            }
            settle().await;
            assert_eq!(socket.send("late"), Err(SendError::Closed));
            assert_over(&engine, &mut ends, 1);
            engine.close(Close::Discard).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_that_go_away_during_a_broadcast_end_once() {
    let (everyone, _) = broadcast::channel::<String>(16);
    let sender = everyone.clone();
    let (engine, mut ends) = engine(move |socket| {
        let (socket, mut messages) = (socket.clone(), sender.subscribe());
        tokio::spawn(async move {
            while let Ok(message) = messages.recv().await {
                if socket.send(message).is_err() {
                    break;
                }
            }
        });
    });
    let server = Server::engine(&engine);
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.websocket().await);
    }
    for round in 0..10 {
        everyone.send(format!("message {round}")).unwrap();
        // One breaks the rules, one goes away before it is reached.
        clients.remove(0).send("garbage").await;
        clients.pop();
        if round == 5 {
            engine.close(Close::Discard).await;
            break;
        }
    }
    settle().await;
    assert_over(&engine, &mut ends, 20);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_closed_twice_while_sessions_open_ends_all() {
    let opened = Arc::new(AtomicUsize::new(0));
    let (engine, mut ends) = engine({
        let opened = opened.clone();
        move |_| {
            opened.fetch_add(1, Ordering::Relaxed);
        }
    });
    let server = Server::engine(&engine);
    let _session = server.polling().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (server, engine) = (server.clone(), engine.clone());
        tasks.spawn(async move {
            match number % 4 {
                0 => drop(server.client().get("?EIO=4&transport=polling").await),
                1 => {
                    let target = "/engine.io/?EIO=4&transport=websocket";
                    drop(Websocket::open(server.connect(), target).await);
                }
                2 => server.client().send("GET", "?EIO=4&trans", &[], b"").await,
                _ if number > 30 => engine.close(Close::Discard).await,
                _ => settle().await,
            }
        });
    }
    tasks.join_all().await;
    engine.close(Close::Discard).await;
    let opened = opened.load(Ordering::Relaxed);
    assert_over(&engine, &mut ends, opened);
}
