//! What is around each of these servers: its log, the client's files, an address,
//! and an end.

use std::io::{self, IsTerminal};

use axum::Router;
use axum::serve::ListenerExt;
use socketio::{ClientFiles, Server};
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Logs to the terminal; `RUST_LOG` says what.
pub(crate) fn log() {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stdout().is_terminal())
        .init();
}

/// What pages load as `/socket.io/socket.io.js`, which Node serves by itself.
pub(crate) fn client_files() -> ClientFiles {
    macro_rules! files {
        ($($name:literal),*) => {
            &[$(($name, include_bytes!(concat!(env!("OUT_DIR"), "/", $name)))),*]
        };
    }
    ClientFiles::embedded(files![
        "socket.io.js",
        "socket.io.js.map",
        "socket.io.min.js",
        "socket.io.min.js.map"
    ])
}

/// Serves on `PORT`, or on 3000, until Ctrl-C. A second one ends it at once.
pub(crate) async fn serve(io: Server, app: Router) -> io::Result<()> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    // A message is one small write: it should not wait for another.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let shutdown = async move {
        let _ = ctrl_c().await;
        // Polls that wait are answered, or the server would wait for them.
        io.close().await;
    };
    let again = async {
        ctrl_c().await?;
        ctrl_c().await
    };
    tokio::select! {
        served = axum::serve(listener, app).with_graceful_shutdown(shutdown) => served,
        interrupted = again => interrupted,
    }
}
