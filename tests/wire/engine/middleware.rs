//! Services of tower in front of the engine, which stand where the reference
//! has middleware of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use engineio::{Body, Config, Engine, SessionCookie};
use http::header::SET_COOKIE;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::cors::CorsLayer;

use crate::support::http::websocket_headers;
use crate::support::{Server, echo};

const POLLING: &str = "?EIO=4&transport=polling";
const WEBSOCKET: &str = "?EIO=4&transport=websocket";

/// The engine, behind a service that changes its responses.
fn behind(
    engine: &Engine,
    change: impl Fn(&mut Response<Body>) + Clone + Send + Sync + 'static,
) -> Server {
    let service = engine.service();
    let service = ServiceExt::<Request<Incoming>>::map_response(service, move |mut response| {
        change(&mut response);
        response
    });
    Server::tower("/engine.io/", service)
}

#[tokio::test(start_paused = true)]
async fn headers_of_a_layer_reach_polling_responses_and_the_101() {
    const SECURITY: [(&str, &str); 3] = [
        (
            "strict-transport-security",
            "max-age=15552000; includeSubDomains",
        ),
        ("x-download-options", "noopen"),
        ("x-frame-options", "SAMEORIGIN"),
    ];
    let server = behind(&echo(Config::default()), |response| {
        for (name, value) in SECURITY {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
    });
    let headers = websocket_headers();
    let polling = server.client().get(POLLING).await;
    let mut client = server.client();
    let websocket = client.request("GET", WEBSOCKET, &headers, b"").await;
    assert_eq!((polling.status, websocket.status), (200, 101));
    for (name, value) in SECURITY {
        assert_eq!(polling.header(name), Some(value));
        assert_eq!(websocket.header(name), Some(value));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cookie_of_a_layer_joins_those_of_the_engine() {
    let engine = echo(Config::default().cookie(SessionCookie::default()));
    let server = behind(&engine, |response| {
        let cookie = HeaderValue::from_static("session=1; Path=/");
        response.headers_mut().append(SET_COOKIE, cookie);
    });
    let polling = server.client().get(POLLING).await;
    let cookies: Vec<_> = polling.headers("set-cookie").collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert_eq!(cookies[1], "session=1; Path=/");

    let headers = websocket_headers();
    let mut client = server.client();
    let websocket = client.request("GET", WEBSOCKET, &headers, b"").await;
    let cookies: Vec<_> = websocket.headers("set-cookie").collect();
    assert_eq!(cookies, ["session=1; Path=/"]);
}

#[tokio::test(start_paused = true)]
async fn a_layer_may_answer_in_the_place_of_the_engine() {
    let opened = Arc::new(AtomicUsize::new(0));
    let engine = Engine::new(Config::default(), {
        let opened = opened.clone();
        move |_| {
            opened.fetch_add(1, Relaxed);
            async {}
        }
    });
    for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::BAD_REQUEST] {
        let service = engine.service();
        let server = Server::tower(
            "/engine.io/",
            service_fn(move |request: Request<Incoming>| {
                let mut service = service.clone();
                async move {
                    if !request.headers().contains_key("authorization") {
                        let mut refused = Response::new(Body::default());
                        *refused.status_mut() = status;
                        return Ok(refused);
                    }
                    service.call(request).await
                }
            }),
        );
        let headers = websocket_headers();
        let polling = server.client().get(POLLING).await;
        let mut client = server.client();
        let websocket = client.request("GET", WEBSOCKET, &headers, b"").await;
        assert_eq!(
            (polling.status, websocket.status),
            (status.as_u16(), status.as_u16())
        );
        assert_eq!(engine.session_count(), 0);
        assert_eq!(opened.load(Relaxed), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_elsewhere_may_read_a_refusal_behind_a_layer_of_cors() {
    let engine = echo(Config::default());
    let service = CorsLayer::permissive().layer(engine.service());
    let server = Server::tower("/engine.io/", service);
    let origin = [("Origin", "http://page.example")];
    let mut client = server.client();
    for (query, status) in [(WEBSOCKET, 400), (POLLING, 200)] {
        let response = client.request("GET", query, &origin, b"").await;
        assert_eq!(response.status, status, "{query}");
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    }
}

#[tokio::test(start_paused = true)]
async fn layers_run_from_the_outermost_inwards() {
    let mark = |mark: &'static str| {
        move |mut request: Request<Incoming>| {
            let marks = request.headers().get("marks");
            let marks = marks.map_or("", |marks| marks.to_str().unwrap());
            let marks = format!("{marks}{mark}").try_into().unwrap();
            request.headers_mut().insert("marks", marks);
            request
        }
    };
    let engine = echo(Config::default().headers(|headers, request| {
        headers.insert("marks", request.headers["marks"].clone());
    }));
    let inner = engine.service().map_request(mark("c"));
    let server = Server::tower(
        "/engine.io/",
        inner.map_request(mark("b")).map_request(mark("a")),
    );
    let response = server.client().get(POLLING).await;
    assert_eq!(response.header("marks"), Some("abc"));
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_body_holds_behind_a_layer() {
    let server = behind(&echo(Config::default().max_payload(5)), |_| ());
    let client = server.polling().await;
    client.post("4hell").await.assert(200, "ok");
    client.post("4hello").await.assert(413, "");
}
