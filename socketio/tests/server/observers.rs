//! Those who see every event.

use std::cell::Cell;
use std::sync::Arc;

use socketio::{Ack, Binary, Config, Namespace, Recovery, Server};

use crate::support::{Client, Log, fail, server};

#[tokio::test(start_paused = true)]
async fn every_event_is_seen_before_its_middleware_and_also_without_a_handler() {
    let io = server();
    let mut log = Log::new();
    let (early, middle, late) = (log.pen(), log.pen(), log.pen());
    let chat = io.of("/");
    chat.on_event(async move |_, event| {
        middle.send(format!("middleware {}", event.name())).unwrap();
        Ok::<_, &str>(event)
    });
    chat.on_connect(async move |socket| {
        let (own, last) = (late.clone(), late.clone());
        socket.on_any(move |_, event| own.send(format!("socket {}", event.name())).unwrap());
        socket.on_any(move |_, _| last.send("last".into()).unwrap());
    });
    chat.on_any(move |socket, event| {
        assert!(socket.is_connected());
        let (name, args, wants_ack) = (event.name(), event.args(), event.wants_ack());
        early.send(format!("{name} {args:?} {wants_ack}")).unwrap();
    });
    chat.on("a", async |_, _: u8| {});
    let mut client = Client::connect(&io).await;
    client
        .send_all(&[r#"20["a",1]"#, r#"2["b",{"c":[]}]"#])
        .await;
    assert_eq!(client.recv().await, "30[]");
    for expected in [
        "a Args[1] true",
        "socket a",
        "last",
        "middleware a",
        r#"b Args[{"c":[]}] false"#,
        "socket b",
        "last",
        "middleware b",
    ] {
        assert_eq!(log.next().await, expected);
    }
    // Answers are no events.
    client.send("39[]").await;
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_emitted_is_seen_for_each_who_gets_it_and_answers_are_not() {
    let recovering = Config::default().recovery(Recovery::default());
    for io in [server(), Server::new(recovering)] {
        let mut log = watched(&io.of("/"));
        io.of("/").on("ask", async |_, ()| Ack("answer"));
        let (mut first, mut second) = (Client::open(&io).await, Client::open(&io).await);
        let ids = [first.join("/").await, second.join("/").await];
        let socket = io.of("/").socket(&ids[0]).unwrap();

        socket.emit("one", (1, "x")).unwrap();
        assert_eq!(log.next().await, format!(r#"{} one [1,"x"] 0"#, ids[0]));
        io.of("/").emit("all", Binary::from(vec![1])).unwrap();
        for id in &ids {
            let placeholder = r#"{"_placeholder":true,"num":0}"#;
            assert_eq!(log.next().await, format!("{id} all [{placeholder}] 1"));
        }
        socket.broadcast().emit("others", ()).unwrap();
        assert_eq!(log.next().await, format!("{} others [] 0", ids[1]));
        let _one = socket.emit_with_ack::<_, ()>("question", ());
        assert_eq!(log.next().await, format!("{} question [] 0", ids[0]));
        let _all = io.of("/").emit_with_ack::<_, ()>("questions", ());
        assert!(log.next().await.contains("questions"));
        assert!(log.next().await.contains("questions"));
        first.send(r#"20["ask"]"#).await;
        while first.recv().await != r#"30["answer"]"# {}
        // What was not sent is not seen.
        assert!(io.of("/").emit("connect", ()).is_err());
        log.silence().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_sees_what_is_emitted_to_it_alone() {
    let io = server();
    let mut log = Log::new();
    let (mut first, mut second) = (Client::open(&io).await, Client::open(&io).await);
    let ids = [first.join("/").await, second.join("/").await];
    let pen = log.pen();
    let socket = io.of("/").socket(&ids[0]).unwrap();
    socket.on_any_outgoing(move |_, name, _| pen.send(name.to_owned()).unwrap());
    io.of("/").emit("all", ()).unwrap();
    io.of("/").to(&ids[1]).emit("other", ()).unwrap();
    socket.emit("own", ()).unwrap();
    assert_eq!(log.next().await, "all");
    assert_eq!(log.next().await, "own");
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_volatile_event_that_is_dropped_is_not_seen() {
    let io = server();
    let mut log = Log::new();
    let mut client = Client::open(&io).await;
    let id = client.join("/").await;
    client.silence().await;
    let pen = log.pen();
    let socket = io.of("/").socket(&id).unwrap();
    socket.on_any_outgoing(move |_, name, _| pen.send(name.to_owned()).unwrap());
    socket.volatile().emit("taken", ()).unwrap();
    socket.volatile().emit("dropped", ()).unwrap_err();
    assert_eq!(client.recv().await, r#"2["taken"]"#);
    assert_eq!(log.next().await, "taken");
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_for_those_who_miss_it_is_seen_as_well() {
    let config = Config::default().recovery(Recovery::default());
    for config in [
        config.clone(),
        config.engine(|engine| engine.allow_revision_3(true)),
    ] {
        let io = Server::new(config);
        let mut log = watched(&io.of("/"));
        let mut client = Client::connect(&io).await;
        let socket = io.of("/").sockets().pop().unwrap();
        let id = socket.id().to_owned();
        socket.emit("own", 1).unwrap();
        io.of("/").emit("all", 2).unwrap();
        io.of("/").except(&id).emit("nobody", 3).unwrap();
        client.recv().await;
        client.recv().await;
        // They see what the application emitted, without the offset.
        assert_eq!(log.next().await, format!("{id} own [1] 0"));
        assert_eq!(log.next().await, format!("{id} all [2] 0"));
        log.silence().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_pattern_sees_the_events_of_its_namespaces() {
    let io = server();
    let games = io.of_matching(async |_, _| true);
    let mut client = Client::open(&io).await;
    client.join("/game").await;
    let mut out = watched(&games);
    let mut log = Log::new();
    let pen = log.pen();
    games.on_any(move |socket, event| {
        let nsp = socket.namespace().name();
        pen.send(format!("{nsp} {}", event.name())).unwrap();
    });
    client.send(r#"2/game,["in"]"#).await;
    assert_eq!(log.next().await, "/game in");
    io.of("/game").emit("out", ()).unwrap();
    assert!(out.next().await.ends_with("out [] 0"));
}

#[tokio::test(start_paused = true)]
async fn arguments_that_cannot_be_shown_are_sent_all_the_same() {
    /// Can be written once, behind being asked for its shape.
    struct Once(Cell<u8>);
    impl serde::Serialize for Once {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.set(self.0.get() + 1);
            assert!(self.0.get() <= 2, "it is written already");
            serializer.serialize_u8(7)
        }
    }
    let io = server();
    let mut client = Client::connect(&io).await;
    let socket = io.of("/").sockets().pop().unwrap();
    let mut log = Log::new();
    let pen = log.pen();
    socket.on_any_outgoing(move |_, name, _| pen.send(name.to_owned()).unwrap());
    socket.emit("once", Once(Cell::new(0))).unwrap();
    socket.emit("after", ()).unwrap();
    assert_eq!(client.recv().await, r#"2["once",7]"#);
    assert_eq!(client.recv().await, r#"2["after"]"#);
    assert_eq!(log.next().await, "after");
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_harms_nobody() {
    let io = server();
    let chat = io.of("/");
    chat.on_any(|_, _| fail("of a test"));
    chat.on_any_outgoing(|_, _, _| fail("of a test"));
    chat.on("ask", async |socket, ()| socket.emit("event", 1));
    let mut client = Client::connect(&io).await;
    client.send(r#"20["ask"]"#).await;
    assert_eq!(client.recv().await, r#"2["event",1]"#);
    assert_eq!(client.recv().await, "30[]");
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_seen_also_if_its_client_joins_nothing() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.on_open(|_| fail("of a test"));
    io.on_open(move |engine| pen.send(engine.sid().as_str().to_owned()).unwrap());
    let client = Client::open(&io).await;
    assert_eq!(log.next().await, client.sid);
    log.silence().await;
}

#[tokio::test(start_paused = true)]
async fn observers_are_dropped_with_their_socket_and_with_the_server() {
    let io = server();
    let held = Arc::new(());
    let (of_socket, of_namespace) = (held.clone(), held.clone());
    io.of("/").on_any(move |_, _| {
        let _ = &of_namespace;
    });
    io.of("/").on_connect(async move |socket| {
        let (itself, captured) = (socket.clone(), of_socket);
        let captured = Arc::new((itself, captured));
        let other = captured.clone();
        socket.on_any(move |_, _| drop(captured.clone()));
        socket.on_any_outgoing(move |_, _, _| drop(other.clone()));
    });
    let mut client = Client::connect(&io).await;
    client.silence().await;
    assert_eq!(Arc::strong_count(&held), 4);
    client.send("1").await;
    client.silence().await;
    assert_eq!(Arc::strong_count(&held), 3);
    io.close().await;
    assert_eq!(Arc::strong_count(&held), 1);
}

fn watched(namespace: &Namespace) -> Log<String> {
    let log = Log::new();
    let pen = log.pen();
    namespace.on_any_outgoing(move |socket, name, args| {
        let (id, json) = (socket.id(), args.as_json());
        let attachments = args.attachments().len();
        let entry = format!("{id} {name} [{json}] {attachments}");
        pen.send(entry).expect("the log is there");
    });
    log
}
