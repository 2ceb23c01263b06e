//! CORS by tower-http, as `docs/hosting.md` has it.

use std::time::Duration;

use engineio::Config;
use http::header::{
    ACCESS_CONTROL_ALLOW_METHODS, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue,
};
use http::{Method, Response, StatusCode};
use tower::{Layer, ServiceBuilder};
use tower_http::cors::{AllowCredentials, AllowHeaders, AllowOrigin, CorsLayer};

use crate::support::http::Response as Answer;
use crate::support::{Server, echo};

const ORIGIN: &str = "https://chat.example";

fn is_allowed(origin: &HeaderValue) -> bool {
    origin == ORIGIN
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(|origin, _| is_allowed(origin)))
        .allow_credentials(AllowCredentials::predicate(|origin, _| is_allowed(origin)))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([CONTENT_TYPE, AUTHORIZATION])
        .expose_headers([HeaderName::from_static("x-request-id")])
        .max_age(Duration::from_secs(123))
}

/// The answer to a preflight is the only one that names methods.
fn preflight_without_content<B>(mut response: Response<B>) -> Response<B> {
    if response
        .headers()
        .contains_key(ACCESS_CONTROL_ALLOW_METHODS)
    {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    response
}

/// On bare hyper, and in front of a router of axum.
fn servers() -> [Server; 2] {
    let bare = ServiceBuilder::new()
        .map_response(preflight_without_content)
        .layer(cors())
        .service(echo(Config::default()).service());
    let router = axum::Router::new()
        .layer(echo(Config::default()).layer())
        .layer(cors())
        .layer(tower::util::MapResponseLayer::new(
            preflight_without_content,
        ));
    [
        Server::tower("/engine.io/", bare),
        Server::tower("/engine.io/", router),
    ]
}

async fn ask(server: &Server, method: &str, query: &str, origin: &str) -> Answer {
    let mut headers = vec![("Origin", origin)];
    if method == "OPTIONS" {
        headers.push(("Access-Control-Request-Method", "POST"));
        headers.push(("Access-Control-Request-Headers", "x-anything"));
    }
    server.client().request(method, query, &headers, b"").await
}

const POLLING: &str = "?EIO=4&transport=polling";

#[tokio::test(start_paused = true)]
async fn a_preflight_is_answered_without_content_and_opens_nothing() {
    for server in servers() {
        for query in [POLLING, "", "default/"] {
            let answer = ask(&server, "OPTIONS", query, ORIGIN).await;
            answer.assert(204, "");
            for (name, value) in [
                ("access-control-allow-origin", Some(ORIGIN)),
                ("access-control-allow-credentials", Some("true")),
                ("access-control-allow-methods", Some("GET,POST")),
                (
                    "access-control-allow-headers",
                    Some("content-type,authorization"),
                ),
                ("access-control-max-age", Some("123")),
            ] {
                assert_eq!(answer.header(name), value, "{name}");
            }
            assert!(answer.header("vary").unwrap().contains("origin"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_names_the_origin_and_neither_methods_nor_headers() {
    for server in servers() {
        let answer = ask(&server, "GET", POLLING, ORIGIN).await;
        assert_eq!(answer.status, 200);
        for (name, value) in [
            ("access-control-allow-origin", Some(ORIGIN)),
            ("access-control-allow-credentials", Some("true")),
            ("access-control-expose-headers", Some("x-request-id")),
            ("access-control-allow-methods", None),
            ("access-control-allow-headers", None),
            ("access-control-max-age", None),
        ] {
            assert_eq!(answer.header(name), value, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_origin_is_answered_but_may_not_read() {
    for server in servers() {
        for (method, status) in [("OPTIONS", 204), ("GET", 200)] {
            let answer = ask(&server, method, POLLING, "https://evil.example").await;
            assert_eq!(answer.status, status);
            for name in [
                "access-control-allow-origin",
                "access-control-allow-credentials",
            ] {
                assert_eq!(answer.header(name), None, "{method} {name}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_may_read_why_it_was_refused() {
    for server in servers() {
        for (query, code, message) in [
            ("?EIO=4&transport=websocket", 3, "Bad request"),
            ("?EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
            (
                "?EIO=4&transport=polling&sid=nobody",
                1,
                "Session ID unknown",
            ),
        ] {
            let answer = ask(&server, "GET", query, ORIGIN).await;
            answer.assert_refused(400, code, message);
            assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_session_works_with_cors_on() {
    for server in servers() {
        let session = server.polling().await;
        session.post("4hello").await.assert(200, "ok");
        session.get().await.assert(200, "4hello");
        let mut socket = session.upgrade().await;
        socket.send_at_once(["2probe", "5", "4upgraded"]).await;
        assert_eq!(socket.text().await, "3probe");
        assert_eq!(socket.text().await, "4upgraded");
    }
}

#[tokio::test(start_paused = true)]
async fn a_preflight_can_reflect_what_it_is_asked_and_be_answered_200() {
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request());
    let service = layer.layer(echo(Config::default()).service());
    let server = Server::tower("/engine.io/", service);
    let answer = ask(&server, "OPTIONS", POLLING, "https://any.example").await;
    answer.assert(200, "");
    let origin = answer.header("access-control-allow-origin");
    assert_eq!(origin, Some("https://any.example"));
    let headers = answer.header("access-control-allow-headers");
    assert_eq!(headers, Some("x-anything"));
}

#[tokio::test(start_paused = true)]
async fn without_cors_there_is_no_header_and_a_preflight_is_refused() {
    let server = Server::echo(Config::default());
    let answer = ask(&server, "OPTIONS", POLLING, ORIGIN).await;
    answer.assert_refused(400, 2, "Bad handshake method");
    for answer in [answer, ask(&server, "GET", POLLING, ORIGIN).await] {
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}
