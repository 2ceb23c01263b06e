//! Opening a session, and being refused.

use engineio::{Config, Engine, Origins};

use crate::support::Server;
use crate::support::http::websocket_headers;

#[tokio::test(start_paused = true)]
async fn a_polling_handshake_is_answered_with_the_open_packet_alone() {
    // A handler that sends at once: its message belongs to the next poll.
    let engine = Engine::new(Config::default(), async |socket| {
        let _ = socket.send("hello");
        socket.recv().await;
    });
    let server = Server::engine(&engine);
    let response = server.client().get("?EIO=4&transport=polling&t=abc").await;
    assert_eq!(response.status, 200);
    assert_eq!(
        response.header("content-type"),
        Some("text/plain; charset=UTF-8")
    );
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let json: serde_json::Value = serde_json::from_str(&response.text()[1..]).unwrap();
    let sid = json["sid"].as_str().unwrap();
    assert_eq!(sid.len(), 20);
    assert_eq!(
        response.text(),
        format!(
            concat!(
                r#"0{{"sid":"{}","upgrades":["websocket"],"#,
                r#""pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#
            ),
            sid
        )
    );
    let query = format!("?EIO=4&transport=polling&sid={sid}");
    server.client().get(&query).await.assert(200, "4hello");
}

#[tokio::test(start_paused = true)]
async fn a_websocket_handshake_is_answered_with_the_open_packet() {
    let server = Server::echo(Config::default());
    let mut socket = server.dial("?EIO=4&transport=websocket").await;
    let open = socket.text().await;
    assert!(open.starts_with(r#"0{"sid":""#), "{open}");
    assert!(
        open.ends_with(
            r#"","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        ),
        "{open}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_has_the_status_and_the_json_of_the_reference() {
    let server = Server::echo(Config::default());
    let refused = async |method, query, headers: &[_]| {
        server.client().request(method, query, headers, b"").await
    };
    for query in [
        "",
        "?EIO=4",
        "?EIO=4&transport=abc",
        "?EIO=4&transport=__proto__",
    ] {
        let response = refused("GET", query, &[]).await;
        response.assert_refused(400, 0, "Transport unknown");
    }
    refused("GET", "?EIO=4&transport=polling&sid=unknown", &[])
        .await
        .assert_refused(400, 1, "Session ID unknown");
    for method in ["POST", "PUT", "OPTIONS"] {
        let response = refused(method, "?EIO=4&transport=polling", &[]).await;
        response.assert_refused(400, 2, "Bad handshake method");
    }
    refused("GET", "?EIO=4&transport=websocket", &[])
        .await
        .assert_refused(400, 3, "Bad request");
    refused(
        "GET",
        "?EIO=4&transport=polling",
        &[("Origin", "http://\u{e9}")],
    )
    .await
    .assert_refused(400, 3, "Bad request");
    for query in [
        "?transport=polling",
        "?EIO=3&transport=polling",
        "?EIO=abc&transport=polling",
    ] {
        let response = refused("GET", query, &[]).await;
        response.assert_refused(400, 5, "Unsupported protocol version");
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_origin_is_refused_on_both_transports_before_there_is_a_session() {
    let engine = crate::support::echo(Config::default().origins(Origins::Same));
    let server = Server::engine(&engine);
    let foreign = [("Origin", "http://evil.example")];
    let own = [("Origin", "http://localhost:3000")];
    let query = "?EIO=4&transport=polling";
    let mut client = server.client();
    client
        .request("GET", query, &foreign, b"")
        .await
        .assert_refused(403, 4, "Forbidden");
    let response = client.request("GET", query, &own, b"").await;
    assert_eq!(response.status, 200);

    let headers = [&websocket_headers()[..], &foreign].concat();
    let query = "?EIO=4&transport=websocket";
    let response = server.client().request("GET", query, &headers, b"").await;
    response.assert(400, "Forbidden");
    assert_eq!(engine.session_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_websocket_gets_the_bare_message_before_any_101() {
    let server = Server::echo(Config::default());
    for (query, message) in [
        ("", "Transport unknown"),
        ("?EIO=4&transport=abc", "Transport unknown"),
        (
            "?EIO=4&transport=websocket&sid=unknown",
            "Session ID unknown",
        ),
        ("?EIO=3&transport=websocket", "Unsupported protocol version"),
        ("?EIO=4&transport=polling", "Bad request"),
    ] {
        let mut client = server.client();
        let response = client
            .request("GET", query, &websocket_headers(), b"")
            .await;
        response.assert(400, message);
        assert_eq!(response.header("connection"), Some("close"));
        assert_eq!(response.header("content-type"), Some("text/html"));
        assert!(client.is_dropped().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_websocket_handshake_of_another_version_is_told_the_right_one() {
    let server = Server::echo(Config::default());
    let mut headers = websocket_headers();
    headers[2].1 = "8";
    let query = "?EIO=4&transport=websocket";
    let response = server.client().request("GET", query, &headers, b"").await;
    response.assert(400, "Bad request");
    assert_eq!(response.header("sec-websocket-version"), Some("13"));
}

#[tokio::test(start_paused = true)]
async fn an_offer_of_another_protocol_is_ignored() {
    let server = Server::echo(Config::default());
    let headers = [("Connection", "Upgrade"), ("Upgrade", "h2c")];
    let query = "?EIO=4&transport=polling";
    let response = server.client().request("GET", query, &headers, b"").await;
    assert_eq!(response.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_path_is_matched_as_a_path() {
    let server = Server::echo(Config::default());
    let query = "?EIO=4&transport=polling";
    for (path, status) in [
        ("/engine.io/", 200),
        ("/engine.io/deeper/", 200),
        ("/engine.io", 404),
        ("/engine.ioX/", 404),
        ("/", 404),
    ] {
        let response = server.client().get(&format!("{path}{query}")).await;
        assert_eq!(response.status, status, "{path}");
    }
}
