//! GET and POST.

use engineio::{Close, Config};

use crate::support::{Server, settle};

#[tokio::test(start_paused = true)]
async fn a_post_is_answered_ok_and_a_get_brings_the_echo() {
    let session = Server::echo(Config::default()).polling().await;
    let response = session.post("4hello").await;
    response.assert(200, "ok");
    assert_eq!(response.header("content-type"), Some("text/html"));
    assert_eq!(response.header("content-length"), Some("2"));
    session.get().await.assert(200, "4hello");
}

#[tokio::test(start_paused = true)]
async fn text_and_binary_come_back_in_one_payload() {
    let session = Server::echo(Config::default()).polling().await;
    let payload = "4a\u{1e}bAQIDBA==\u{1e}4é€😀\u{1e}4";
    session.post(payload).await.assert(200, "ok");
    session.get().await.assert(200, payload);
}

#[tokio::test(start_paused = true)]
async fn a_get_waits_for_a_message() {
    let session = Server::echo(Config::default()).polling().await;
    let mut get = session.start_get().await;
    session.post("4late").await.assert(200, "ok");
    get.response().await.assert(200, "4late");
}

#[tokio::test(start_paused = true)]
async fn one_connection_serves_many_requests() {
    let session = Server::echo(Config::default()).polling().await;
    let mut client = session.server().client();
    for round in 0..3 {
        let message = format!("4{round}");
        let query = session.query();
        client
            .post(&query, message.as_bytes())
            .await
            .assert(200, "ok");
        client.get(&query).await.assert(200, &message);
    }
}

#[tokio::test(start_paused = true)]
async fn a_chunked_post_is_accepted() {
    let session = Server::echo(Config::default()).polling().await;
    let mut client = session.server().client();
    let headers = [("Transfer-Encoding", "chunked")];
    client.send("POST", &session.query(), &headers, b"").await;
    client.write(b"3\r\n4he\r\n").await;
    settle().await;
    client.write(b"3\r\nllo\r\n0\r\n\r\n").await;
    client.response().await.assert(200, "ok");
    session.get().await.assert(200, "4hello");
}

#[tokio::test(start_paused = true)]
async fn a_second_get_is_refused_and_closes_the_session() {
    let session = Server::echo(Config::default()).polling().await;
    let mut first = session.start_get().await;
    session.get().await.assert(400, "");
    first.response().await.assert(200, "1");
    session
        .get()
        .await
        .assert_refused(400, 1, "Session ID unknown");
}

#[tokio::test(start_paused = true)]
async fn a_second_post_is_refused_and_closes_the_session() {
    let session = Server::echo(Config::default()).polling().await;
    let mut first = session.server().client();
    let headers = [("Content-Length", "100")];
    first.send("POST", &session.query(), &headers, b"").await;
    first.write(b"4not yet whole").await;
    settle().await;
    session.post("4second").await.assert(400, "");
    first.response().await.assert(400, "");
    assert_eq!(session.get().await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_from_its_get_loses_its_session() {
    let session = Server::echo(Config::default()).polling().await;
    drop(session.start_get().await);
    settle().await;
    session
        .get()
        .await
        .assert_refused(400, 1, "Session ID unknown");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_right_behind_its_get_loses_its_session() {
    let session = Server::echo(Config::default()).polling().await;
    let mut get = session.server().client();
    get.send("GET", &session.query(), &[], b"").await;
    // The end is there when the server begins to read.
    drop(get);
    settle().await;
    session
        .get()
        .await
        .assert_refused(400, 1, "Session ID unknown");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_from_its_post_loses_its_session() {
    let session = Server::echo(Config::default()).polling().await;
    let mut post = session.server().client();
    let headers = [("Content-Length", "100")];
    post.send("POST", &session.query(), &headers, b"").await;
    settle().await;
    drop(post);
    settle().await;
    assert_eq!(session.get().await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_close_packet_releases_the_get() {
    let session = Server::echo(Config::default()).polling().await;
    let mut get = session.start_get().await;
    session.post("1").await.assert(200, "ok");
    get.response().await.assert(200, "6");
    assert_eq!(session.get().await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn another_method_is_an_error_that_leaves_the_session_alone() {
    let session = Server::echo(Config::default()).polling().await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let mut client = session.server().client();
        let response = client.request(method, &session.query(), &[], b"").await;
        response.assert(500, "");
    }
    session.post("4alive").await.assert(200, "ok");
    session.get().await.assert(200, "4alive");
}

#[tokio::test(start_paused = true)]
async fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
    let config = Config::default().max_payload(10);
    let session = Server::echo(config).polling().await;
    session.post("4éééé").await.assert(200, "ok");
    session.post("4ééééé").await.assert(413, "");
    let mut client = session.server().client();
    let headers = [("Transfer-Encoding", "chunked")];
    client.send("POST", &session.query(), &headers, b"").await;
    client.write(b"b\r\n4123456789a\r\n").await;
    client.response().await.assert(413, "");
    session.get().await.assert(200, "4éééé");
}

#[tokio::test(start_paused = true)]
async fn a_session_knows_only_its_transport_and_revision() {
    let server = Server::echo(Config::default());
    let session = server.polling().await;
    for query in [
        format!("?EIO=4&transport=websocket&sid={}", session.sid),
        format!("?EIO=3&transport=polling&sid={}", session.sid),
    ] {
        let response = server.client().get(&query).await;
        response.assert_refused(400, 3, "Bad request");
    }
    session.post("4alive").await.assert(200, "ok");
}

#[tokio::test(start_paused = true)]
async fn an_old_browser_is_told_that_this_is_no_attack() {
    let session = Server::echo(Config::default()).polling().await;
    let ie11 = (
        "User-Agent",
        "Mozilla/5.0 (Windows NT 6.1; Trident/7.0) like Gecko",
    );
    let ie8 = (
        "User-Agent",
        "Mozilla/4.0 (compatible;MSIE 8.0;Windows NT 6.1)",
    );
    for (headers, header) in [(&[ie11][..], Some("0")), (&[ie8], Some("0")), (&[], None)] {
        for (method, body) in [("POST", &b"4a"[..]), ("GET", b"")] {
            let mut client = session.server().client();
            let response = client
                .request(method, &session.query(), headers, body)
                .await;
            assert_eq!(response.header("x-xss-protection"), header);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_that_is_not_whole_when_its_session_ends_is_refused_at_once() {
    let engine = crate::support::echo(Config::default());
    let session = Server::engine(&engine).polling().await;
    let mut post = session.server().client();
    let headers = [("Content-Length", "100")];
    post.send("POST", &session.query(), &headers, b"").await;
    post.write(b"4not yet whole").await;
    settle().await;
    let start = tokio::time::Instant::now();
    engine.close(Close::Discard).await;
    post.response().await.assert(400, "");
    assert_eq!(start.elapsed().as_millis(), 0);
}
