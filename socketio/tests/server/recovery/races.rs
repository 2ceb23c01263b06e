//! Clients that come back while they seem to be there, and while others emit.

use std::sync::Arc;
use std::time::Duration;

use socketio::{BoxError, EmitError, Server};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::{Place, arrive, come_back, last, name, recovering};
use crate::support::{Client, Log};

#[tokio::test(start_paused = true)]
async fn who_is_lost_while_middleware_runs_may_still_come_back() {
    let io = recovering();
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    let gate = Arc::new(Semaphore::new(0));
    let passed = gate.clone();
    io.of("/")
        .middleware(async move |_, ()| passed.acquire().await.map(drop).map_err(BoxError::from));
    let come = async || {
        let client = Client::open(&io).await;
        client.send(&format!("0{}", place.claim(&offset))).await;
        client
    };
    come().await.close().await;
    // This one is not known to be lost, and is taken over.
    let mut lost = come().await;
    let mut client = come().await;
    assert_eq!(lost.first().await, None);
    gate.add_permits(1);
    assert_eq!(client.recv().await, place.answer());
    assert_eq!(io.of("/").socket_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_looks_connected_is_taken_over_by_its_client() {
    let io = recovering();
    io.of("/other");
    let mut log = Log::new();
    let (begin, end) = (log.pen(), log.pen());
    io.of("/").on_connect(async move |socket| {
        let _ = begin.send(format!("connect {}", socket.recovered()));
        socket.join("room")
    });
    io.of("/").on_disconnect(async move |socket, reason| {
        // What takes its time, and what cleans up behind itself.
        tokio::time::sleep(Duration::from_secs(1)).await;
        socket.leave("room");
        let _ = end.send(reason.to_string());
    });
    let (mut before, place) = arrive(&io).await;
    before.send("0/other,").await;
    before.recv().await;
    let old = io.of("/").socket(&place.id).unwrap();
    old.emit("heard", ()).unwrap();
    let offset = last(&before.recv().await);
    old.emit("lost on its way", ()).unwrap();

    let (_client, packets) = come_back(&io, &place, &offset).await;
    let names: Vec<_> = packets.iter().map(|packet| name(packet)).collect();
    assert_eq!(names, ["lost on its way", "CONNECT"]);
    assert_eq!(packets.last(), Some(&place.answer()));
    let seen = [log.next().await, log.next().await, log.next().await];
    assert_eq!(seen, ["connect false", "forced close", "connect true"]);
    before.rest().await;
    assert_eq!(
        io.of("/other").socket_count(),
        0,
        "its connection is closed"
    );

    let new = io.of("/").socket(&place.id).unwrap();
    assert_eq!(new.rooms().len(), 1, "the old one does not leave for it");
    assert!(matches!(old.emit("e", ()), Err(EmitError::NotConnected)));
    old.join("elsewhere").unwrap();
    assert_eq!(new.rooms().len(), 1, "nor does it join");
}

#[tokio::test(start_paused = true)]
async fn the_last_handlers_come_first_also_behind_one_that_hangs() {
    let io = recovering();
    let mut log = Log::new();
    let (begin, end) = (log.pen(), log.pen());
    io.of("/").on_event(async |_, event| {
        std::future::pending::<()>().await;
        Ok::<_, &str>(event)
    });
    io.of("/").on_connect(async move |socket| {
        let _ = begin.send(format!("connect {}", socket.recovered()));
    });
    io.of("/").on_disconnect(async move |_, reason| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let _ = end.send(reason.to_string());
    });
    let (mut before, place) = arrive(&io).await;
    io.of("/").emit("heard", ()).unwrap();
    let offset = last(&before.recv().await);
    before.send(r#"2["hangs"]"#).await;
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_eq!(packets, [place.answer()]);
    let seen = [log.next().await, log.next().await, log.next().await];
    assert_eq!(seen, ["connect false", "forced close", "connect true"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_goes_away_while_everybody_is_disconnected_does_not_come_back() {
    let io = recovering();
    let chat = io.of("/");
    // That takes its time, in which somebody can go away.
    for _ in 0..200 {
        let (client, place) = arrive(&io).await;
        place.hear(&io, client).await;
    }
    for round in 0..100 {
        let (mut client, place) = arrive(&io).await;
        let socket = chat.socket(&place.id).unwrap();
        socket.emit("heard", ()).unwrap();
        let offset = last(&client.recv().await);
        let everybody = chat.to(&place.id);
        let disconnected = spawn_blocking(move || everybody.disconnect());
        socket.engine().close(engineio::Close::Discard);
        disconnected.await.unwrap();
        socket.closed().await;
        let (client, packets) = come_back(&io, &place, &offset).await;
        assert_ne!(packets, [place.answer()], "{round}");
        client.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_comes_back_while_everybody_is_disconnected_does_not_stay() {
    let io = recovering();
    let chat = io.of("/");
    for _ in 0..200 {
        let (client, place) = arrive(&io).await;
        place.hear(&io, client).await;
    }
    for round in 0..200 {
        let (client, place) = arrive(&io).await;
        let offset = place.hear(&io, client).await;
        let client = Client::open(&io).await;
        let everybody = chat.to(&place.id);
        let disconnected = spawn_blocking(move || everybody.disconnect());
        client.send(&format!("0{}", place.claim(&offset))).await;
        disconnected.await.unwrap();
        // It is asked once more, so that what came of the claim is known.
        let (again, packets) = come_back(&io, &place, &offset).await;
        assert_ne!(packets, [place.answer()], "{round}");
        client.close().await;
        again.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_comes_and_goes_hears_everything_once_and_in_order() {
    const EVENTS: usize = 1000;
    const EMITTERS: usize = 3;
    let io = recovering();
    io.of("/").on_connect(async |socket| socket.join("room"));
    let mut travellers = Vec::new();
    for n in 0..3 {
        let (mut client, place) = arrive(&io).await;
        let socket = io.of("/").socket(&place.id).unwrap();
        socket.emit("heard", ()).unwrap();
        let offset = last(&client.recv().await);
        travellers.push((n, client, place, offset));
    }
    let emitters: Vec<_> = (0..EMITTERS)
        .map(|who| {
            let chat = io.of("/");
            spawn_blocking(move || {
                for n in 0..EVENTS {
                    match who {
                        0 => chat.emit("e", (who, n)).unwrap(),
                        _ => chat.to("room").emit("e", (who, n)).unwrap(),
                    }
                    if n % 50 == 0 {
                        std::thread::yield_now();
                    }
                }
            })
        })
        .collect();
    let travels: Vec<_> = travellers
        .into_iter()
        .map(|(n, client, place, offset)| {
            tokio::spawn(travel(
                io.clone(),
                n,
                client,
                place,
                offset,
                [EVENTS; EMITTERS],
            ))
        })
        .collect();
    for emitter in emitters {
        emitter.await.expect("it ends");
    }
    for travel in travels {
        let journeys = travel.await.expect("everything came once");
        assert!(journeys > 1, "it came back");
    }
}

/// Goes away and comes back until it has heard everything. How often it came.
async fn travel<const N: usize>(
    io: Server,
    who: usize,
    mut client: Client,
    place: Place,
    mut offset: String,
    all: [usize; N],
) -> usize {
    let mut heard = [0; N];
    let mut journeys = 0;
    loop {
        for _ in 0..40 + 30 * who {
            let packet = client.recv().await;
            if packet.starts_with('0') {
                assert_eq!(packet, place.answer());
                continue;
            }
            let (_, emitter, n, at): (String, usize, usize, String) =
                serde_json::from_str(&packet[1..]).expect("an event");
            assert_eq!(n, heard[emitter], "of {emitter}");
            assert!(at > offset, "offsets come in order");
            heard[emitter] += 1;
            offset = at;
            if heard == all {
                return journeys;
            }
        }
        // Sometimes the server knows that it is gone, sometimes not yet.
        if journeys % 2 == 0 {
            client.close().await;
        }
        client = Client::open(&io).await;
        client.send(&format!("0{}", place.claim(&offset))).await;
        journeys += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_pid_makes_one_socket_however_many_come_with_it() {
    let io = recovering();
    for _ in 0..30 {
        let (client, place) = arrive(&io).await;
        let offset = place.hear(&io, client).await;
        let claims: Vec<_> = (0..4)
            .map(|_| {
                let (io, claim) = (io.clone(), place.claim(&offset));
                tokio::spawn(async move {
                    let mut client = Client::open(&io).await;
                    client.send(&format!("0{claim}")).await;
                    // Who was taken over before it was answered hears nothing.
                    client.first().await
                })
            })
            .collect();
        let mut answers = Vec::new();
        for claim in claims {
            answers.extend(claim.await.expect("it ends"));
        }
        let same = answers.iter().filter(|answer| **answer == place.answer());
        assert!(same.count() >= 1);
        let sockets = io.of("/").sockets();
        let mut ids: Vec<_> = sockets.iter().map(socketio::Socket::id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), sockets.len(), "no two sockets have one id");
        for socket in sockets {
            socket.close();
            socket.closed().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_handlers_come_first_also_for_who_is_lost_while_it_waits_for_them() {
    let io = recovering();
    let mut log = Log::new();
    let (begin, end) = (log.pen(), log.pen());
    io.of("/").on_connect(async move |socket| {
        let _ = begin.send(format!("connect {}", socket.recovered()));
    });
    io.of("/").on_disconnect(async move |_, _| {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let _ = end.send("left".to_owned());
    });
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    // It waits for the last handlers, and is lost meanwhile.
    let lost = Client::open(&io).await;
    lost.send(&format!("0{}", place.claim(&offset))).await;
    lost.close().await;
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_eq!(packets, [place.answer()]);
    let seen = [log.next().await, log.next().await, log.next().await];
    assert_eq!(seen, ["connect false", "left", "connect true"]);
}
