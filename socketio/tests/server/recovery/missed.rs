//! What was missed.

use std::sync::Arc;

use socketio::{Args, Binary, BoxError, Config, Limits, Recovery, Server};
use tokio::sync::Semaphore;

use super::{arrive, come_back, last, name, recovering};
use crate::bus::Bus;
use crate::support::Client;

#[tokio::test(start_paused = true)]
async fn what_was_missed_comes_in_its_order_before_the_connect() {
    let io = recovering();
    let chat = io.of("/");
    chat.on_connect(async |socket| {
        socket.join("room")?;
        socket.emit("welcome", socket.recovered())?;
        Ok::<_, BoxError>(())
    });
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    let other = Client::open(&io).await;
    other.send("0").await;

    chat.emit("all", 1).unwrap();
    chat.to("room")
        .emit("room", (Binary::from(vec![7]), 2))
        .unwrap();
    chat.to("elsewhere").emit("no", ()).unwrap();
    chat.except("room").emit("no", ()).unwrap();
    chat.to(&place.id).emit("private", 3).unwrap();
    chat.volatile().emit("no", ()).unwrap();
    drop(chat.emit_with_ack::<_, Args>("no", ()));
    io.of("/other").emit("no", ()).unwrap();
    chat.emit("last", 4).unwrap();

    let (mut client, packets) = come_back(&io, &place, &offset).await;
    let names: Vec<_> = packets.iter().map(|packet| name(packet)).collect();
    assert_eq!(names, ["all", "room", "a", "private", "last", "CONNECT"]);
    let [_, room, binary, ..] = &packets[..] else {
        panic!("{packets:?}")
    };
    let expected = r#"51-["room",{"_placeholder":true,"num":0},2,""#;
    assert!(room.starts_with(expected), "{room}");
    assert_eq!(binary, "Bw==");
    assert_eq!(packets.last(), Some(&place.answer()));
    assert!(client.recv().await.starts_with(r#"2["welcome",true,""#));
    chat.emit("new", ()).unwrap();
    assert!(client.recv().await.starts_with(r#"2["new",""#));
}

#[tokio::test(start_paused = true)]
async fn every_event_has_an_offset_that_is_not_dropped_or_answered() {
    let io = recovering();
    let chat = io.of("/");
    let (mut client, place) = arrive(&io).await;
    let socket = chat.socket(&place.id).unwrap();
    let mut offsets = Vec::new();
    for emit in [0, 1, 2, 3] {
        match emit {
            0 => socket.emit("e", 1).unwrap(),
            1 => chat.emit("e", 1).unwrap(),
            2 => chat.to(&place.id).emit("e", 1).unwrap(),
            _ => socket.emit("e", Args::new(1).unwrap()).unwrap(),
        }
        let packet = client.recv().await;
        let last = last(&packet);
        assert_eq!(packet, format!(r#"2["e",1,"{last}"]"#));
        offsets.push(last);
    }
    assert!(offsets.is_sorted_by(|a, b| a < b), "{offsets:?}");
    socket.volatile().emit("v", 1).unwrap();
    assert_eq!(client.recv().await, r#"2["v",1]"#);
    let _request = socket.emit_with_ack::<_, Args>("ack", ());
    assert_eq!(client.recv().await, r#"20["ack"]"#);
}

#[tokio::test(start_paused = true)]
async fn rooms_that_middleware_takes_away_are_not_replayed() {
    let io = recovering();
    let chat = io.of("/");
    chat.middleware(async |socket, ()| {
        match socket.recovered() {
            true => socket.leave("staff"),
            false => ["staff", "guests"].map(|room| socket.join(room).unwrap())[0],
        }
        Ok::<_, BoxError>(())
    });
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    chat.to("staff").emit("no", ()).unwrap();
    chat.to("guests").emit("yes", ()).unwrap();
    let (_client, packets) = come_back(&io, &place, &offset).await;
    let names: Vec<_> = packets.iter().map(|packet| name(packet)).collect();
    assert_eq!(names, ["yes", "CONNECT"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_while_middleware_runs_is_not_lost() {
    let io = recovering();
    let chat = io.of("/");
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    let gate = Arc::new(Semaphore::new(0));
    let passed = gate.clone();
    chat.middleware(async move |_, ()| passed.acquire().await.map(drop).map_err(BoxError::from));
    chat.emit("first", ()).unwrap();
    let mut client = Client::open(&io).await;
    client.send(&format!("0{}", place.claim(&offset))).await;
    chat.emit("second", ()).unwrap();
    gate.add_permits(1);
    assert_eq!(name(&client.recv().await), "first");
    assert_eq!(name(&client.recv().await), "second");
    assert_eq!(client.recv().await, place.answer());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_missed_too_much_is_new() {
    let limits = Limits::default().recovery_bytes(10_000);
    let config = Config::default().recovery(Recovery::default());
    let io = Server::new(config.limits(limits));
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    for _ in 0..100 {
        io.of("/").emit("e", ()).unwrap();
    }
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_ne!(packets, [place.answer()]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_missed_more_than_it_can_be_sent_at_once_is_new() {
    let config = Config::default()
        .recovery(Recovery::default())
        .engine(|engine| engine.limits(engineio::Limits::default().budget(10_000)));
    let io = Server::new(config);
    for (events, may_come_back) in [(5, true), (20, false)] {
        let (client, place) = arrive(&io).await;
        let offset = place.hear(&io, client).await;
        for n in 0..events {
            io.emit("e", (n, "x".repeat(1000))).unwrap();
        }
        let mut client = Client::open(&io).await;
        client.send(&format!("0{}", place.claim(&offset))).await;
        if !may_come_back {
            assert_eq!(client.first().await, None, "it has to come once more");
        }
        let (client, packets) = match may_come_back {
            true => {
                let mut packets = Vec::new();
                for _ in 0..=events {
                    packets.push(client.recv().await);
                }
                (client, packets)
            }
            false => come_back(&io, &place, &offset).await,
        };
        assert_eq!(packets.last() == Some(&place.answer()), may_come_back);
        client.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_told_what_it_missed_after_all_has_to_come_once_more() {
    let limits = Limits::default().recovery_bytes(10_000);
    let config = Config::default().recovery(Recovery::default());
    let io = Server::new(config.limits(limits));
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    let chat = io.of("/");
    let flood = chat.clone();
    chat.middleware(async move |_, ()| (0..100).try_for_each(|_| flood.emit("e", ())));
    let mut client = Client::open(&io).await;
    client.send(&format!("0{}", place.claim(&offset))).await;
    assert_eq!(client.rest().await, [] as [&str; 0]);
    assert_eq!(chat.socket_count(), 0);
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_ne!(packets, [place.answer()]);
}

#[tokio::test(start_paused = true)]
async fn what_other_servers_emitted_is_missed_as_well() {
    let bus = Bus::default();
    let config = || Config::default().recovery(Recovery::default());
    let [here, there] = [(); 2].map(|()| Server::new(config().adapter(bus.adapter())));
    let (mut other, _) = arrive(&here).await;
    let (client, place) = arrive(&here).await;
    let offset = place.hear(&here, client).await;
    there.emit("all", 1).unwrap();
    there.to(&place.id).emit("private", 2).unwrap();
    there.to("elsewhere").emit("no", 2).unwrap();
    there.emit("last", 3).unwrap();
    while name(&other.recv().await) != "last" {}

    let (client, packets) = come_back(&here, &place, &offset).await;
    let names: Vec<_> = packets.iter().map(|packet| name(packet)).collect();
    assert_eq!(names, ["all", "private", "last", "CONNECT"]);
    let offset = last(&packets[2]);
    let socket = here.of("/").socket(&place.id).unwrap();
    client.close().await;
    socket.closed().await;

    there.to(&place.id).disconnect();
    there.emit("done", ()).unwrap();
    while name(&other.recv().await) != "done" {}
    let (_client, packets) = come_back(&here, &place, &offset).await;
    assert_ne!(packets.last(), Some(&place.answer()), "it was disconnected");
}
