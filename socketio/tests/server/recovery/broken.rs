//! What a store does not keep that is broken for a while.

use std::sync::Arc;

use serde_json::json;
use socketio::Server;

use super::shared::server;
use super::{arrive, come_back, last, name};
use crate::bus::Bus;
use crate::shared_store::{Fault, SharedStore};
use crate::support::Client;

/// Those that are noticed.
const FAULTS: [Fault; 3] = [Fault::Full, Fault::Miscounts, Fault::Panics];

#[tokio::test(start_paused = true)]
async fn who_missed_what_a_broken_store_did_not_keep_is_new() {
    for fault in FAULTS {
        let (store, io) = fallible();
        io.on_connect(async |socket| socket.join("room"));
        let (client, away) = arrive(&io).await;
        let away_offset = away.hear(&io, client).await;
        // This one is gone as well, but nobody knows it.
        let (mut lost, silent) = arrive(&io).await;
        io.to(&silent.id).emit("heard", ()).unwrap();
        let silent_offset = last(&lost.recv().await);
        store.breaks(Some(fault));
        io.to("room").emit("missed", ()).unwrap();
        store.breaks(None);
        io.to("room").emit("later", ()).unwrap();
        for (place, offset) in [(away, away_offset), (silent, silent_offset)] {
            let (_client, packets) = come_back(&io, &place, &offset).await;
            assert_eq!(packets.len(), 1, "{fault:?}");
            assert_ne!(packets, [place.answer()], "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_broken_store_did_not_keep_concerns_those_alone_whom_it_was_for() {
    for fault in [Fault::Full, Fault::Miscounts] {
        let (store, io) = fallible();
        let (mut there, place) = arrive(&io).await;
        let (client, away) = arrive(&io).await;
        let offset = away.hear(&io, client).await;
        store.breaks(Some(fault));
        io.to("elsewhere").emit("not for them", ()).unwrap();
        store.breaks(None);
        io.emit("for all", ()).unwrap();
        let (_client, packets) = come_back(&io, &away, &offset).await;
        assert_eq!((name(&packets[0]), packets.len()), ("for all", 2));
        assert_eq!(packets[1], away.answer(), "{fault:?}");
        let offset = last(&there.recv().await);
        let (_client, packets) = come_back(&io, &place, &offset).await;
        assert_eq!(packets, [place.answer()], "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_let_in_by_a_broken_store_is_new_when_it_comes_back() {
    let (store, io) = fallible();
    io.emit("before", ()).unwrap();
    store.breaks(Some(Fault::Miscounts));
    let (client, place) = arrive(&io).await;
    store.breaks(None);
    let offset = place.hear(&io, client).await;
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_ne!(packets, [place.answer()]);
}

#[tokio::test(start_paused = true)]
async fn who_is_disconnected_while_a_store_is_broken_is_new() {
    let (store, io) = fallible();
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    store.breaks(Some(Fault::Panics));
    io.to(&place.id).disconnect();
    store.breaks(None);
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_ne!(packets, [place.answer()]);
}

#[tokio::test(start_paused = true)]
async fn a_store_is_asked_for_nothing_that_it_cannot_have_given() {
    let (store, io) = fallible();
    let (client, place) = arrive(&io).await;
    let offset = place.hear(&io, client).await;
    let short = &offset[1..];
    let long = format!("{offset}0");
    let bad = ["", "é", "\0", "\"", short, &long, "éééééééé"];
    let claims = bad.map(|offset| (&*place.pid, offset));
    let claims = claims
        .into_iter()
        .chain([("", &*offset), ("a b", &offset), ("é", &offset)]);
    for (pid, offset) in claims {
        let mut client = Client::open(&io).await;
        let claim = json!({ "pid": pid, "offset": offset });
        client.send(&format!("0{claim}")).await;
        assert_ne!(client.recv().await, place.answer());
        client.close().await;
    }
    assert_eq!(store.restores(), 0);
    let (_client, packets) = come_back(&io, &place, &offset).await;
    assert_eq!(packets, [place.answer()]);
    assert_eq!(store.restores(), 1);
}

/// A server whose store may break.
fn fallible() -> (Arc<SharedStore>, Server) {
    let store = Arc::new(SharedStore::default());
    let io = server(&Bus::default(), &store);
    (store, io)
}
