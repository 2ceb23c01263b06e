//! The HTTP/1.1 server below the profiles.

use std::convert::Infallible;
use std::time::Duration;

use engineio::PeerAddr;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};
use tower_http::compression::predicate::SizeAbove;
use tower_http::compression::{CompressionBody, CompressionLayer};
use tower_http::cors::CorsLayer;

/// Bytes of a polling response.
const COMPRESSED_FROM: u64 = 1024;

const RETRY_ACCEPT: Duration = Duration::from_millis(100);

/// A profile, as the HTTP server sees it.
pub(crate) type Profile =
    BoxCloneSyncService<Request<Incoming>, Response<CompressionBody<engineio::Body>>, Infallible>;

pub(crate) async fn bind(host: &str, port: u16) -> Result<TcpListener, String> {
    TcpListener::bind((host, port))
        .await
        .map_err(|error| format!("cannot listen on {host}:{port}: {error}"))
}

/// What the reference's server does around its engine: it compresses what is
/// long enough, and every origin may read every response.
pub(crate) fn hosted(service: engineio::EngineService) -> Profile {
    let compression = CompressionLayer::new()
        .no_br()
        .no_zstd()
        .compress_when(SizeAbove::new(COMPRESSED_FROM));
    let service = CorsLayer::permissive().layer(service);
    BoxCloneSyncService::new(compression.layer(service))
}

pub(crate) async fn serve(listener: TcpListener, profile: Profile) -> Result<(), String> {
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
        let profile = profile
            .clone()
            .map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(PeerAddr(address));
                request
            });
        // A message is one small write: it should not wait for another.
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(profile))
            .with_upgrades();
        tokio::spawn(connection);
    }
}
