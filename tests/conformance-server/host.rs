//! The HTTP/1.1 server below the profiles.

use std::convert::Infallible;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use engineio::{Body, EngineService, PeerAddr};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::http::Extensions;
use hyper::server::conn::http1;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

/// Bytes of a polling response.
const COMPRESSED_FROM: u64 = 1024;

const RETRY_ACCEPT: Duration = Duration::from_millis(100);

/// A profile, as the HTTP server sees it.
pub(crate) type Profile = BoxCloneSyncService<Request<Incoming>, Response<Body>, Infallible>;

pub(crate) async fn bind(host: &str, port: u16) -> Result<TcpListener, String> {
    TcpListener::bind((host, port))
        .await
        .map_err(|error| format!("cannot listen on {host}:{port}: {error}"))
}

/// The engine for what is below `path`, where every origin may read every
/// response; `others` for the rest.
pub(crate) fn with_cors(path: &'static str, engine: EngineService, others: Profile) -> Profile {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([
            Method::GET,
            Method::HEAD,
            Method::PUT,
            Method::PATCH,
            Method::POST,
            Method::DELETE,
        ])
        .allow_headers(AllowHeaders::mirror_request());
    let engine = Profile::new(cors.layer(engine));
    Profile::new(service_fn(move |request: Request<Incoming>| {
        let service = if request.uri().path().starts_with(path) {
            &engine
        } else {
            &others
        };
        service.clone().oneshot(request)
    }))
}

pub(crate) fn not_found() -> Profile {
    Profile::new(service_fn(async |_| {
        let mut response = Response::new(Body::default());
        *response.status_mut() = StatusCode::NOT_FOUND;
        Ok(response)
    }))
}

pub(crate) async fn serve(listener: TcpListener, profile: Profile) -> Result<(), String> {
    let compression = CompressionLayer::new()
        .no_br()
        .no_zstd()
        .compress_when(SizeAbove::new(COMPRESSED_FROM).and(is_payload));
    let profile = compression.layer(profile);
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, say: nobody tells when there are some.
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(RETRY_ACCEPT).await;
                continue;
            }
        };
        let profile = profile.clone();
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddr(address));
            begin(profile.clone().oneshot(request))
        });
        // A message is one small write: it should not wait for another.
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::spawn(connection);
    }
}

/// Whether a response is the answer to a poll.
fn is_payload(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| {
        kind == "text/plain; charset=UTF-8" || kind == "application/octet-stream"
    })
}

/// Polls a request once before hyper does.
///
/// hyper looks for the end of the connection first, and if that came right
/// behind the request, drops it unseen. Then a session would not hear that its
/// client gave up a poll, which suites try while the machine is busy.
fn begin<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let mut future = Box::pin(future);
    // Whoever polls it next leaves a waker of its own.
    let begun = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    async move {
        match begun {
            Poll::Ready(output) => output,
            Poll::Pending => future.await,
        }
    }
}
