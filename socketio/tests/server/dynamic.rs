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
async fn what_is_emitted_to_a_pattern_reaches_its_namespaces() {
    let (io, games) = games();
    io.of("/other");
    let names = ["/game-1", "/game-2", "/game-2", "/other"];
    let (mut clients, mut sockets) = (Vec::new(), Vec::new());
    for name in names {
        let mut client = Client::open(&io).await;
        let id = client.join(name).await;
        sockets.push(io.of(name).socket(&id).expect("it is connected"));
        clients.push(client);
    }
    sockets[1].join("a").unwrap();
    games.emit("all", 1).unwrap();
    games.to("a").emit("room", ()).unwrap();
    games.except("a").join("b").unwrap();
    assert_eq!(games.to("b").sockets().len(), 2);
    assert_eq!(games.fetch_sockets().await.unwrap().len(), 3);
    games.to("a").disconnect();
    let nobody = games.emit_with_ack::<_, ()>("?", ());
    assert!(nobody.collect().await.unwrap().is_empty());
    assert_eq!(clients[0].recv().await, r#"2/game-1,["all",1]"#);
    assert_eq!(clients[1].recv().await, r#"2/game-2,["all",1]"#);
    assert_eq!(clients[1].recv().await, r#"2/game-2,["room"]"#);
    assert_eq!(clients[1].recv().await, "1/game-2,");
    assert_eq!(clients[2].recv().await, r#"2/game-2,["all",1]"#);
    for client in &mut clients {
        client.silence().await;
    }
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
    first.on("where", async |_, ()| Ack("here"));
    client.send("1/game-1,").await;
    client.silence().await;

    // Whoever holds it keeps it.
    client.join("/game-1").await;
    assert_eq!(
        (first.socket_count(), log.next().await.socket_count()),
        (1, 1)
    );
    client.send(r#"2/game-1,0["where"]"#).await;
    assert_eq!(client.recv().await, r#"3/game-1,0["here"]"#);
    drop(first);
    client.send("1/game-1,").await;
    client.silence().await;
    client.join("/game-1").await;
    client.send(r#"2/game-1,0["where"]"#).await;
    assert_eq!(client.recv().await, r#"3/game-1,0["/game-1"]"#);

    // One that was named stays, also if a pattern made it.
    io.of("/game-1").on("where", async |_, ()| Ack("here"));
    log.next().await;
    client.send("1/game-1,").await;
    client.silence().await;
    client.join("/game-1").await;
    client.send(r#"2/game-1,0["where"]"#).await;
    assert_eq!(client.recv().await, r#"3/game-1,0["here"]"#);
}

#[tokio::test(start_paused = true)]
async fn what_a_named_namespace_is_given_is_for_it_alone() {
    let (io, games) = games();
    let mut log = Log::new();
    let (template, own) = (log.pen(), log.pen());
    games.on_connect(async move |_| template.send("game").unwrap());
    io.of("/game-admin")
        .on("wipe", async |_, ()| Ack("wiped"))
        .on_connect(async move |_| own.send("admin").unwrap());
    games.on("late", async |_, ()| Ack("late"));
    let mut client = Client::open(&io).await;
    client.join("/game-1").await;
    client.join("/game-admin").await;
    for expected in ["game", "game", "admin"] {
        assert_eq!(log.next().await, expected);
    }
    for event in ["wipe", "late", "where"] {
        client.send(&format!(r#"2/game-admin,0["{event}"]"#)).await;
    }
    for answer in ["wiped", "late", "/game-admin"] {
        assert_eq!(
            client.recv().await,
            format!(r#"3/game-admin,0["{answer}"]"#)
        );
    }
    client.send(r#"2/game-1,0["wipe"]"#).await;
    client.silence().await;
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn the_last_words_of_a_socket_reach_who_came_meanwhile() {
    let (io, games) = games();
    games.on_disconnect(async |socket, _| {
        sleep(Duration::from_secs(1)).await;
        socket.broadcast().emit("left", ())
    });
    let (mut first, mut second) = (Client::open(&io).await, Client::open(&io).await);
    first.join("/game-1").await;
    first.send("1/game-1,").await;
    second.join("/game-1").await;
    assert_eq!(second.recv().await, r#"2/game-1,["left"]"#);
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
