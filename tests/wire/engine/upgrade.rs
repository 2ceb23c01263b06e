//! From polling to websocket.

use std::time::Duration;

use engineio::Config;
use tokio::time::Instant;

use crate::support::http::websocket_headers;
use crate::support::websocket::End;
use crate::support::{Server, settle};

#[tokio::test(start_paused = true)]
async fn an_upgrade_moves_the_session_to_the_websocket() {
    let session = Server::echo(Config::default()).polling().await;
    let mut get = session.start_get().await;
    let mut socket = session.upgrade().await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    get.response().await.assert(200, "6");
    socket.send("5").await;
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
    for response in [session.get().await, session.post("4x").await] {
        response.assert_refused(400, 3, "Bad request");
    }
    socket.send("4alive").await;
    assert_eq!(socket.text().await, "4alive");
}

#[tokio::test(start_paused = true)]
async fn what_follows_the_upgrade_packet_in_the_same_write_is_read() {
    let session = Server::echo(Config::default()).polling().await;
    let mut socket = session.upgrade().await;
    socket.send_at_once(["2probe", "5", "4a", "4b"]).await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(socket.text().await, "4a");
    assert_eq!(socket.text().await, "4b");
}

#[tokio::test(start_paused = true)]
async fn messages_from_before_the_upgrade_come_over_the_websocket_in_order() {
    let session = Server::echo(Config::default()).polling().await;
    let mut socket = session.upgrade().await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    session.post("4a\u{1e}4b").await.assert(200, "ok");
    socket.send_at_once(["5", "4c"]).await;
    for expected in ["4a", "4b", "4c"] {
        assert_eq!(socket.text().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_get_during_the_upgrade_is_released_within_100_ms() {
    let session = Server::echo(Config::default()).polling().await;
    let mut socket = session.upgrade().await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    let start = Instant::now();
    session.get().await.assert(200, "6");
    assert_eq!(start.elapsed(), Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_packet_ends_the_candidate_and_not_the_session() {
    let session = Server::echo(Config::default()).polling().await;
    for wrong in ["2", "4hello", "garbage", ""] {
        let mut socket = session.upgrade().await;
        socket.send(wrong).await;
        assert_eq!(socket.end().await, End::Close(None), "{wrong:?}");
        drop(socket);
        settle().await;
    }
    session.post("4on polling").await.assert(200, "ok");
    session.get().await.assert(200, "4on polling");
    let mut socket = session.upgrade().await;
    socket.send_at_once(["2probe", "5", "4at last"]).await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(socket.text().await, "4at last");
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_goes_away_leaves_the_session_alone() {
    let session = Server::echo(Config::default()).polling().await;
    let mut socket = session.upgrade().await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    drop(socket);
    settle().await;
    session.post("4on polling").await.assert(200, "ok");
    session.get().await.assert(200, "4on polling");
    session.upgrade().await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_candidate_is_closed_after_the_upgrade_timeout() {
    let session = Server::echo(Config::default()).polling().await;
    let start = Instant::now();
    let mut socket = session.upgrade().await;
    assert_eq!(socket.end().await, End::Close(None));
    assert_eq!(start.elapsed().as_secs(), 10);
    session.post("4on polling").await.assert(200, "ok");
    session.get().await.assert(200, "4on polling");
}

#[tokio::test(start_paused = true)]
async fn a_second_websocket_is_opened_and_closed_and_harms_nothing() {
    let session = Server::echo(Config::default()).polling().await;
    let mut candidate = session.upgrade().await;
    candidate.send("2probe").await;
    assert_eq!(candidate.text().await, "3probe");
    assert_eq!(session.upgrade().await.end().await, End::Close(None));
    candidate.send("5").await;
    candidate.send("4upgraded").await;
    assert_eq!(candidate.text().await, "4upgraded");
    assert_eq!(session.upgrade().await.end().await, End::Close(None));
    candidate.send("4alive").await;
    assert_eq!(candidate.text().await, "4alive");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_ends_its_candidate() {
    let session = Server::echo(Config::default()).polling().await;
    let mut socket = session.upgrade().await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    session.post("1").await.assert(200, "ok");
    assert_eq!(socket.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_messages_each_way_cross_an_upgrade_in_order() {
    let session = Server::echo(Config::default()).polling().await;
    let sent: Vec<_> = (0..1000).map(|number| format!("4{number}")).collect();
    let mut received = Vec::new();
    let (before, after) = sent.split_at(500);
    for chunk in before.chunks(50) {
        session.post(chunk.join("\u{1e}")).await.assert(200, "ok");
        let body = session.get().await;
        received.extend(body.text().split('\u{1e}').map(str::to_owned));
    }
    session.post(after[..100].join("\u{1e}")).await;
    let mut socket = session.upgrade().await;
    socket.send_at_once(["2probe", "5"]).await;
    assert_eq!(socket.text().await, "3probe");
    for message in &after[100..] {
        socket.send(message.as_str()).await;
    }
    while received.len() < sent.len() {
        received.push(socket.text().await);
    }
    assert_eq!(received, sent);
}

#[tokio::test(start_paused = true)]
async fn a_candidate_is_ended_even_if_its_timer_is_late() {
    let session = Server::echo(Config::default()).polling().await;
    let mut stale = session.upgrade().await;
    settle().await;
    let mut client = session.server().client();
    let query = format!("?EIO=4&transport=websocket&sid={}", session.sid);
    client.send("GET", &query, &websocket_headers(), b"").await;
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(stale.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn a_post_that_is_not_whole_at_the_upgrade_is_refused() {
    let session = Server::echo(Config::default()).polling().await;
    let mut post = session.server().client();
    let headers = [("Content-Length", "100")];
    post.send("POST", &session.query(), &headers, b"").await;
    settle().await;
    let mut socket = session.upgrade().await;
    socket.send_at_once(["2probe", "5", "4alive"]).await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(socket.text().await, "4alive");
    post.response().await.assert_refused(400, 3, "Bad request");
}
