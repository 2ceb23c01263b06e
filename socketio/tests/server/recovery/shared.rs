//! Clients that come back to another server than the one they were at.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use socketio::{BoxError, Config, Recovery, Server};
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Place, arrive, come_back, last, name};
use crate::bus::Bus;
use crate::shared_store::{Fault, SharedStore};
use crate::support::Client;

#[tokio::test(start_paused = true)]
async fn who_comes_back_to_another_server_is_who_it_was() {
    let (_, [here, there]) = pair();
    for io in [&here, &there] {
        io.on_connect(async |socket| {
            if !socket.recovered() {
                socket.extensions().insert("ann");
                socket.join("room")?;
                socket.set_data(json!({ "user": 7 }))?;
            }
            Ok::<_, BoxError>(())
        });
    }
    let (client, place) = arrive(&here).await;
    let offset = place.hear(&here, client).await;
    here.emit("1", ()).unwrap();
    there.to("room").emit("2", ()).unwrap();
    settle().await;
    here.to(&place.id).emit("3", ()).unwrap();
    there.to("elsewhere").emit("no", ()).unwrap();
    there.except("room").emit("no", ()).unwrap();
    there.local().emit("no", ()).unwrap();
    settle().await;
    here.close().await;
    there.emit("4", ()).unwrap();

    let (mut client, packets) = come_back(&there, &place, &offset).await;
    let names: Vec<_> = packets.iter().map(|packet| name(packet)).collect();
    assert_eq!(names, ["1", "2", "3", "4", "CONNECT"]);
    assert_eq!(packets[4], place.answer());
    let socket = there.of("/").socket(&place.id).unwrap();
    assert!(socket.recovered());
    assert_eq!(socket.rooms(), ["room".into()]);
    assert_eq!(socket.data::<Value>().unwrap(), json!({ "user": 7 }));
    assert_eq!(socket.extensions().get::<&str>(), None);
    there.to("room").emit("5", ()).unwrap();
    assert_eq!(name(&client.recv().await), "5");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_hands_its_clients_on() {
    let (_, [here, there]) = pair();
    let (mut client, place) = arrive(&here).await;
    here.emit("heard", ()).unwrap();
    let offset = last(&client.recv().await);
    settle().await;
    here.close().await;
    client.rest().await;
    there.emit("missed", ()).unwrap();
    let (_client, packets) = come_back(&there, &place, &offset).await;
    assert_eq!((name(&packets[0]), packets.len()), ("missed", 2));
    assert_eq!(packets[1], place.answer());
}

#[tokio::test(start_paused = true)]
async fn what_is_still_on_the_wire_is_waited_for_or_comes_live() {
    let (bus, [here, there]) = pair();
    let held = there.cluster().unwrap().node;
    let (mut client, place) = arrive(&here).await;
    bus.hold(&held);
    here.emit("had", ()).unwrap();
    let offset = last(&client.recv().await);
    let socket = here.of("/").socket(&place.id).unwrap();
    client.close().await;
    socket.closed().await;
    here.emit("missed", ()).unwrap();
    there.emit("new", ()).unwrap();

    let mut client = Client::open(&there).await;
    client.send(&format!("0{}", place.claim(&offset))).await;
    client.send(r#"2["early"]"#).await;
    let nothing = timeout(Duration::from_secs(1), client.first()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    bus.release(&held);
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(name(&client.recv().await).to_owned());
    }
    names.sort_unstable();
    assert_eq!(names, ["CONNECT", "missed", "new"]);
    client.silence().await;
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_for_stays_while_others_are_disconnected() {
    let (bus, [here, there]) = pair();
    there.on_connect(async |socket| socket.join("others"));
    let held = there.cluster().unwrap().node;
    let (mut client, place) = arrive(&here).await;
    bus.hold(&held);
    here.emit("had", ()).unwrap();
    let offset = last(&client.recv().await);
    let socket = here.of("/").socket(&place.id).unwrap();
    client.close().await;
    socket.closed().await;
    let mut client = Client::open(&there).await;
    client.send(&format!("0{}", place.claim(&offset))).await;
    let nothing = timeout(Duration::from_secs(1), client.first()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    there.to("others").disconnect();
    bus.release(&held);
    assert_eq!(client.first().await, Some(place.answer()));
}

#[tokio::test(start_paused = true)]
async fn what_never_arrives_makes_a_new_client() {
    let (bus, [here, there]) = pair();
    let (client, place) = arrive(&here).await;
    bus.hold(&there.cluster().unwrap().node);
    here.emit("lost", ()).unwrap();
    let offset = place.hear(&here, client).await;
    here.emit("lost as well", ()).unwrap();
    let (_client, packets) = come_back(&there, &place, &offset).await;
    assert_eq!(packets.len(), 1);
    assert_ne!(packets, [place.answer()]);
}

#[tokio::test(start_paused = true)]
async fn what_one_server_alone_had_for_a_client_follows_it() {
    let (_, [here, there]) = pair();
    for io in [&here, &there] {
        io.on_connect(async |socket| socket.emit("welcome", socket.recovered()));
    }
    let (mut client, place) = arrive(&here).await;
    let offset = last(&client.recv().await);
    let socket = here.of("/").socket(&place.id).unwrap();
    socket.emit("private", ()).unwrap();
    client.close().await;
    socket.closed().await;
    // It never hears what it is told at the other server.
    let (client, packets) = come_back(&there, &place, &offset).await;
    let names: Vec<_> = packets.iter().map(|packet| name(packet)).collect();
    assert_eq!(names, ["private", "CONNECT"]);
    let socket = there.of("/").socket(&place.id).unwrap();
    client.close().await;
    socket.closed().await;
    let (_client, packets) = come_back(&here, &place, &offset).await;
    let names: Vec<_> = packets.iter().map(|packet| name(packet)).collect();
    assert_eq!(names, ["private", "welcome", "CONNECT"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_disconnected_at_one_server_does_not_come_back_to_another() {
    let (_, [here, there]) = pair();
    let (client, place) = arrive(&here).await;
    let offset = place.hear(&here, client).await;
    there.to(&place.id).disconnect();
    let (_client, packets) = come_back(&there, &place, &offset).await;
    assert_ne!(packets, [place.answer()]);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_shown_the_secret_of_a_client() {
    let (bus, [here, there]) = pair();
    let mut client = Client::open(&here).await;
    client.send(r#"0{"token":"t"}"#).await;
    let place = Place::of(&client.recv().await[1..]);
    let offset = place.hear(&here, client).await;
    let mut client = Client::open(&here).await;
    let claim = json!({ "pid": place.pid, "offset": offset, "token": "t" });
    client.send(&format!("0{claim}")).await;
    assert_eq!(client.recv().await, place.answer());

    let found = there.fetch_sockets().await.unwrap();
    let told = found[0].handshake.auth.parse::<Value>().unwrap();
    assert_eq!(told, json!({ "token": "t" }));
    let socket = here.of("/").socket(&place.id).unwrap();
    assert!(socket.handshake().auth.as_json().contains(&place.pid));
    let mut shown = format!("{:?} {socket:?}", socket.handshake());
    for publication in bus.published() {
        shown.push_str(&String::from_utf8_lossy(&publication.body));
    }
    for secret in [&place.pid, &offset] {
        assert!(!shown.contains(&**secret), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_broken_makes_new_clients_and_harms_nobody() {
    for fault in [Fault::Fails, Fault::Hangs, Fault::Panics] {
        let store = Arc::new(SharedStore::default());
        let io = server(&Bus::default(), &store);
        let (client, place) = arrive(&io).await;
        let offset = place.hear(&io, client).await;
        let (mut other, _) = arrive(&io).await;
        store.breaks(Some(fault));
        io.emit("still", ()).unwrap();
        assert_eq!(name(&other.recv().await), "still", "{fault:?}");
        io.of("/").on("say", async |_, n: u32| socketio::Ack(n));
        let mut client = Client::open(&io).await;
        client.send(&format!("0{}", place.claim(&offset))).await;
        client.send(r#"21["say",7]"#).await;
        let answer = client.recv().await;
        assert!(answer.starts_with("0{"), "{fault:?}: {answer}");
        assert_ne!(answer, place.answer());
        assert_eq!(client.recv().await, "31[7]");
        client.close().await;
        other.close().await;
        store.breaks(None);
        let (mut last, _) = arrive(&io).await;
        io.emit("again", ()).unwrap();
        assert_eq!(name(&last.recv().await), "again", "{fault:?}");
        io.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_while_its_session_is_asked_for_may_come_once_more() {
    let (store, io, place, offset) = away_from_a_store_that_hangs().await;
    let client = Client::open(&io).await;
    client.send(&format!("0{}", place.claim(&offset))).await;
    tokio::task::yield_now().await;
    client.close().await;
    store.breaks(None);
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_eq!(packets, [place.answer()]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_while_its_session_is_asked_for_may_join_again() {
    let (_store, io, place, offset) = away_from_a_store_that_hangs().await;
    let mut client = Client::open(&io).await;
    let claim = format!("0{}", place.claim(&offset));
    client.send_all(&[&claim, "1", "0"]).await;
    assert!(client.recv().await.starts_with("0{"));
    client.silence().await;
    assert_eq!(io.of("/").socket_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn in_a_namespace_of_a_pattern_who_comes_to_another_server_is_new() {
    let (_, servers) = pair();
    for io in &servers {
        let games = io.of_matching(async |name, _| name.starts_with("/game-"));
        games.on_connect(async |socket| socket.emit("heard", ()));
    }
    let mut client = Client::open(&servers[0]).await;
    client.send("0/game-1,").await;
    let place = Place::of(client.recv().await.strip_prefix("0/game-1,").unwrap());
    let offset = last(&client.recv().await);
    let socket = servers[0].of("/game-1").socket(&place.id).unwrap();
    client.close().await;
    socket.closed().await;
    let mut client = Client::open(&servers[1]).await;
    let claim = format!("0/game-1,{}", place.claim(&offset));
    client.send(&claim).await;
    let answer = client.recv().await.replace("/game-1,", "");
    assert!(answer.starts_with("0{") && answer != place.answer());
}

#[tokio::test(start_paused = true)]
async fn a_second_connect_is_refused_while_a_session_is_asked_for() {
    let (_store, io, place, offset) = away_from_a_store_that_hangs().await;
    let mut client = Client::open(&io).await;
    let claim = format!("0{}", place.claim(&offset));
    client.send_all(&[&claim, &claim]).await;
    assert_eq!(client.first().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_pid_at_two_servers_at_once_wins_once() {
    let (_, [here, there]) = pair();
    for _ in 0..30 {
        let (client, place) = arrive(&here).await;
        let offset = place.hear(&here, client).await;
        let claims: Vec<_> = [&here, &there, &here, &there]
            .map(|io| {
                let (io, claim) = (io.clone(), place.claim(&offset));
                tokio::spawn(async move {
                    let mut client = Client::open(&io).await;
                    client.send(&format!("0{claim}")).await;
                    client.first().await
                })
            })
            .into_iter()
            .collect();
        for claim in claims {
            claim.await.expect("it ends");
        }
        let sockets = [&here, &there].map(|io| io.of("/").socket(&place.id));
        assert_eq!(sockets.iter().flatten().count(), 1);
        for socket in here
            .of("/")
            .sockets()
            .into_iter()
            .chain(there.of("/").sockets())
        {
            socket.close();
            socket.closed().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_moves_between_servers_hears_everything_once_and_in_order() {
    const EVENTS: usize = 200;
    let (_, servers) = pair();
    for io in &servers {
        io.on_connect(async |socket| socket.join("room"));
    }
    let (mut client, place) = arrive(&servers[0]).await;
    servers[0]
        .of("/")
        .socket(&place.id)
        .unwrap()
        .emit("heard", ())
        .unwrap();
    let mut offset = last(&client.recv().await);
    settle().await;
    // They are ahead of it, but not so far that it hears of them in one place.
    let (told, progress) = watch::channel(0);
    let emitters = [0, 1, 2].map(|who| {
        let (io, mut progress) = (servers[who % 2].clone(), progress.clone());
        tokio::spawn(async move {
            for n in 0..EVENTS {
                let is_near = |heard: &usize| 3 * n <= heard + 90;
                progress.wait_for(is_near).await.expect("it is told");
                match who {
                    0 => io.emit("e", (who, n)).unwrap(),
                    _ => io.to("room").emit("e", (who, n)).unwrap(),
                }
            }
        })
    });
    let (mut heard, mut at, mut journeys) = ([0; 3], 0, 0);
    while heard != [EVENTS; 3] {
        for _ in 0..30 {
            if heard == [EVENTS; 3] {
                break;
            }
            let packet = client.recv().await;
            if packet.starts_with('0') {
                assert_eq!(packet, place.answer(), "journey {journeys}");
                continue;
            }
            let (_, emitter, n, end): (String, usize, usize, String) =
                serde_json::from_str(&packet[1..]).expect("an event");
            assert_eq!(n, heard[emitter], "of {emitter} on journey {journeys}");
            heard[emitter] += 1;
            told.send_replace(heard.iter().sum());
            offset = end;
        }
        // What it heard came from a socket that is there; it has to be gone.
        if let Some(socket) = servers[at].of("/").socket(&place.id) {
            client.close().await;
            socket.closed().await;
        }
        at = 1 - at;
        client = Client::open(&servers[at]).await;
        client.send(&format!("0{}", place.claim(&offset))).await;
        journeys += 1;
    }
    assert!(journeys > 3, "it moved");
    for emitter in emitters {
        emitter.await.expect("it ends");
    }
}

/// A client that is away, where it was, what it heard last, and the store that does not
/// answer when it comes back.
async fn away_from_a_store_that_hangs() -> (Arc<SharedStore>, Server, Place, String) {
    let store = Arc::new(SharedStore::default());
    let io = server(&Bus::default(), &store);
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    store.breaks(Some(Fault::Hangs));
    (store, io, place, offset)
}

/// Two servers that share what recovery keeps.
fn pair() -> (Bus, [Server; 2]) {
    let (bus, store) = (Bus::default(), Arc::new(SharedStore::default()));
    let servers = [(); 2].map(|()| server(&bus, &store));
    (bus, servers)
}

pub(super) fn server(bus: &Bus, store: &Arc<SharedStore>) -> Server {
    let recovery = Recovery::default().store(store.handle());
    Server::new(Config::default().adapter(bus.adapter()).recovery(recovery))
}

/// Lets the wire bring what was published: that takes no time.
async fn settle() {
    for _ in 0..32 {
        tokio::task::yield_now().await;
    }
}
