//! The routes: the page, the client, the health check, and Socket.IO.

use std::convert::Infallible;
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use engineio::Body;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use tower_service::Service;

use crate::assets;
use crate::response::{confined, only_read, text};

/// What answers a request, by its path.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    io: socketio::Server,
}

impl Routes {
    pub(crate) fn new(io: socketio::Server) -> Self {
        Self { io }
    }

    async fn respond<B>(self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Display,
    {
        let path = request.uri().path();
        if let Some(asset) = assets::find(path) {
            return confined(asset.answer(&request));
        }
        if path.starts_with("/socket.io/") {
            return self.io.handle(request).await;
        }
        confined(match path {
            "/api/socket/health" => self.health(&request),
            _ => text(StatusCode::NOT_FOUND, "Not found\n"),
        })
    }

    fn health<B>(&self, request: &Request<B>) -> Response<Body> {
        if let Some(refusal) = only_read(request.method()) {
            return refusal;
        }
        let chat = self.io.of("/");
        // Written out, as `json!` would sort the keys.
        let body = format!(
            r#"{{"status":"ok","socket":{{"initialized":true,"connected":{},"rooms":{}}}}}"#,
            chat.socket_count(),
            chat.room_count(),
        );
        let mut response = Response::new(body.into());
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl<B> Service<Request<B>> for Routes
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
        let routes = self.clone();
        Box::pin(async move { Ok(routes.respond(request).await) })
    }
}
