//! On several threads: clients that come, upgrade and go at once.

use engineio::{Close, Config, Engine, Transport};
use tokio::task::JoinSet;

use crate::support::websocket::End;
use crate::support::{Polling, Server, echo};

const CLIENTS: usize = 100;
const MESSAGES: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_message_comes_back_in_order_while_sessions_come_and_go() {
    let engine = echo(Config::default());
    let server = Server::engine(&engine);
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let server = server.clone();
        clients.spawn(async move {
            match number % 4 {
                0 => over_polling(&server.polling().await).await,
                1 => over_websocket(&server).await,
                2 => across_an_upgrade(&server.polling().await).await,
                // Gone in the middle of something.
                _ => drop(server.polling().await.upgrade().await),
            }
        });
    }
    while let Some(result) = clients.join_next().await {
        result.unwrap();
    }
    engine.close(Close::Discard).await;
    assert_eq!(engine.session_count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_websocket_that_takes_over_while_the_handler_closes_is_told() {
    let engine = Engine::new(Config::default(), async |socket| {
        socket.recv().await;
        // The session's task is in the middle of its work meanwhile.
        while socket.transport() == Transport::Polling {
            std::thread::yield_now();
        }
        socket.close(Close::Discard);
    });
    let session = Server::engine(&engine).polling().await;
    session.post("4go").await.assert(200, "ok");
    let mut candidate = session.upgrade().await;
    candidate.send_at_once(["2probe", "5"]).await;
    assert_eq!(candidate.text().await, "3probe");
    assert_eq!(candidate.end().await, End::Close(None));
}

async fn over_polling(session: &Polling) {
    for number in 0..MESSAGES {
        let message = format!("4{number}");
        session.post(&message).await.assert(200, "ok");
        session.get().await.assert(200, &message);
    }
    session.post("1").await.assert(200, "ok");
}

async fn over_websocket(server: &Server) {
    let mut socket = server.websocket().await;
    for number in 0..MESSAGES {
        socket.send(format!("4{number}")).await;
    }
    for number in 0..MESSAGES {
        assert_eq!(socket.text().await, format!("4{number}"));
    }
}

async fn across_an_upgrade(session: &Polling) {
    let mut expected = (0..).map(|number| format!("4{number}"));
    let mut sent = expected.clone();
    for _ in 0..MESSAGES / 2 {
        session.post(sent.next().unwrap()).await.assert(200, "ok");
    }
    let mut socket = session.upgrade().await;
    socket.send_at_once(["2probe", "5"]).await;
    assert_eq!(socket.text().await, "3probe");
    for _ in 0..MESSAGES / 2 {
        socket.send(sent.next().unwrap()).await;
    }
    for _ in 0..MESSAGES {
        assert_eq!(socket.text().await, expected.next().unwrap());
    }
}
