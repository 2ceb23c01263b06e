//! Connections: accepted, served, and brought to an end.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use engineio::{Origins, PeerAddr};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use crate::http::App;
use crate::signals::Signals;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the server gets to end, once it was told to.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection gets for its last answer, once the sessions are closed.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long to wait when nothing can be accepted: most often all file
/// descriptors are in use.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until a signal comes, then closes the server and ends what is open.
///
/// # Errors
///
/// If another signal ended it at once, or not everything ended in time.
pub(crate) async fn serve(
    listener: TcpListener,
    io: socketio::Server,
    origins: &Origins,
    mut signals: Signals,
) -> Result<(), &'static str> {
    let app = TowerToHyperService::new(App::new(io.clone(), origins));
    let (closing, _) = watch::channel(());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = signals.next() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                tokio::spawn(connection(stream, peer, app.clone(), closing.subscribe()));
            }
            Err(error) => {
                warn!(%error, "cannot accept");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    info!("closing, another signal ends it at once");
    let drain = async {
        io.close().await;
        closing.send_replace(());
        closing.closed().await;
    };
    tokio::select! {
        ended = timeout(DRAIN_TIMEOUT, drain) => ended.map_err(|_| "not everything ended in time")?,
        () = signals.next() => return Err("ended at once"),
    }
    info!("closed");
    Ok(())
}

/// One connection, until its peer or the server ends it. A websocket leaves it
/// and belongs to Socket.IO from then on.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: TowerToHyperService<App>,
    mut closing: watch::Receiver<()>,
) {
    let service = service_fn(|mut request| {
        request.extensions_mut().insert(PeerAddr(peer));
        app.call(request)
    });
    // Small messages should not wait for each other.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%peer, %error, "no TCP_NODELAY");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = closing.changed() => {
            connection.as_mut().graceful_shutdown();
            // Who is in the middle of a request would be waited for, at any pace.
            match timeout(FAREWELL, connection).await {
                Ok(ended) => ended,
                Err(_) => return debug!(%peer, "connection cut off"),
            }
        }
    };
    if let Err(error) = ended {
        debug!(%peer, %error, "connection ended");
    }
}
