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

use host::Profile;
use options::Options;

type Build = fn(&Options) -> Profile;

const PROFILES: &[(&str, Build)] = &[
    ("client-suite", socket::client_suite::profile),
    ("clients", clients::profile),
    ("clients-msgpack", clients::msgpack),
    ("clients-recovery", clients::recovery),
    ("engine-client-suite", engine::client_suite::profile),
    ("engine-v3", engine::echo::revision_3),
    ("engine-v4", engine::echo::revision_4),
    ("lab-engine", engine::lab::profile),
    ("lab-socket", socket::lab::profile),
    ("socket-v4", socket::echo_v4),
    ("socket-v5", socket::echo),
    ("socket-v5-msgpack", socket::echo_msgpack),
];

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
    let profile = profile(&options)?;
    let listener = host::bind(&options.host, options.port).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    // Nobody may be reading.
    let _ = writeln!(io::stdout(), "ready http://{address}");
    tokio::select! {
        ended = host::serve(listener, profile) => ended,
        () = end_of_input(), if options.until_eof => Ok(()),
    }
}

fn profile(options: &Options) -> Result<Profile, String> {
    let asked = &options.profile;
    match PROFILES.iter().find(|(name, _)| name == asked) {
        Some((_, build)) => Ok(build(options)),
        None => {
            let names: Vec<_> = PROFILES.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            Err(format!("no profile `{asked}`; there are: {names}"))
        }
    }
}

/// However the parent ends, the system closes its end of our standard input.
async fn end_of_input() {
    let _ = tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await;
}
