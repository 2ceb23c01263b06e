//! A server with fixed behaviours, for conformance suites and client tests.
//!
//! ```text
//! PORT=3000 conformance-server --profile engine-v4
//! ```
//!
//! The suites talk to it over loopback, as its parent. `docs/conformance.md`
//! says what each profile does.

mod clients;
mod engine;
mod host;
mod options;
mod socket;

use std::io::{self, Write};
use std::process::ExitCode;

use options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let options = Options::read(std::env::args().skip(1), |name| std::env::var(name).ok())?;
    let listener = host::bind(&options.host, options.port).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let service = match options.profile.as_str() {
        "clients" => clients::profile(&options),
        "engine-v4" => engine::echo(&options),
        "socket-v5" => socket::echo(&options),
        other => {
            return Err(format!(
                "no profile `{other}`; there are: clients, engine-v4, socket-v5"
            ));
        }
    };
    // Nobody may be reading.
    let _ = writeln!(io::stdout(), "ready http://{address}");
    tokio::select! {
        ended = host::serve(listener, service) => ended,
        () = end_of_input(), if options.until_eof => Ok(()),
    }
}

/// However the parent ends, the system closes its end of our standard input.
async fn end_of_input() {
    let _ = tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await;
}
