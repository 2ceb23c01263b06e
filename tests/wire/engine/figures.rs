//! What is counted for the operator.

use std::sync::Arc;

use engineio::{Close, Config, Engine, Limits, Socket};
use tokio::sync::Notify;

use crate::support::figures::Figures;
use crate::support::websocket::End;
use crate::support::{Server, settle};

fn echo() -> (Engine, Figures) {
    Figures::of("engineio_", || crate::support::echo(Config::default()))
}

#[tokio::test(start_paused = true)]
async fn every_figure_is_there_at_zero_before_anything_happens() {
    let (_engine, mut figures) = echo();
    let figures = figures.all();
    assert!(figures.values().all(|value| *value == 0));
    for name in [
        "bytes_received_total transport=polling",
        "bytes_sent_total transport=websocket",
        "outbox_bytes",
        "packets_received_total transport=websocket",
        "packets_sent_total transport=polling",
        "requests_refused_total code=0",
        "requests_refused_total status=413",
        "requests_refused_total status=415",
        "requests_refused_total status=429",
        "sessions transport=polling revision=4",
        "sessions_closed_total reason=ping timeout",
        "sessions_opened_total transport=websocket revision=4",
        "upgrade_failures_total",
        "upgrades_total",
    ] {
        assert!(figures.contains_key(name), "{name} of {figures:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_counted_through_its_upgrade_to_its_end() {
    let (engine, mut figures) = echo();
    let session = Server::engine(&engine).polling().await;
    settle().await;
    let open = 1 + open_packet(&session.sid).len();
    session.post("4hi\u{1e}bAQI=").await.assert(200, "ok");
    session.get().await.assert(200, "4hi\u{1e}bAQI=");
    settle().await;
    let polling = [
        "bytes_received_total transport=polling 9".into(),
        format!("bytes_sent_total transport=polling {}", open + 9),
        "packets_received_total transport=polling 2".into(),
        "packets_sent_total transport=polling 3".into(),
    ];
    let opened = "sessions_opened_total transport=polling revision=4 1".to_owned();
    let mut expected = polling.to_vec();
    expected.push("sessions transport=polling revision=4 1".into());
    expected.push(opened.clone());
    assert_eq!(figures.read(), expected);

    let mut socket = session.upgrade().await;
    socket.send_at_once(["2probe", "5", "4abc"]).await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(socket.text().await, "4abc");
    settle().await;
    let mut traffic = polling.to_vec();
    traffic.insert(1, "bytes_received_total transport=websocket 11".into());
    traffic.insert(3, "bytes_sent_total transport=websocket 10".into());
    traffic.insert(5, "packets_received_total transport=websocket 3".into());
    traffic.insert(7, "packets_sent_total transport=websocket 2".into());
    let mut expected = traffic.clone();
    expected.push("sessions transport=websocket revision=4 1".into());
    expected.push(opened.clone());
    expected.push("upgrades_total 1".into());
    assert_eq!(figures.read(), expected);

    drop(socket);
    settle().await;
    traffic.push("sessions_closed_total reason=transport close 1".into());
    traffic.push(opened);
    traffic.push("upgrades_total 1".into());
    assert_eq!(figures.read(), traffic);
}

#[tokio::test(start_paused = true)]
async fn failed_upgrades_and_every_refusal_are_counted() {
    let limits = Limits::default().sessions(1);
    let (engine, mut figures) = Figures::of("engineio_", || {
        crate::support::echo(Config::default().limits(limits))
    });
    let server = Server::engine(&engine);
    let mut client = server.client();
    // Who is not served is told so only where there is room.
    let response = client.get("?EIO=7&transport=polling").await;
    response.assert_refused(400, 5, "Unsupported protocol version");
    let session = server.polling().await;
    for (method, query) in [
        ("GET", "?EIO=4&transport=carrier-pigeon"),
        ("GET", "?EIO=4&transport=polling&sid=nobody"),
        ("POST", "?EIO=4&transport=polling"),
        ("GET", "?EIO=4&transport=websocket"),
        ("GET", "?EIO=4&transport=polling"),
        ("PUT", &session.query()),
    ] {
        assert_ne!(client.request(method, query, &[], b"").await.status, 200);
    }
    let mut candidate = session.upgrade().await;
    assert_eq!(session.upgrade().await.end().await, End::Close(None));
    candidate.send("4too early").await;
    assert_eq!(candidate.end().await, End::Close(None));
    let large = vec![b'4'; 1_000_001];
    session.post(large).await.assert(413, "");
    session.post("no packet").await.assert(400, "");
    settle().await;
    let mut read = figures.read();
    read.retain(|figure| !figure.contains("transport="));
    let mut expected: Vec<_> = ["code=0", "code=1", "code=2", "code=3", "code=5"]
        .into_iter()
        .chain(["status=400", "status=413", "status=500", "status=503"])
        .map(|label| format!("requests_refused_total {label} 1"))
        .collect();
    expected.push("sessions_closed_total reason=parse error 1".into());
    expected.push("upgrade_failures_total 2".into());
    assert_eq!(read, expected);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_all_clients_is_a_figure_that_returns_to_zero() {
    let (sent, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (engine, mut figures) = Figures::of("engineio_", || {
        let (sent, go) = (sent.clone(), go.clone());
        Engine::new(Config::default(), move |socket: Socket| {
            let (sent, go) = (sent.clone(), go.clone());
            async move {
                // More than the pipe to a client holds.
                socket.send(vec![0; 2 << 20]).expect("it is open");
                sent.notify_one();
                go.notified().await;
                socket.close(Close::Discard);
                // Whoever keeps a socket keeps no bytes.
                std::mem::forget(socket);
            }
        })
    });
    let server = Server::engine(&engine);
    let _polling = server.polling().await;
    sent.notified().await;
    let message = (2 << 20) + 64;
    assert_eq!(figures.all()["outbox_bytes"], message);
    let mut websocket = server.websocket().await;
    sent.notified().await;
    settle().await;
    assert_eq!(figures.all()["outbox_bytes"], 2 * message);
    go.notify_waiters();
    settle().await;
    assert_eq!(engine.session_count(), 0);
    // The websocket's share is still being written.
    assert_eq!(figures.all()["outbox_bytes"], message);
    engine.close(Close::Discard).await;
    assert_eq!(figures.all()["outbox_bytes"], 0);
    assert_eq!(websocket.end().await, End::Dropped);
}

/// What the default configuration says in a handshake, without its `0`.
fn open_packet(sid: &str) -> String {
    format!(
        r#"{{"sid":"{sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#
    )
}
