//! Namespaces that are made when a client asks for them.

use std::time::Duration;

use socketio::{Ack, Namespace, Server};
use tokio::time::sleep;

use crate::support::{Client, Log, server};

#[tokio::test(start_paused = true)]
async fn a_pattern_makes_namespaces_with_its_handlers() {
    let (io, _) = games();
    let mut client = Client::open(&io).await;
    client.join("/game-1").await;
    client.send(r#"2/game-1,0["where"]"#).await;
    assert_eq!(client.recv().await, r#"3/game-1,0["/game-1"]"#);
    client.send("0/other,").await;
    assert_eq!(
        client.recv().await,
        r#"4/other,{"message":"Invalid namespace"}"#
    );
    client.send("0/panic,").await;
    assert_eq!(
        client.recv().await,
        r#"4/panic,{"message":"Invalid namespace"}"#
    );
}

#[tokio::test(start_paused = true)]
async fn who_comes_at_the_same_time_meets_in_one_namespace() {
    let (io, _) = games();
    let (mut first, mut second) = (Client::open(&io).await, Client::open(&io).await);
    tokio::join!(first.send("0/game-1,"), second.send("0/game-1,"));
    first.recv().await;
    second.recv().await;
    assert_eq!(io.of("/game-1").socket_count(), 2);
    io.of("/game-1").emit("x", ()).unwrap();
    assert_eq!(first.recv().await, r#"2/game-1,["x"]"#);
    assert_eq!(second.recv().await, r#"2/game-1,["x"]"#);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_was_made_is_thrown_away_with_its_last_socket() {
    let (io, games) = games();
    let mut log = Log::new();
    let pen = log.pen();
    games.on_connect(async move |socket| pen.send(socket.namespace().clone()).unwrap());
    let mut client = Client::open(&io).await;
    client.join("/game-1").await;
    let first = log.next().await;
    client.send("1/game-1,").await;
    client.silence().await;
    client.join("/game-1").await;
    let second = log.next().await;
    assert_eq!((first.socket_count(), second.socket_count()), (0, 1));

    // One that was named stays, also if a pattern made it.
    let named = io.of("/game-1");
    client.send("1/game-1,").await;
    client.silence().await;
    client.join("/game-1").await;
    assert_eq!(named.socket_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_stays_while_a_client_is_on_its_way_in() {
    let io = server();
    io.of_matching(|_| true).middleware(async |_, ()| {
        sleep(Duration::from_secs(1)).await;
        Ok::<_, &str>(())
    });
    let (mut first, mut second) = (Client::open(&io).await, Client::open(&io).await);
    first.join("/x").await;
    second.send("0/x,").await;
    first.send("1/x,").await;
    second.recv().await;
    assert_eq!(io.of("/x").socket_count(), 1);
}

fn games() -> (Server, Namespace) {
    let io = server();
    let games = io.of_matching(|name| {
        assert_ne!(name, "/panic");
        name.starts_with("/game-")
    });
    games.on("where", async |socket, ()| {
        Ack(socket.namespace().name().to_owned())
    });
    (io, games)
}
