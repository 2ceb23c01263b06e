//! Namespaces that are made when a client asks for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Deserialize;
use socketio::{Ack, Args, Config, Limits, Namespace, Server};
use tokio::sync::Notify;
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
    io.of_matching(async |_, _| true).middleware(async |_, ()| {
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

#[tokio::test(start_paused = true)]
async fn a_pattern_sees_the_auth_payload_and_may_wait() {
    #[derive(Deserialize)]
    struct Auth {
        token: String,
    }
    let io = server();
    io.of_matching(async |_, auth: Args| {
        sleep(Duration::from_secs(1)).await;
        auth.parse().is_ok_and(|Auth { token }| token == "secret")
    });
    let mut client = Client::open(&io).await;
    client.join("/").await;
    // Nothing else waits for it.
    client.send(r#"0/x,{"token":"secret"}"#).await;
    io.of("/").emit("meanwhile", ()).unwrap();
    assert_eq!(client.recv().await, r#"2["meanwhile"]"#);
    assert!(client.recv().await.starts_with(r#"0/x,{"sid":"#));
    // Who comes later is asked for as well.
    let mut other = Client::open(&io).await;
    for auth in ["", r#"{"token":"wrong"}"#] {
        other.send(&format!("0/x,{auth}")).await;
        assert_eq!(other.recv().await, r#"4/x,{"message":"Invalid namespace"}"#);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_pattern_that_matches_counts_and_one_that_panics_does_not() {
    let io = server();
    let asked = Arc::new(AtomicUsize::new(0));
    for (prefix, answer) in [("/a", 0), ("/ab", 1), ("/panic", 2)] {
        let count = asked.clone();
        let pattern = io.of_matching(async move |name, _| {
            count.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(1)).await;
            assert!(name != "/panic", "of a test");
            name.starts_with(prefix)
        });
        pattern.on("which", async move |_, ()| Ack(answer));
    }
    let mut client = Client::open(&io).await;
    for (name, times) in [("/panic", 3), ("/other", 3), ("/abc", 1)] {
        asked.store(0, Ordering::Relaxed);
        client.send(&format!("0{name},")).await;
        let answer = client.recv().await;
        assert_eq!(answer.starts_with("0/abc,"), name == "/abc", "{answer}");
        assert_eq!(asked.load(Ordering::Relaxed), times);
    }
    client.send(r#"2/abc,0["which"]"#).await;
    assert_eq!(client.recv().await, "3/abc,0[0]");
}

#[tokio::test(start_paused = true)]
async fn patterns_that_answer_at_the_same_time_make_one_namespace() {
    let io = server();
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    io.of_matching(async move |_, _| {
        gate.notified().await;
        true
    });
    let mut clients = Vec::new();
    for _ in 0..10 {
        let client = Client::open(&io).await;
        client.send("0/x,").await;
        clients.push(client);
    }
    clients[0].silence().await;
    opened.notify_waiters();
    for client in &mut clients {
        assert!(client.recv().await.starts_with("0/x,{"));
    }
    assert_eq!(io.of("/x").socket_count(), 10);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_while_a_pattern_decides_waits_in_order() {
    let io = server();
    let chat = io.of_matching(async |_, _| {
        sleep(Duration::from_secs(1)).await;
        true
    });
    chat.on("say", async |_, n: u8| Ack(n));
    let mut client = Client::open(&io).await;
    client
        .send_all(&[
            "0/x,",
            r#"2/x,0["say",1]"#,
            r#"2/x,["say",2]"#,
            r#"2/x,1["say",3]"#,
        ])
        .await;
    assert!(client.recv().await.starts_with("0/x,{"));
    assert_eq!(client.recv().await, "3/x,0[1]");
    assert_eq!(client.recv().await, "3/x,1[3]");
}

#[tokio::test(start_paused = true)]
async fn a_pattern_is_dropped_when_its_client_withdraws_or_goes_away() {
    let io = server();
    let held = Arc::new(());
    let captured = held.clone();
    io.of_matching(async move |_, _| {
        let _captured = captured;
        std::future::pending().await
    });
    let mut client = Client::connect(&io).await;
    let idle = Arc::strong_count(&held);
    client.send_all(&["0/x,", r#"2/x,["held"]"#]).await;
    client.silence().await;
    assert_eq!(Arc::strong_count(&held), idle + 1);
    client.send("1/x,").await;
    client.silence().await;
    assert_eq!(Arc::strong_count(&held), idle);
    // It may ask again, and is not asked for twice at a time.
    client.send_all(&["0/x,", "0/y,"]).await;
    client.silence().await;
    assert_eq!(Arc::strong_count(&held), idle + 2);
    client.close().await;
    client.rest().await;
    assert_eq!(Arc::strong_count(&held), idle);
    assert_eq!(io.engine().session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_pattern_counts_as_a_namespace_of_the_connection() {
    let limits = Limits::default().namespaces(2);
    let io = Server::new(Config::default().limits(limits));
    io.of_matching(async |_, _| std::future::pending().await);
    let mut client = Client::open(&io).await;
    client.send_all(&["0/x,", "0/y,", "0/z,"]).await;
    assert!(client.rest().await.is_empty());
    let mut client = Client::open(&io).await;
    client.send_all(&["0/x,", "0/x,"]).await;
    assert!(client.rest().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_added_to_a_pattern_serves_those_that_are_there() {
    let (io, games) = games();
    let mut client = Client::open(&io).await;
    client.join("/game-1").await;
    games.on("late", async |_, ()| Ack("late"));
    games.middleware(async |_, ()| Err::<(), _>("full"));
    client.send(r#"2/game-1,0["late"]"#).await;
    assert_eq!(client.recv().await, r#"3/game-1,0["late"]"#);
    let mut other = Client::open(&io).await;
    other.send("0/game-1,").await;
    assert_eq!(other.recv().await, r#"4/game-1,{"message":"full"}"#);
}

fn games() -> (Server, Namespace) {
    let io = server();
    let games = io.of_matching(async |name, _| {
        assert_ne!(name, "/panic");
        name.starts_with("/game-")
    });
    games.on("where", async |socket, ()| {
        Ack(socket.namespace().name().to_owned())
    });
    (io, games)
}

#[tokio::test(start_paused = true)]
async fn a_question_to_a_pattern_is_answered_in_all_its_namespaces() {
    let io = server();
    let games = io.of_matching(async |name, _| name.starts_with("/game-"));
    let mut clients = Vec::new();
    for nsp in ["/game-1", "/game-2", "/game-2"] {
        let mut client = Client::open(&io).await;
        client.join(nsp).await;
        clients.push((nsp, client));
    }
    // Each of these has an id of its own, whichever namespace asks.
    let other = io.of("/game-1").emit_with_ack::<_, u8>("other", ());
    let replies = games.emit_with_ack::<_, u8>("vote", ());
    for (n, (nsp, client)) in clients.iter_mut().enumerate() {
        for _ in 0..if *nsp == "/game-1" { 2 } else { 1 } {
            let packet = client.recv().await;
            let packet = packet.strip_prefix(&format!("2{nsp},")).unwrap();
            let (id, event) = packet.split_once('[').unwrap();
            let answer = if event.starts_with("\"vote\"") { n } else { 9 };
            client.send(&format!("3{nsp},{id}[{answer}]")).await;
        }
    }
    let mut votes = replies.collect().await.unwrap();
    votes.sort_unstable();
    assert_eq!(votes, [0, 1, 2]);
    assert_eq!(other.collect().await.unwrap(), [9]);
}
