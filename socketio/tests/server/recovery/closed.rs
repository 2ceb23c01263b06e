//! Clients whose whole connection is closed, while they are away or come back.

use std::sync::Arc;

use socketio::{BoxError, Server};
use tokio::sync::{Semaphore, SemaphorePermit as Permit};

use super::{Place, last, name, recovering};
use crate::support::Client;

#[tokio::test(start_paused = true)]
async fn a_client_that_is_closed_and_comes_back_at_once_is_new_in_all_its_namespaces() {
    let io = recovering();
    let (mut client, [place, other]) = arrive_twice(&io).await;
    let offset = hear(&io, &mut client, &other).await;
    let socket = io.of("/").socket(&place.id).unwrap();
    let mut again = Client::open(&io).await;
    // Its new connection has something to do before the old one learns that it is
    // closed, of which nobody is away yet.
    let claim = other.claim(&offset);
    again.send(&format!("0/other,{claim}")).await;
    socket.close();
    assert!(!again.recv().await.contains(&*other.id));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_closed_while_it_comes_back_leaves_all_its_namespaces() {
    for how in ["close", "close it"] {
        let io = recovering();
        let gate = Arc::new(Semaphore::new(1));
        hold(&io, &gate);
        let (mut client, [place, other]) = arrive_twice(&io).await;
        let other_offset = hear(&io, &mut client, &other).await;
        let socket = io.of("/").socket(&place.id).unwrap();
        let offset = place.hear(&io, client).await;

        let mut client = Client::open(&io).await;
        let claim = format!("0/other,{}", other.claim(&other_offset));
        client.send(&claim).await;
        assert_eq!(client.recv().await.replace("/other,", ""), other.answer());
        // Its middleware does not decide.
        client.send(&format!("0{}", place.claim(&offset))).await;
        client.silence().await;
        match how {
            "close" => socket.close(),
            _ => io.to(&place.id).close(),
        }
        assert_eq!(client.first().await.as_deref(), Some("1/other,"), "{how}");
        assert_eq!(client.first().await, None, "{how}");
        let mut client = Client::open(&io).await;
        client.send(&claim).await;
        assert!(!client.recv().await.contains(&*other.id), "{how}");
    }
}

/// Joins `/` and `/other`.
async fn arrive_twice(io: &Server) -> (Client, [Place; 2]) {
    io.of("/other");
    let mut client = Client::open(io).await;
    client.send_all(&["0", "0/other,"]).await;
    let place = Place::of(client.recv().await.strip_prefix('0').expect("a CONNECT"));
    let other = Place::of(
        client
            .recv()
            .await
            .strip_prefix("0/other,")
            .expect("a CONNECT"),
    );
    (client, [place, other])
}

/// Hears something in `/other`. Its offset.
async fn hear(io: &Server, client: &mut Client, other: &Place) -> String {
    io.of("/other")
        .to(&other.id)
        .emit("heard", ())
        .expect("it can be written");
    let packet = client.recv().await;
    assert_eq!(name(&packet), "heard");
    last(&packet)
}

/// Lets as many into `/` as there are permits.
fn hold(io: &Server, gate: &Arc<Semaphore>) {
    let gate = gate.clone();
    io.of("/").middleware(async move |_, ()| {
        let passed = gate.acquire().await;
        passed.map(Permit::forget).map_err(BoxError::from)
    });
}
