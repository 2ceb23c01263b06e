//! Cookies and headers that the application adds, and where.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use engineio::cookie::{Cookie, SameSite};
use engineio::{Config, SessionCookie};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::support::http::{Response, websocket_headers};
use crate::support::{Polling, Server};

const POLLING: &str = "?EIO=4&transport=polling";
const WEBSOCKET: &str = "?EIO=4&transport=websocket";

fn cookies(response: &Response) -> Vec<&str> {
    response.headers("set-cookie").collect()
}

fn session_cookie(cookie: impl Into<Cookie<'static>>) -> Config {
    Config::default().cookie(SessionCookie::new(cookie).unwrap())
}

/// The answer to a websocket handshake.
async fn upgrade(server: &Server, query: &str) -> Response {
    let headers = websocket_headers();
    server.client().request("GET", query, &headers, b"").await
}

/// The answers to a polling handshake, a POST and a GET.
async fn poll(server: &Server) -> (Polling, [Response; 3]) {
    let client = server.polling().await;
    let posted = client.post("4hello").await;
    let polled = client.get().await;
    let open = server.client().get(POLLING).await;
    (client, [open, posted, polled])
}

#[tokio::test(start_paused = true)]
async fn a_polling_handshake_sets_the_cookie_of_its_session() {
    let server = Server::echo(Config::default().cookie(SessionCookie::default()));
    let open = server.client().get(POLLING).await;
    let json: serde_json::Value = serde_json::from_str(&open.text()[1..]).unwrap();
    let sid = json["sid"].as_str().unwrap();
    let cookie = format!("io={sid}; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(cookies(&open), [cookie]);
}

#[tokio::test(start_paused = true)]
async fn the_cookie_has_the_attributes_that_it_was_given() {
    let io = || Cookie::build("io").http_only(true).same_site(SameSite::Lax);
    for (cookie, name, attributes) in [
        (
            Cookie::build("woot").path("/").http_only(true),
            "woot",
            "; Path=/; HttpOnly",
        ),
        (
            io().path("/custom"),
            "io",
            "; Path=/custom; HttpOnly; SameSite=Lax",
        ),
        (io(), "io", "; HttpOnly; SameSite=Lax"),
        (
            io().same_site(SameSite::Strict),
            "io",
            "; HttpOnly; SameSite=Strict",
        ),
        (io().http_only(false), "io", "; SameSite=Lax"),
        (
            io().secure(true).same_site(SameSite::None),
            "io",
            "; HttpOnly; Secure; SameSite=None",
        ),
    ] {
        let server = Server::echo(session_cookie(cookie));
        let open = server.client().get(POLLING).await;
        let [cookie] = cookies(&open)[..] else {
            panic!("expected one cookie, got {open:?}");
        };
        let (sent, rest) = cookie.split_once('=').unwrap();
        assert_eq!((sent, &rest[20..]), (name, attributes));
    }
}

#[tokio::test(start_paused = true)]
async fn the_cookie_is_set_once_and_only_on_polling() {
    let with_cookie = Config::default().cookie(SessionCookie::default());
    for (config, count) in [(with_cookie, 1), (Config::default(), 0)] {
        let server = Server::echo(config);
        let (client, [open, posted, polled]) = poll(&server).await;
        assert_eq!(cookies(&open).len(), count);
        let candidate = client.query().replace("polling", "websocket");
        let upgraded = upgrade(&server, &candidate).await;
        let opened = upgrade(&server, WEBSOCKET).await;
        assert_eq!((upgraded.status, opened.status), (101, 101));
        for response in [posted, polled, upgraded, opened] {
            assert_eq!(cookies(&response).len(), 0, "{response:?}");
        }
    }
}

/// Adds a header and a cookie to the first response of a session.
fn greet(config: Config) -> Config {
    config.initial_headers(|headers, handshake| {
        let path = handshake.uri.path().parse().unwrap();
        headers.insert("test", path);
        headers.insert(SET_COOKIE, HeaderValue::from_static("mycookie=456"));
    })
}

#[tokio::test(start_paused = true)]
async fn initial_headers_are_those_of_the_first_response_alone() {
    let server = Server::echo(greet(Config::default()));
    let (client, [open, posted, polled]) = poll(&server).await;
    let candidate = client.query().replace("polling", "websocket");
    let upgraded = upgrade(&server, &candidate).await;
    let opened = upgrade(&server, WEBSOCKET).await;
    for response in [open, opened] {
        assert_eq!(response.header("test"), Some("/engine.io/"), "{response:?}");
        assert_eq!(cookies(&response), ["mycookie=456"]);
    }
    assert_eq!(upgraded.status, 101);
    for response in [posted, polled, upgraded] {
        assert_eq!(response.header("test"), None, "{response:?}");
        assert_eq!(cookies(&response).len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cookie_of_the_application_stands_beside_the_sessions_own() {
    let config = greet(session_cookie("io")).headers(|headers, _| {
        headers.insert(SET_COOKIE, HeaderValue::from_static("each=1"));
    });
    let server = Server::echo(config);
    let open = server.client().get(POLLING).await;
    let [own, initial, each] = cookies(&open)[..] else {
        panic!("expected three cookies, got {open:?}");
    };
    assert!(own.starts_with("io="), "{own}");
    assert_eq!((initial, each), ("mycookie=456", "each=1"));

    let opened = upgrade(&server, WEBSOCKET).await;
    assert_eq!(cookies(&opened), ["mycookie=456", "each=1"]);
}

#[tokio::test(start_paused = true)]
async fn each_of_several_cookies_has_a_header_of_its_own() {
    const COOKIES: [&str; 4] = [
        "1=1; Max-Age=86400",
        "2=2; Path=/; HttpOnly; Secure; SameSite=Strict",
        "3=3; Max-Age=0",
        "4=4; Expires=Sun, 06 Nov 1994 08:49:37 GMT",
    ];
    let server = Server::echo(Config::default().initial_headers(|headers, _| {
        for cookie in COOKIES {
            headers.append(SET_COOKIE, HeaderValue::from_static(cookie));
        }
    }));
    let open = server.client().get(POLLING).await;
    assert_eq!(cookies(&open), COOKIES);
    assert_eq!(cookies(&upgrade(&server, WEBSOCKET).await), COOKIES);
}

#[tokio::test(start_paused = true)]
async fn headers_are_added_to_each_response_that_is_no_refusal() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = Server::echo(Config::default().headers({
        let calls = calls.clone();
        move |headers, request| {
            calls.fetch_add(1, Relaxed);
            let method = request.method.as_str().parse().unwrap();
            headers.insert("x-method", method);
            headers.insert("cache-control", HeaderValue::from_static("no-cache"));
        }
    }));
    let (client, [open, posted, polled]) = poll(&server).await;
    assert_eq!(calls.load(Relaxed), 4, "two handshakes, a POST and a GET");
    let candidate = client.query().replace("polling", "websocket");
    let upgraded = upgrade(&server, &candidate).await;
    let opened = upgrade(&server, WEBSOCKET).await;
    for (response, method) in [
        (open, "GET"),
        (posted, "POST"),
        (polled, "GET"),
        (upgraded, "GET"),
        (opened, "GET"),
    ] {
        assert_eq!(response.header("x-method"), Some(method));
        // In the place of the engine's own.
        let caching: Vec<_> = response.headers("cache-control").collect();
        assert_eq!(caching, ["no-cache"]);
    }
    let mut connection = server.client();
    let unknown = connection.get("?EIO=4&transport=x").await;
    let query = client.query();
    let method = connection.request("PUT", &query, &[], b"").await;
    let bad = client.post("nonsense").await;
    let refused = upgrade(&server, "?EIO=3&transport=websocket").await;
    for response in [unknown, method, bad, refused] {
        assert!(response.status >= 400);
        assert_eq!(response.header("x-method"), None, "{response:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn headers_of_the_connection_are_not_the_applications() {
    fn spoil(headers: &mut HeaderMap) {
        for name in [
            "connection",
            "content-length",
            "sec-websocket-accept",
            "sec-websocket-extensions",
            "sec-websocket-protocol",
            "transfer-encoding",
            "upgrade",
        ] {
            headers.insert(name, HeaderValue::from_static("7"));
        }
    }
    let config = Config::default()
        .initial_headers(|headers, _| spoil(headers))
        .headers(|headers, _| spoil(headers));
    let server = Server::echo(config);
    let client = server.polling().await;
    client.post("4hello").await.assert(200, "ok");
    client.get().await.assert(200, "4hello");
    server.websocket().await;
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_panics_adds_nothing() {
    let config = Config::default()
        .initial_headers(|headers, _| {
            headers.insert("test", HeaderValue::from_static("1"));
            panic!("the application's own fault");
        })
        .headers(|_, _| panic!("the application's own fault"));
    let server = Server::echo(config);
    let (_, responses) = poll(&server).await;
    for response in responses {
        assert_eq!(response.status, 200);
        assert_eq!(response.header("test"), None);
    }
    server.websocket().await;
}
