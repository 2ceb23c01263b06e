//! Clients that come back after a short interruption.

mod broken;
mod closed;
mod missed;
mod races;
mod refused;
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use socketio::{BoxError, Config, DisconnectReason, Recovery, Server};

use crate::support::{Client, Log};

const MAX_DISCONNECTION: Duration = Duration::from_secs(120);

#[tokio::test(start_paused = true)]
async fn who_comes_back_is_who_it_was() {
    let io = recovering();
    let chat = io.of("/");
    let mut log = Log::new();
    let pen = log.pen();
    chat.on_connect(async move |socket| {
        let user = socket.extensions().get::<&str>();
        if !socket.recovered() {
            socket.extensions().insert("ann");
            for room in ["room1", "room2"] {
                socket.join(room).unwrap();
            }
        }
        let auth: Value = socket.handshake().auth.parse().unwrap_or_default();
        let id = socket.id().to_owned();
        let _ = pen.send((id, socket.recovered(), user, socket.rooms(), auth));
    });
    let (client, place) = arrive(&io).await;
    let (id, recovered, user, _, auth) = log.next().await;
    assert_eq!((recovered, user, auth), (false, None, Value::Null));
    assert_eq!(id, place.id);

    let offset = place.hear(&io, client).await;
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_eq!(packets, [place.answer()]);
    let (id, recovered, user, rooms, auth) = log.next().await;
    assert_eq!((id, recovered, user), (place.id.clone(), true, Some("ann")));
    assert_eq!(rooms, ["room1", "room2"].map(Arc::from));
    assert_eq!(auth, json!({ "pid": place.pid, "offset": offset }));
    assert_eq!(chat.socket_count(), 1);
    let members = chat.to("room2").sockets();
    assert_eq!(members[0].id(), place.id);
}

#[tokio::test(start_paused = true)]
async fn what_the_last_handlers_leave_behind_is_there_for_who_comes_back() {
    let io = recovering();
    let chat = io.of("/");
    chat.on_disconnect(async |socket, _| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        socket.extensions().update(|ends: &mut u8| *ends += 1);
        socket.set_data("left")
    });
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_eq!(packets, [place.answer()]);
    let socket = chat.socket(&place.id).unwrap();
    assert_eq!(socket.extensions().get::<u8>(), Some(1));
    assert_eq!(socket.data::<String>().unwrap(), "left");
}

#[tokio::test(start_paused = true)]
async fn an_option_lets_those_pass_who_were_let_in_before() {
    let recovery = Recovery::default().skip_middleware(true);
    let io = Server::new(Config::default().recovery(recovery));
    let runs = Arc::new(AtomicUsize::new(0));
    let count = runs.clone();
    io.of("/").middleware(async move |_, ()| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok::<_, BoxError>(())
    });
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    let (client, packets) = come_back(&io, &place, &offset).await;
    assert_eq!(packets, [place.answer()]);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    client.send("1").await;
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_ne!(packets, [place.answer()]);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_client_may_come_back_again_and_again() {
    let io = recovering();
    let (client, place) = arrive(&io).await;
    let mut offset = place.hear(&io, client).await;
    for round in 0..5 {
        io.of("/").emit("round", round).unwrap();
        let (client, packets) = come_back(&io, &place, &offset).await;
        offset = last(&packets[0]);
        assert_eq!(packets[0], format!(r#"2["round",{round},"{offset}"]"#));
        assert_eq!(packets[1..], [place.answer()]);
        client.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_of_a_pattern_is_there_as_long_as_somebody_may_come_back() {
    let io = recovering();
    let games = io.of_matching(async |name, _| name.starts_with("/game-"));
    let (kept, mut log) = (Arc::new(()), Log::new());
    let (value, pen) = (kept.clone(), log.pen());
    games.on_connect(async move |socket| {
        socket.extensions().insert(value);
        socket.emit("heard", ())
    });
    games.on_disconnect(async move |_, reason| pen.send(reason).expect("the log is there"));
    let mut client = Client::open(&io).await;
    client.send("0/game-1,").await;
    let place = Place::of(client.recv().await.strip_prefix("0/game-1,").unwrap());
    let offset = last(&client.recv().await);
    client.close().await;
    log.next().await;

    games.emit("missed", ()).unwrap();
    let mut client = Client::open(&io).await;
    let claim = format!("0/game-1,{}", place.claim(&offset));
    client.send(&claim).await;
    assert_eq!(name(&client.recv().await), "missed");
    let answer = client.recv().await;
    assert_eq!(answer.replace("/game-1,", ""), place.answer());
    client.close().await;
    log.next().await;
    drop((io.close().await, games, client, io));
    assert_eq!(Arc::strong_count(&kept), 1, "nobody is kept for ever");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_dropped_waits_for_nobody() {
    let io = recovering();
    let kept = Arc::new(());
    let (client, place) = arrive(&io).await;
    let socket = io.of("/").socket(&place.id).unwrap();
    socket.extensions().insert(kept.clone());
    drop(socket);
    place.hear(&io, client).await;
    assert_eq!(Arc::strong_count(&kept), 2);
    drop(io);
    // The last poll of the client holds it, too.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(Arc::strong_count(&kept), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_a_figure_that_returns_to_zero() {
    assert!(crate::support::server().recovery().is_none());
    let io = recovering();
    let kept = |io: &Server| {
        let kept = io.recovery().unwrap();
        let has_bytes = (kept.session_bytes > 0, kept.event_bytes > 0);
        assert_eq!(has_bytes, (kept.sessions > 0, kept.events > 0));
        (kept.sessions, kept.events)
    };
    assert_eq!(kept(&io), (0, 0));
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    io.emit("e", ()).unwrap();
    assert_eq!(kept(&io), (1, 2));
    let (client, _) = come_back(&io, &place, &offset).await;
    assert_eq!(kept(&io), (0, 2));
    place.hear(&io, client).await;
    assert_eq!(kept(&io), (1, 3));
    tokio::time::sleep(2 * MAX_DISCONNECTION).await;
    io.emit("e", ()).unwrap();
    assert_eq!(kept(&io), (0, 1));
    let (client, place) = arrive(&io).await;
    place.hear(&io, client).await;
    io.close().await;
    assert_eq!(kept(&io), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_not_shown() {
    let io = recovering();
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    io.emit("missed", "a secret").unwrap();
    let shown = format!("{io:?} {:?}", io.config().recovery);
    assert!(shown.contains("max_disconnection"), "{shown}");
    for secret in ["a secret", &place.pid, &offset] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_with_a_session_may_emit() {
    struct Leaving(Server);
    impl Drop for Leaving {
        fn drop(&mut self) {
            self.0.of("/").emit("dropped", ()).unwrap();
        }
    }
    let io = recovering();
    let (client, place) = arrive(&io).await;
    let socket = io.of("/").socket(&place.id).unwrap();
    socket.extensions().insert(Arc::new(Leaving(io.clone())));
    drop(socket);
    place.hear(&io, client).await;
    let (mut client, _) = arrive(&io).await;
    tokio::time::sleep(MAX_DISCONNECTION).await;
    io.of("/").emit("e", ()).unwrap();
    assert_eq!(name(&client.recv().await), "e");
    assert_eq!(name(&client.recv().await), "dropped");
}

fn recovering() -> Server {
    Server::new(Config::default().recovery(Recovery::default()))
}

/// What a client knows of its socket.
struct Place {
    id: String,
    pid: String,
}

impl Place {
    /// From the JSON of a CONNECT.
    fn of(answer: &str) -> Self {
        let json: Value = serde_json::from_str(answer).expect("JSON");
        let text = |key: &str| json[key].as_str().expect("a string").to_owned();
        let place = Self {
            id: text("sid"),
            pid: text("pid"),
        };
        assert_eq!((place.id.len(), place.pid.len()), (20, 20));
        assert_ne!(place.id, place.pid);
        place
    }

    /// The CONNECT of a client that is recovered.
    fn answer(&self) -> String {
        format!(r#"0{{"sid":"{}","pid":"{}"}}"#, self.id, self.pid)
    }

    fn claim(&self, offset: &str) -> String {
        json!({ "pid": self.pid, "offset": offset }).to_string()
    }

    /// Hears something and goes away. The offset of what it heard.
    async fn hear(&self, io: &Server, mut client: Client) -> String {
        let socket = io.of("/").socket(&self.id).expect("it is connected");
        socket.emit("heard", ()).expect("it is connected");
        let mut packet = client.recv().await;
        while name(&packet) != "heard" {
            packet = client.recv().await;
        }
        client.close().await;
        assert_eq!(
            socket.closed().await,
            DisconnectReason::Closed(engineio::CloseReason::TransportClose)
        );
        last(&packet)
    }
}

async fn arrive(io: &Server) -> (Client, Place) {
    let mut client = Client::open(io).await;
    client.send("0").await;
    let answer = client.recv().await;
    let place = Place::of(answer.strip_prefix('0').expect("a CONNECT"));
    (client, place)
}

/// Comes back, and takes what comes up to the CONNECT.
async fn come_back(io: &Server, place: &Place, offset: &str) -> (Client, Vec<String>) {
    let mut client = Client::open(io).await;
    client.send(&format!("0{}", place.claim(offset))).await;
    let mut packets = vec![client.recv().await];
    while !packets.last().expect("one at least").starts_with("0{") {
        packets.push(client.recv().await);
    }
    (client, packets)
}

/// The name of an event; `a` of an attachment.
fn name(packet: &str) -> &str {
    match packet.split_once("[\"") {
        Some((_, rest)) => rest.split('"').next().expect("a name"),
        None if packet.starts_with("0{") => "CONNECT",
        None => "a",
    }
}

/// The last argument of an event, which is a string.
fn last(packet: &str) -> String {
    let text = packet.strip_suffix("\"]").expect("a string at the end");
    let (_, last) = text.rsplit_once('"').expect("its beginning");
    last.to_owned()
}
