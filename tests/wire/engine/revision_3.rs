//! Clients of revision 3, beside those of revision 4.

use engineio::{Config, Engine, Limits};

use crate::support::websocket::End;
use crate::support::{Polling, Server, settle};

const POLLING: &str = "?EIO=3&transport=polling";
const BASE64: &str = "?EIO=3&transport=polling&b64=1";
const WEBSOCKET: &str = "?EIO=3&transport=websocket";

fn server() -> Server {
    Server::echo(Config::default().allow_revision_3(true))
}

async fn polling() -> Polling {
    server().polling_with(POLLING).await
}

#[tokio::test(start_paused = true)]
async fn the_handshake_has_the_length_of_its_packet_in_front() {
    let server = server();
    for query in [POLLING, "?transport=polling", "?EIO=x&transport=polling"] {
        let response = server.client().get(query).await;
        let (length, packet) = response.text().split_once(':').unwrap();
        assert_eq!(length, packet.len().to_string());
        assert!(packet.starts_with("0{\"sid\":\""));
        assert!(packet.ends_with(
            r#""upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn revision_three_is_refused_unless_it_is_allowed() {
    let server = Server::echo(Config::default());
    let response = server.client().get(POLLING).await;
    response.assert_refused(400, 5, "Unsupported protocol version");
}

#[tokio::test(start_paused = true)]
async fn the_application_is_told_the_revision() {
    let config = Config::default().allow_revision_3(true);
    let server = Server::engine(&Engine::new(config, async |socket| {
        socket.send(socket.revision().as_str()).ok();
        socket.recv().await;
    }));
    let mut three = server.dial(WEBSOCKET).await;
    three.text().await;
    assert_eq!(three.text().await, "43");
    assert_eq!(server.websocket().await.text().await, "44");
}

#[tokio::test(start_paused = true)]
async fn a_session_keeps_its_revision() {
    let server = server();
    let three = server.polling_with(POLLING).await;
    let four = server.polling().await;
    for (session, query) in [(&three, "?EIO=4&transport=polling"), (&four, POLLING)] {
        let query = format!("{query}&sid={}", session.sid);
        let response = server.client().get(&query).await;
        response.assert_refused(400, 3, "Bad request");
    }
    three.post("6:4hello").await.assert(200, "ok");
    three.get().await.assert(200, "6:4hello");
    four.post("4hello").await.assert(200, "ok");
    four.get().await.assert(200, "4hello");
}

#[tokio::test(start_paused = true)]
async fn text_comes_back_behind_its_length_in_utf16_units() {
    let session = polling().await;
    let payload = "6:4hello2:4a6:4é€😀9";
    session.post(payload).await.assert(200, "ok");
    let response = session.get().await;
    response.assert(200, payload);
    assert_eq!(
        response.header("content-type"),
        Some("text/plain; charset=UTF-8")
    );
}

#[tokio::test(start_paused = true)]
async fn binary_comes_back_as_base64_to_who_asks_for_it() {
    let session = server().polling_with(BASE64).await;
    let payload = "6:4hello10:b4AQIDBA==";
    session.post(payload).await.assert(200, "ok");
    session.get().await.assert(200, payload);
}

#[tokio::test(start_paused = true)]
async fn binary_comes_back_in_a_binary_payload() {
    let session = polling().await;
    session
        .post("6:4hello10:b4AQIDBA==")
        .await
        .assert(200, "ok");
    let response = session.get().await;
    let payload = b"\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04";
    assert_eq!(response.body, payload);
    assert_eq!(
        response.header("content-type"),
        Some("application/octet-stream")
    );

    let mut client = session.server().client();
    let headers = [("Content-Type", "application/octet-stream")];
    let response = client
        .request("POST", &session.query(), &headers, payload)
        .await;
    response.assert(200, "ok");
    assert_eq!(session.get().await.body, payload);
}

#[tokio::test(start_paused = true)]
async fn a_websocket_carries_binary_behind_its_type() {
    let mut socket = server().dial(WEBSOCKET).await;
    assert!(socket.text().await.starts_with("0{"));
    socket.send("4é").await;
    assert_eq!(socket.text().await, "4é");
    socket.send(vec![4, 1, 2]).await;
    assert_eq!(socket.binary().await, [4, 1, 2]);
    let large = [vec![4], vec![7; 70_000]].concat();
    socket.send(large.clone()).await;
    assert_eq!(socket.binary().await, large);
}

#[tokio::test(start_paused = true)]
async fn a_websocket_gets_base64_if_it_asks_for_it() {
    let mut socket = server().dial(&format!("{WEBSOCKET}&b64=1")).await;
    socket.text().await;
    socket.send("b4AQI=").await;
    assert_eq!(socket.text().await, "b4AQI=");
}

#[tokio::test(start_paused = true)]
async fn the_client_pings_and_the_server_pongs() {
    let session = polling().await;
    for _ in 0..3 {
        session.post("1:2").await.assert(200, "ok");
        session.get().await.assert(200, "1:3");
    }
    let mut socket = server().dial(WEBSOCKET).await;
    socket.text().await;
    for ping in ["2", "2probe", "2"] {
        socket.send(ping).await;
        assert_eq!(socket.text().await, "3");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_ping_is_closed_after_interval_and_timeout() {
    let start = tokio::time::Instant::now();
    let session = polling().await;
    session.get().await.assert(200, "1:1");
    assert_eq!(start.elapsed().as_secs(), 45);
    let response = session.post("1:2").await;
    response.assert_refused(400, 1, "Session ID unknown");

    let start = tokio::time::Instant::now();
    let mut socket = server().dial(WEBSOCKET).await;
    socket.text().await;
    assert_eq!(socket.end().await, End::Close(None));
    assert_eq!(start.elapsed().as_secs(), 45);
}

#[tokio::test(start_paused = true)]
async fn a_pong_of_a_client_of_revision_three_closes_its_session() {
    let session = polling().await;
    session.post("1:3").await.assert(400, "");
    session
        .get()
        .await
        .assert_refused(400, 1, "Session ID unknown");
}

#[tokio::test(start_paused = true)]
async fn a_bad_payload_of_revision_three_closes_the_session() {
    for payload in ["abc", "", "1:", "7:4hello", "4hello", "1:b", "5:éabcd"] {
        let session = polling().await;
        session.post(payload).await.assert(400, "");
        session
            .get()
            .await
            .assert_refused(400, 1, "Session ID unknown");
    }
}

#[tokio::test(start_paused = true)]
async fn one_byte_and_multi_byte_packets_of_revision_three_close_their_websocket() {
    for packet in [
        "b", "é", "éabcd", "€€", "", "\u{1e}", "\u{feff}", "b4", "b€",
    ] {
        let mut socket = server().dial(WEBSOCKET).await;
        socket.text().await;
        socket.send(packet).await;
        match packet {
            // Base64 of nothing is an empty message.
            "b4" => assert_eq!(socket.binary().await, [4]),
            _ => assert_eq!(socket.end().await, End::Close(None), "{packet:?}"),
        }
    }
    for packet in [&[][..], &[9], &[255, 1]] {
        let mut socket = server().dial(WEBSOCKET).await;
        socket.text().await;
        socket.send(packet.to_vec()).await;
        assert_eq!(socket.end().await, End::Close(None), "{packet:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_packet_of_revision_three_releases_the_waiting_get() {
    let session = polling().await;
    let mut get = session.start_get().await;
    session.post("1:1").await.assert(200, "ok");
    get.response().await.assert(200, "1:6");
}

#[tokio::test(start_paused = true)]
async fn overlapping_gets_of_revision_three_close_the_session() {
    let session = polling().await;
    let mut get = session.start_get().await;
    session.get().await.assert(400, "");
    get.response().await.assert(200, "1:1");
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_of_revision_three_goes_on_with_the_heartbeat() {
    let session = polling().await;
    let mut get = session.start_get().await;
    let mut socket = session.upgrade().await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    get.response().await.assert(200, "1:6");
    socket.send_at_once(["5", "4hello"]).await;
    assert_eq!(socket.text().await, "4hello");
    session.get().await.assert_refused(400, 3, "Bad request");
    socket.send("2").await;
    assert_eq!(socket.text().await, "3");
    assert_eq!(socket.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn packets_of_a_payload_of_revision_three_are_limited() {
    let limits = Limits::default().packets(10);
    let config = Config::default().allow_revision_3(true).limits(limits);
    let server = Server::echo(config);
    for (count, status) in [(10, 200), (11, 400)] {
        let session = server.polling_with(POLLING).await;
        settle().await;
        assert_eq!(session.post("1:6".repeat(count)).await.status, status);
    }
}
