//! Who is not let in, and what the server's operator is told of it.

use std::net::IpAddr;
use std::time::Duration;

use engineio::{Body, Config, Engine, Limits, Origins, PeerAddr, SessionCookie};
use http::Request;
use hyper::body::Incoming;
use tower::ServiceExt;

use crate::support::http::websocket_headers;
use crate::support::{Server, echo, settle};

const POLLING: &str = "?EIO=4&transport=polling";
const WEBSOCKET: &str = "?EIO=4&transport=websocket";

#[tokio::test(start_paused = true)]
async fn an_opaque_origin_and_a_forged_forwarded_host_are_foreign() {
    let engine = echo(Config::default().origins(Origins::Same));
    let server = Server::engine(&engine);
    for forged in [
        &[("Origin", "null")][..],
        &[("Origin", "")],
        &[
            ("Origin", "http://evil.example"),
            ("X-Forwarded-Host", "evil.example"),
            ("Forwarded", "host=evil.example"),
        ],
    ] {
        let response = server.client().request("GET", POLLING, forged, b"").await;
        response.assert_refused(403, 4, "Forbidden");
        let headers = [&websocket_headers()[..], forged].concat();
        let mut client = server.client();
        let response = client.request("GET", WEBSOCKET, &headers, b"").await;
        response.assert(400, "Forbidden");
    }
    assert_eq!(engine.session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_query_says_is_not_sent_back() {
    const EVIL: &str = "%0D%0ASet-Cookie:%20evil=1%0D%0A%0D%0A%3Cscript%3E";
    let server = Server::echo(Config::default().cookie(SessionCookie::default()));
    for query in [
        format!("?EIO=4&transport={EVIL}"),
        format!("?EIO=4&transport=polling&sid={EVIL}"),
        format!("?EIO={EVIL}&transport=polling"),
        format!("?EIO=4&transport=polling&b64={EVIL}&t={EVIL}&{EVIL}={EVIL}"),
    ] {
        let response = server.client().get(&query).await;
        let shown = format!("{response:?} {}", response.text());
        assert!(!shown.contains("evil"), "{shown}");
        assert!(!shown.contains("script"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_compressed_body_is_refused_and_its_session_lives_on() {
    let server = Server::echo(Config::default());
    let client = server.polling().await;
    for coding in ["gzip", "identity, br"] {
        let headers = [("Content-Encoding", coding)];
        let mut connection = server.client();
        let response = connection
            .request("POST", &client.query(), &headers, b"4hello")
            .await;
        response.assert(415, "");
        assert_eq!(response.header("accept-encoding"), Some("identity"));
    }
    let headers = [("Content-Encoding", "Identity")];
    let mut connection = server.client();
    let response = connection
        .request("POST", &client.query(), &headers, b"4hello")
        .await;
    response.assert(200, "ok");
    client.get().await.assert(200, "4hello");
}

#[tokio::test(start_paused = true)]
async fn a_websocket_is_refused_where_nothing_could_follow_the_101() {
    let engine = echo(Config::default());
    let client = Server::engine(&engine).polling().await;
    // As HTTP/2 gives it, and a host that does not let go of its connections.
    let request = |query: &str| {
        let mut request = Request::get(format!("/engine.io/{query}"));
        for (name, value) in websocket_headers() {
            request = request.header(name, value);
        }
        request.body(Body::default()).unwrap()
    };
    let candidate = client.query().replace("polling", "websocket");
    for query in [WEBSOCKET, &candidate] {
        let response = engine.handle(request(query)).await;
        assert_eq!(response.status(), 400, "{query}");
    }
    assert_eq!(engine.session_count(), 1);
    client.post("4hello").await.assert(200, "ok");
    client.get().await.assert(200, "4hello");
}

#[tokio::test(start_paused = true)]
async fn no_browser_is_to_guess_what_a_polling_response_is() {
    let server = Server::echo(Config::default());
    let client = server.polling().await;
    let open = server.client().get(POLLING).await;
    let posted = client.post("4<script>").await;
    let polled = client.get().await;
    let refused = server.client().get("?EIO=4&transport=%3Cscript%3E").await;
    for response in [open, posted, polled, refused] {
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_ne!(response.header("content-type"), None);
    }
}

/// The engine, for clients that come from this address.
fn seen_from(engine: &Engine, address: &str) -> Server {
    let address: IpAddr = address.parse().unwrap();
    let service = engine.service();
    Server::tower(
        "/engine.io/",
        service.map_request(move |mut request: Request<Incoming>| {
            request
                .extensions_mut()
                .insert(PeerAddr((address, 5000).into()));
            request
        }),
    )
}

#[tokio::test(start_paused = true)]
async fn an_address_has_as_many_sessions_as_the_limit_allows() {
    let limits = Limits::default().sessions_per_address(2);
    let engine = echo(Config::default().limits(limits));
    let server = seen_from(&engine, "2001:db8::1");
    let client = server.polling().await;
    let mut socket = server.websocket().await;

    let neighbour = seen_from(&engine, "2001:db8::2");
    let response = neighbour.client().get(POLLING).await;
    response.assert(429, "");
    assert_eq!(response.header("retry-after"), Some("5"));
    let mut refused = neighbour.client();
    let headers = websocket_headers();
    let response = refused.request("GET", WEBSOCKET, &headers, b"").await;
    assert_eq!(response.status, 429);
    assert_eq!(response.header("retry-after"), Some("5"));

    // Others are not concerned, nor is an upgrade.
    seen_from(&engine, "2001:db8:0:1::1").polling().await;
    let mut candidate = client.upgrade().await;
    candidate.send("2probe").await;
    assert_eq!(candidate.text().await, "3probe");

    socket.close().await;
    settle().await;
    neighbour.polling().await;
    assert_eq!(neighbour.client().get(POLLING).await.status, 429);
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_is_never_finished_is_counted_until_it_is_given_up() {
    let limits = Limits::default().sessions_per_address(1);
    let config = Config::default().upgrade_timeout(Duration::from_secs(10));
    let engine = echo(config.limits(limits));
    let server = seen_from(&engine, "203.0.113.7");
    let stalled = server.stalled_websocket(WEBSOCKET).await;
    assert_eq!(engine.session_count(), 0);
    assert_eq!(server.client().get(POLLING).await.status, 429);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(server.client().get(POLLING).await.status, 200);
    drop(stalled);
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_or_an_address_nobody_is_counted() {
    let limits = Limits::default().sessions_per_address(1);
    let limited = echo(Config::default().limits(limits));
    let unlimited = echo(Config::default());
    for server in [
        Server::engine(&limited),
        seen_from(&unlimited, "203.0.113.7"),
    ] {
        server.polling().await;
        server.polling().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_engine_says_when_to_come_back() {
    let limits = Limits::default().sessions(1);
    let server = Server::echo(Config::default().limits(limits));
    server.polling().await;
    let response = server.client().get(POLLING).await;
    response.assert(503, "");
    assert_eq!(response.header("retry-after"), Some("5"));
    let headers = websocket_headers();
    let mut client = server.client();
    let response = client.request("GET", WEBSOCKET, &headers, b"").await;
    assert_eq!(response.status, 503);
    assert_eq!(response.header("retry-after"), Some("5"));
}

#[tokio::test(start_paused = true)]
async fn a_polling_request_that_asks_for_a_websocket_is_refused_in_its_turn() {
    let server = Server::echo(Config::default().allow_revision_3(true));
    let session = server.polling().await;
    let unknown = format!("{POLLING}&sid=nobody");
    let revision = session.query().replace("EIO=4", "EIO=3");
    for (method, query, message) in [
        ("GET", &*unknown, "Session ID unknown"),
        ("GET", &*revision, "Bad request"),
        ("GET", &*session.query(), "Bad request"),
        ("POST", POLLING, "Bad handshake method"),
        ("GET", POLLING, "Bad request"),
    ] {
        let mut client = server.client();
        let headers = websocket_headers();
        let response = client.request(method, query, &headers, b"").await;
        response.assert(400, message);
    }
    session.post("4alive").await.assert(200, "ok");
}
