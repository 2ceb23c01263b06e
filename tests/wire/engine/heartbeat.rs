//! Ping and pong.

use std::time::Duration;

use engineio::Config;
use tokio::time::{Instant, sleep_until};

use crate::support::Server;
use crate::support::websocket::End;

fn config() -> Config {
    Config::default()
        .ping_interval(Duration::from_millis(300))
        .ping_timeout(Duration::from_millis(200))
}

#[tokio::test(start_paused = true)]
async fn a_poll_brings_the_ping_and_a_post_the_pong() {
    let session = Server::echo(config()).polling().await;
    for _ in 0..3 {
        let start = Instant::now();
        session.get().await.assert(200, "2");
        assert_eq!(start.elapsed().as_millis(), 300);
        session.post("3").await.assert(200, "ok");
    }
}

#[tokio::test(start_paused = true)]
async fn a_websocket_is_pinged_one_interval_after_each_pong() {
    let mut socket = Server::echo(config()).websocket().await;
    for _ in 0..3 {
        let start = Instant::now();
        assert_eq!(socket.text().await, "2");
        assert_eq!(start.elapsed().as_millis(), 300);
        socket.send("3").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_polling_client_is_refused_after_interval_and_timeout() {
    let start = Instant::now();
    let session = Server::echo(config()).polling().await;
    sleep_until(start + Duration::from_millis(499)).await;
    session.get().await.assert(200, "2");
    sleep_until(start + Duration::from_millis(500)).await;
    session
        .get()
        .await
        .assert_refused(400, 1, "Session ID unknown");
}

#[tokio::test(start_paused = true)]
async fn a_silent_websocket_client_is_closed_after_interval_and_timeout() {
    let start = Instant::now();
    let mut socket = Server::echo(config()).websocket().await;
    assert_eq!(socket.text().await, "2");
    assert_eq!(socket.end().await, End::Close(None));
    assert_eq!(start.elapsed().as_millis(), 500);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_get_is_told_when_the_session_expires() {
    let session = Server::echo(config()).polling().await;
    session.get().await.assert(200, "2");
    session.get().await.assert(200, "1");
}

#[tokio::test(start_paused = true)]
async fn the_heartbeat_goes_on_after_an_upgrade_with_a_ping_outstanding() {
    let session = Server::echo(config()).polling().await;
    session.get().await.assert(200, "2");
    let mut socket = session.upgrade().await;
    socket.send_at_once(["2probe", "5", "3"]).await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(socket.text().await, "2");
    assert_eq!(socket.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn a_session_begins_whatever_its_times_are() {
    let config = Config::default()
        .ping_interval(Duration::ZERO)
        .ping_timeout(Duration::ZERO);
    let server = Server::echo(config);
    let session = server.polling().await;
    assert_eq!(session.get().await.status, 200);
}
