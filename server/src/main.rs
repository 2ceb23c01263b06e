//! The demo: a chat with rooms, its page and its client in one binary.
//!
//! [`chat`] is the chat; the rest is what any server around one needs.

mod assets;
mod chat;
#[cfg(test)]
mod client;
mod config;
mod http;
mod input;
mod presence;
mod rate;
mod response;
mod routes;
mod serve;
mod signals;
mod usage;

use std::io::{self, IsTerminal, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;

use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Config;
use crate::signals::Signals;

#[tokio::main]
async fn main() -> ExitCode {
    let config = match Config::read() {
        Ok(config) => config,
        // `--help` and `--version` are answers, not errors.
        Err(answer) if !answer.use_stderr() => answer.exit(),
        Err(error) => return fail(&usage::explain(&error)),
    };
    match run(&config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(why: &str) -> ExitCode {
    // Nobody may be able to read it, as with all that is printed.
    let _ = writeln!(io::stderr(), "server: {why}");
    ExitCode::FAILURE
}

async fn run(config: &Config) -> Result<(), String> {
    let (host, port) = (config.host.as_str(), config.port);
    let listener = TcpListener::bind((host, port))
        .await
        .map_err(|error| format!("cannot listen on {host}:{port}: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let signals = Signals::catch().map_err(|error| format!("cannot catch signals: {error}"))?;
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal());
    tracing_subscriber::registry()
        .with(layer)
        .with(config.log.clone())
        .init();

    let io = chat::server(config);
    let _ = writeln!(io::stdout(), "{}", url(address));
    serve::serve(listener, io, &config.origins(), signals).await?;
    Ok(())
}

/// Where a browser on this machine finds the page.
fn url(address: SocketAddr) -> String {
    let ip = address.ip();
    if ip.is_unspecified() || ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}
