//! Who does not come back as who it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engineio::Close;
use serde_json::json;
use socketio::{BoxError, Config, Recovery, Server};
use tokio::sync::{Semaphore, SemaphorePermit as Permit};

use super::{MAX_DISCONNECTION, Place, arrive, come_back, last, recovering};
use crate::support::Client;

#[tokio::test(start_paused = true)]
async fn an_end_that_somebody_wanted_is_the_end() {
    for (how, may_come_back) in [
        ("goes away", true),
        ("is cut off", true),
        ("breaks the rules", true),
        ("leaves", false),
        ("is disconnected", false),
        ("is closed", false),
        ("sends garbage", false),
    ] {
        let io = recovering();
        let (mut client, place) = arrive(&io).await;
        let socket = io.of("/").socket(&place.id).unwrap();
        io.of("/").emit("heard", ()).unwrap();
        let offset = last(&client.recv().await);
        match how {
            "goes away" => client.close().await,
            "is cut off" => socket.engine().close(Close::Discard),
            "breaks the rules" => client.send("4{}").await,
            "leaves" => client.send("1").await,
            "is disconnected" => socket.disconnect(),
            "is closed" => socket.close(),
            _ => drop(client.post("9").await),
        }
        socket.closed().await;
        let (_client, packets) = come_back(&io, &place, &offset).await;
        let answer = packets.last().unwrap();
        assert_eq!(*answer == place.answer(), may_come_back, "who {how}");
        let socket = io.of("/").sockets().pop().unwrap();
        assert_eq!(socket.recovered(), may_come_back, "who {how}");
        assert_eq!(socket.id() == place.id, may_come_back, "who {how}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_stays_away_for_too_long_is_new() {
    let io = recovering();
    for (away, may_come_back) in [
        (MAX_DISCONNECTION - Duration::from_millis(10), true),
        (MAX_DISCONNECTION, false),
    ] {
        let (client, place) = arrive(&io).await;
        let offset = place.hear(&io, client).await;
        tokio::time::sleep(away).await;
        let (client, packets) = come_back(&io, &place, &offset).await;
        assert_eq!(*packets.last().unwrap() == place.answer(), may_come_back);
        client.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_is_not_good_makes_a_new_client() {
    let io = recovering();
    io.of("/other");
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    let Place { id, pid } = &place;
    for claim in [
        json!({}),
        json!({ "pid": pid }),
        json!({ "offset": offset }),
        json!({ "pid": 1, "offset": offset }),
        json!({ "pid": pid, "offset": 1 }),
        json!({ "pid": [pid], "offset": offset }),
        json!({ "pid": "x".repeat(20), "offset": offset }),
        json!({ "pid": id, "offset": offset }),
    ] {
        let mut client = Client::open(&io).await;
        client.send(&format!("0{claim}")).await;
        let answer = client.recv().await;
        assert!(
            answer.starts_with("0{") && answer != place.answer(),
            "{claim}"
        );
        client.close().await;
    }
    let mut client = Client::open(&io).await;
    client
        .send(&format!("0/other,{}", place.claim(&offset)))
        .await;
    assert!(
        !client.recv().await.contains(&*place.id),
        "another namespace"
    );
    // None of these has used it up.
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_eq!(packets, [place.answer()]);
}

#[tokio::test(start_paused = true)]
async fn an_offset_that_is_not_known_makes_a_new_client() {
    let io = recovering();
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    for offset in ["0000000000000000", &offset] {
        let (client, packets) = come_back(&io, &place, offset).await;
        assert_ne!(packets, [place.answer()]);
        client.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_banned_does_not_come_back() {
    let io = recovering();
    let is_banned = Arc::new(AtomicBool::new(false));
    let banned = is_banned.clone();
    io.of("/").middleware(async move |socket, ()| {
        socket.join("from middleware").unwrap();
        match banned.load(Ordering::SeqCst) {
            true => Err("banned"),
            false => Ok(()),
        }
    });
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    io.of("/").to("from middleware").emit("secret", ()).unwrap();
    is_banned.store(true, Ordering::SeqCst);
    let mut client = Client::open(&io).await;
    client.send(&format!("0{}", place.claim(&offset))).await;
    assert_eq!(client.recv().await, r#"4{"message":"banned"}"#);
    client.silence().await;
    assert_eq!(io.of("/").room_count(), 0);
    // The refusal has used it up.
    is_banned.store(false, Ordering::SeqCst);
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_ne!(packets, [place.answer()]);
}

#[tokio::test(start_paused = true)]
async fn who_is_disconnected_while_it_is_away_is_new() {
    let io = recovering();
    let chat = io.of("/");
    chat.on_connect(async |socket| socket.join("room"));
    for how in 0..5 {
        let (client, place) = arrive(&io).await;
        let socket = chat.socket(&place.id).unwrap();
        let offset = place.hear(&io, client).await;
        match how {
            0 => socket.disconnect(),
            1 => chat.to("room").disconnect(),
            2 => chat.to(&place.id).close(),
            3 => chat.except("room").disconnect(),
            _ => chat.to("elsewhere").close(),
        }
        let (client, packets) = come_back(&io, &place, &offset).await;
        assert_eq!(packets == [place.answer()], how > 2, "{how}");
        client.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_closed_while_it_is_away_is_new_in_all_its_namespaces() {
    let io = recovering();
    io.of("/other");
    for (how, may_come_back) in [
        ("disconnect", true),
        ("close", false),
        ("disconnect it", true),
        ("close it", false),
    ] {
        let (mut client, place) = arrive(&io).await;
        client.send("0/other,").await;
        let other = Place::of(client.recv().await.strip_prefix("0/other,").unwrap());
        io.of("/other").to(&other.id).emit("heard", ()).unwrap();
        let other_offset = last(&client.recv().await);
        let socket = io.of("/").socket(&place.id).unwrap();
        let offset = place.hear(&io, client).await;
        match how {
            "disconnect" => socket.disconnect(),
            "close" => socket.close(),
            "disconnect it" => io.to(&place.id).disconnect(),
            _ => io.to(&place.id).close(),
        }
        let mut client = Client::open(&io).await;
        let claim = other.claim(&other_offset);
        client.send(&format!("0/other,{claim}")).await;
        let answer = client.recv().await.replace("/other,", "");
        assert_eq!(answer == other.answer(), may_come_back, "{how}");
        let (_, packets) = come_back(&io, &place, &offset).await;
        assert_ne!(packets, [place.answer()], "{how}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_disconnected_while_it_comes_back_is_new() {
    let io = recovering();
    let chat = io.of("/");
    let gate = Arc::new(Semaphore::new(1));
    let passed = gate.clone();
    chat.middleware(async move |_, ()| {
        passed
            .acquire()
            .await
            .map(Permit::forget)
            .map_err(BoxError::from)
    });
    chat.on_connect(async |socket| socket.join("room"));
    for how in 0..4 {
        let (client, place) = arrive(&io).await;
        let socket = chat.socket(&place.id).unwrap();
        let offset = place.hear(&io, client).await;
        let mut client = Client::open(&io).await;
        client.send(&format!("0{}", place.claim(&offset))).await;
        client.silence().await;
        match how {
            0 => socket.disconnect(),
            1 => chat.to("room").disconnect(),
            2 => chat.to(&place.id).close(),
            _ => chat.to("elsewhere").disconnect(),
        }
        // Who is closed asks for none any more.
        gate.add_permits(usize::from(how != 2));
        let answer = client.first().await;
        assert_eq!(answer == Some(place.answer()), how > 2, "{how}");
        gate.add_permits(1);
        if answer.is_none() {
            let (again, packets) = come_back(&io, &place, &offset).await;
            assert_ne!(packets, [place.answer()], "{how}");
            again.close().await;
            gate.add_permits(1);
        }
        client.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_with_another_auth_payload_is_new() {
    let io = recovering();
    for (before, now, may_come_back) in [
        ("", json!({}), true),
        ("{}", json!({}), true),
        (
            r#"{"token":"t","b":1}"#,
            json!({ "b": 1, "token": "t" }),
            true,
        ),
        (r#"{"token":"t"}"#, json!({}), false),
        (r#"{"token":"t"}"#, json!({ "token": "u" }), false),
        (r#"{"token":"t"}"#, json!({ "token": "t", "b": 1 }), false),
        ("", json!({ "token": "t" }), false),
    ] {
        let mut client = Client::open(&io).await;
        client.send(&format!("0{before}")).await;
        let place = Place::of(&client.recv().await[1..]);
        let offset = place.hear(&io, client).await;
        let mut claim = now.clone();
        claim["pid"] = json!(place.pid);
        claim["offset"] = json!(offset);
        let mut client = Client::open(&io).await;
        client.send(&format!("0{claim}")).await;
        let is_back = client.recv().await == place.answer();
        assert_eq!(is_back, may_come_back, "{before} {now}");
        client.close().await;
        if !may_come_back {
            // The session is gone: there is one guess.
            claim = serde_json::from_str(before).unwrap_or_else(|_| json!({}));
            claim["pid"] = json!(place.pid);
            claim["offset"] = json!(offset);
            let mut client = Client::open(&io).await;
            client.send(&format!("0{claim}")).await;
            assert_ne!(client.recv().await, place.answer(), "{before} {now}");
            client.close().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_auth_payload_takes_the_same_room_however_long_it_is() {
    let mut bytes = Vec::new();
    for length in [1, 60_000] {
        let io = recovering();
        let mut client = Client::open(&io).await;
        client
            .send(&format!("0{}", json!({ "token": "t".repeat(length) })))
            .await;
        let place = Place::of(&client.recv().await[1..]);
        place.hear(&io, client).await;
        bytes.push(io.recovery().unwrap().session_bytes);
    }
    assert_eq!(bytes[0], bytes[1]);
}

#[tokio::test(start_paused = true)]
async fn a_stolen_secret_cuts_nobody_off() {
    let io = recovering();
    let mut client = Client::open(&io).await;
    client.send(r#"0{"token":"t"}"#).await;
    let place = Place::of(&client.recv().await[1..]);
    io.of("/").emit("heard", ()).unwrap();
    let offset = last(&client.recv().await);
    let mut thief = Client::open(&io).await;
    thief.send(&format!("0{}", place.claim(&offset))).await;
    assert!(!thief.recv().await.contains(&*place.id));
    io.of("/").emit("still", ()).unwrap();
    assert_eq!(super::name(&client.recv().await), "still");
    assert!(io.of("/").socket(&place.id).is_some());
}

#[tokio::test(start_paused = true)]
async fn who_has_the_secret_of_another_user_is_told_apart_by_middleware() {
    let recovery = Recovery::default().other_auth(true);
    let io = Server::new(Config::default().recovery(recovery));
    io.of("/")
        .middleware(async |socket, auth: serde_json::Value| {
            let user = auth["user"].as_str().unwrap_or_default().to_owned();
            match socket.extensions().get::<String>() {
                Some(before) if before != user => Err("another user"),
                _ => {
                    socket.extensions().insert(user);
                    Ok(())
                }
            }
        });
    for (user, answer) in [("", None), ("eve", Some(r#"4{"message":"another user"}"#))] {
        let (client, place) = arrive(&io).await;
        let offset = place.hear(&io, client).await;
        let mut client = Client::open(&io).await;
        let claim = json!({ "pid": place.pid, "offset": offset, "user": user });
        client.send(&format!("0{claim}")).await;
        let expected = answer.map_or_else(|| place.answer(), str::to_owned);
        assert_eq!(client.recv().await, expected);
        client.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_recovery_there_is_no_pid_and_no_offset() {
    let io = crate::support::server();
    let mut client = Client::open(&io).await;
    client
        .send(r#"0{"pid":"abcdefghijklmnopqrst","offset":"x"}"#)
        .await;
    let answer = client.recv().await;
    assert!(
        answer.starts_with(r#"0{"sid":""#) && answer.len() == 31,
        "{answer}"
    );
    let socket = io.of("/").sockets().pop().unwrap();
    assert!(!socket.recovered());
    socket.emit("e", 1).unwrap();
    assert_eq!(client.recv().await, r#"2["e",1]"#);
}
