//! Everything that is served, with the headers that all of it needs.

use std::convert::Infallible;
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use engineio::{Body, Origins};
use http::header::{self, HeaderValue};
use http::{Method, Request, Response};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, Cors, CorsLayer};
use tower_layer::Layer;
use tower_service::Service;

use crate::routes::Routes;

/// The routes, with CORS for those who may use them.
#[derive(Clone, Debug)]
pub(crate) struct App {
    routes: Cors<Routes>,
}

impl App {
    pub(crate) fn new(io: socketio::Server, origins: &Origins) -> Self {
        let routes = cors(origins).layer(Routes::new(io));
        Self { routes }
    }
}

impl<B> Service<Request<B>> for App
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Display,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let response = self.routes.call(request);
        Box::pin(async move {
            let mut response = response.await?;
            // A browser takes each for what it says it is.
            let nosniff = HeaderValue::from_static("nosniff");
            response
                .headers_mut()
                .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
            Ok(response)
        })
    }
}

/// CORS for the origins that may open a session. A page of the server's own
/// origin needs none.
fn cors(origins: &Origins) -> CorsLayer {
    let cors = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request());
    match origins {
        Origins::Any => cors.allow_origin(Any),
        Origins::List(list) => {
            let list = list.iter().filter_map(|origin| origin.parse().ok());
            cors.allow_origin(AllowOrigin::list(list))
                .allow_credentials(true)
        }
        _ => cors,
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use http_body_util::{BodyExt, Empty};
    use serde_json::json;

    use super::*;
    use crate::client::app_with as app;

    async fn send(app: &mut App, request: http::request::Builder) -> Response<Bytes> {
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let (head, body) = app.call(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(head, body)
    }

    #[tokio::test]
    async fn the_page_may_run_its_own_files_only() {
        let response = send(&mut app(&[]), Request::get("/")).await;
        assert_eq!(response.status(), StatusCode::OK);
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(
            policy.contains("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
    }

    #[tokio::test]
    async fn the_client_is_served_if_the_build_has_it() {
        let response = send(&mut app(&[]), Request::get("/socket.io/socket.io.min.js")).await;
        if crate::assets::client().is_empty() {
            assert!(response.status().is_client_error());
        } else {
            assert_eq!(response.status(), StatusCode::OK);
            assert!(response.body().starts_with(b"/*!\n * Socket.IO v4."));
        }
    }

    #[tokio::test]
    async fn the_health_check_has_the_form_that_monitors_expect() {
        let response = send(&mut app(&[]), Request::get("/api/socket/health")).await;
        assert_eq!(response.headers()["content-type"], "application/json");
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        let socket = json!({ "initialized": true, "connected": 0, "rooms": 0 });
        assert_eq!(body, json!({ "status": "ok", "socket": socket }));
    }

    #[tokio::test]
    async fn the_health_check_is_only_read() {
        let path = "/api/socket/health";
        let response = send(&mut app(&[]), Request::head(path)).await;
        assert_eq!(response.status(), StatusCode::OK);
        let response = send(&mut app(&[]), Request::post(path)).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }

    #[tokio::test]
    async fn no_response_is_sniffed_at() {
        let mut app = app(&["--origin", "http://a.example"]);
        for request in [
            Request::get("/"),
            Request::get("/nowhere"),
            Request::get("/socket.io/?EIO=4"),
            Request::options("/socket.io/").header("access-control-request-method", "POST"),
            handshake("http://a.example"),
        ] {
            let response = send(&mut app, request).await;
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        for path in ["/index.html", "/api", "/socket.io", "/../Cargo.toml"] {
            let response = send(&mut app(&[]), Request::get(path)).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn a_session_is_for_the_servers_own_page() {
        let mut app = app(&[]);
        for (origin, status) in [
            ("http://localhost:3000", StatusCode::OK),
            ("http://evil.example", StatusCode::FORBIDDEN),
            ("http://localhost:5173", StatusCode::FORBIDDEN),
        ] {
            let response = send(&mut app, handshake(origin)).await;
            assert_eq!(response.status(), status, "{origin}");
            assert!(
                !response
                    .headers()
                    .contains_key("access-control-allow-origin")
            );
        }
    }

    #[tokio::test]
    async fn a_listed_origin_may_open_a_session_and_read_the_answer() {
        let origin = "http://localhost:5173";
        let mut app = app(&["--origin", origin]);
        let response = send(&mut app, handshake(origin)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["access-control-allow-origin"], origin);
        assert_eq!(
            response.headers()["access-control-allow-credentials"],
            "true"
        );

        let response = send(&mut app, handshake("http://evil.example")).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert!(
            !response
                .headers()
                .contains_key("access-control-allow-origin")
        );
    }

    #[tokio::test]
    async fn a_preflight_of_a_listed_origin_is_answered() {
        let origin = "http://localhost:5173";
        let preflight = Request::options("/socket.io/?EIO=4&transport=polling")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "x-token");
        let response = send(&mut app(&["--origin", origin]), preflight).await;
        assert!(response.status().is_success());
        assert_eq!(response.headers()["access-control-allow-origin"], origin);
        assert_eq!(
            response.headers()["access-control-allow-headers"],
            "x-token"
        );
    }

    #[tokio::test]
    async fn any_origin_is_allowed_only_by_a_star() {
        let response = send(&mut app(&["--origin", "*"]), handshake("http://a.example")).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert!(
            !response
                .headers()
                .contains_key("access-control-allow-credentials")
        );
    }

    fn handshake(origin: &str) -> http::request::Builder {
        Request::get("/socket.io/?EIO=4&transport=polling")
            .header("host", "localhost:3000")
            .header("origin", origin)
    }
}
