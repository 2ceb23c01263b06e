//! Drives each server in turn, and prints what it cost.
//!
//! ```text
//! cargo run --release -p bench              # all of it, in several rounds
//! cargo run --release -p bench -- --quick   # within two minutes
//! cargo run --release -p bench -- --smoke   # only that nothing is lost
//! ```
//!
//! Every message is counted, and its order checked: one that is lost, doubled
//! or out of order ends the run with an error.

#![expect(
    clippy::disallowed_methods,
    reason = "it measures, and waits for processes"
)]

mod client;
mod document;
mod picture;
mod report;
mod scenario;
mod servers;
mod usage;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Parser;

use report::Row;
use scenario::{Effort, Scenario, Target};
use servers::Server;

/// Compares servers of one contract, and prints a table in Markdown.
#[derive(Debug, Parser)]
struct Options {
    /// Fewer and shorter rounds.
    #[arg(long)]
    quick: bool,
    /// One short round of our own servers, to see that nothing is lost.
    #[arg(long)]
    smoke: bool,
    /// Only scenarios whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Only servers whose name contains this; the floors always run.
    #[arg(long, default_value = "")]
    server: String,
    /// How often each scenario is run with each server.
    #[arg(long)]
    rounds: Option<usize>,
    /// Puts the figures into docs/benchmarks.md, and their picture beside it.
    #[arg(long)]
    write: bool,
    /// Lets the system choose the cores, instead of one for the server and one
    /// for the load.
    #[arg(long)]
    unpinned: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = root.parent().ok_or("the bench is in the workspace")?;
    let servers: Vec<_> = Server::ALL
        .into_iter()
        .filter(|server| options.wants(*server))
        .collect();
    for server in &servers {
        server.prepare(root)?;
    }
    let mut rows = options.rows(&servers);
    measure(options, root, &mut rows)?;
    let figures = report::figures(&rows);
    if options.write {
        document::write(root, &figures, &picture::ratios(&rows))
            .map_err(|error| format!("docs/benchmarks.md was not written: {error}"))?;
    }
    Ok(figures)
}

/// Runs each row once in each round, so that what changes on the machine
/// changes for all.
fn measure(options: &Options, root: &Path, rows: &mut [Row]) -> Result<(), String> {
    let core = pin(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    for round in 1..=options.rounds() {
        for row in &mut *rows {
            let (scenario, name) = (row.scenario, row.server.name());
            eprintln!("round {round}: {}, {name}", scenario.name);
            let running = row.server.start(root, core, scenario.recovery)?;
            let target = Target {
                server: &running,
                dialect: row.server.dialect(),
                in_order: row.server.is_in_order(),
                effort: options.effort(),
            };
            let sample = runtime.block_on(scenario.run(&target));
            row.samples
                .push(sample.map_err(|error| format!("{name}: {}: {error}", scenario.name))?);
        }
    }
    Ok(())
}

impl Options {
    fn wants(&self, server: Server) -> bool {
        let is_ours = matches!(server, Server::Ours);
        server.is_floor() || (is_ours || !self.smoke) && server.name().contains(&self.server)
    }

    /// What is to be run; the servers of a scenario follow each other.
    fn rows(&self, servers: &[Server]) -> Vec<Row> {
        let scenarios = Scenario::ALL.into_iter();
        scenarios
            .filter(|scenario| scenario.name.contains(&self.only))
            .flat_map(|scenario| servers.iter().map(move |server| (scenario, *server)))
            .filter(|(scenario, server)| scenario.is_for(*server))
            .map(|(scenario, server)| Row {
                scenario,
                server,
                samples: Vec::new(),
            })
            .collect()
    }

    fn rounds(&self) -> usize {
        let default = if self.smoke || self.quick { 1 } else { 5 };
        self.rounds.unwrap_or(default)
    }

    fn effort(&self) -> Effort {
        let (time, settle, divisor) = match (self.smoke, self.quick) {
            (true, _) => (50, 50, 50),
            (false, true) => (250, 250, 10),
            (false, false) => (1500, 1000, 1),
        };
        Effort {
            time: Duration::from_millis(time),
            settle: Duration::from_millis(settle),
            divisor,
        }
    }
}

/// Puts the load on the second core, and gives the first one to the servers.
fn pin(options: &Options) -> Result<Option<usize>, String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if options.unpinned || cores < 2 {
        return Ok(None);
    }
    let status = Command::new("taskset")
        .args(["-pc", "1", &std::process::id().to_string()])
        .stdout(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(Some(0)),
        _ => Err("taskset, of util-linux, is missing; try --unpinned".into()),
    }
}
