//! The servers that are compared: how each is built and started.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::Dialect;

/// How long a server may take to accept its first connection.
const START: Duration = Duration::from_secs(10);
/// Between two attempts to connect: nothing tells that a server listens.
const RETRY: Duration = Duration::from_millis(10);

/// A server of the comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Server {
    /// The floor of what goes over a websocket.
    FloorTcp,
    /// The floor of what goes over HTTP.
    FloorHyper,
    Ours,
    Socketioxide,
    Node,
}

impl Server {
    pub(crate) const ALL: [Self; 5] = [
        Self::FloorTcp,
        Self::FloorHyper,
        Self::Ours,
        Self::Socketioxide,
        Self::Node,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FloorTcp => "raw TCP",
            Self::FloorHyper => "bare hyper",
            Self::Ours => "ours",
            Self::Socketioxide => "socketioxide",
            Self::Node => "socket.io",
        }
    }

    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::FloorTcp => Dialect::Raw,
            Self::FloorHyper | Self::Node | Self::Ours | Self::Socketioxide => Dialect::SocketIo,
        }
    }

    /// Whether what one client sends is served in order. socketioxide gives each
    /// event a task of its own.
    pub(crate) fn is_in_order(self) -> bool {
        self != Self::Socketioxide
    }

    /// Whether it is the least that a server can do.
    pub(crate) fn is_floor(self) -> bool {
        matches!(self, Self::FloorHyper | Self::FloorTcp)
    }

    /// Builds what the server needs.
    pub(crate) fn prepare(self, root: &Path) -> Result<(), String> {
        let peers = root.join("bench/peers");
        let status = match self {
            Self::FloorHyper | Self::FloorTcp | Self::Ours => Command::new("cargo")
                .args(["build", "--release", "-p", "bench", "--bin", self.binary()])
                .current_dir(root)
                .status(),
            Self::Socketioxide => Command::new("cargo")
                .args(["build", "--release", "--locked"])
                .current_dir(peers)
                .status(),
            Self::Node => Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(peers.join("node"))
                .stdout(Stdio::null())
                .status(),
        };
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{} was not built: {status}", self.name())),
            Err(error) => Err(format!("{} was not built: {error}", self.name())),
        }
    }

    fn binary(self) -> &'static str {
        match self {
            Self::FloorTcp => "floor-tcp",
            Self::FloorHyper => "floor-hyper",
            Self::Ours => "bench-server",
            Self::Socketioxide => "peers",
            Self::Node => "server.js",
        }
    }

    fn program(self, root: &Path) -> PathBuf {
        match self {
            Self::FloorHyper | Self::FloorTcp | Self::Ours => {
                root.join("target/release").join(self.binary())
            }
            Self::Socketioxide => root.join("bench/peers/target/release/peers"),
            Self::Node => "node".into(),
        }
    }

    /// Starts the server on a port that the system picks, on one core if a core
    /// is given.
    pub(crate) fn start(
        self,
        root: &Path,
        core: Option<usize>,
        recovery: bool,
    ) -> Result<Running, String> {
        let port = free_port().map_err(|error| error.to_string())?;
        let program = self.program(root);
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &core.to_string()]).arg(program);
                command
            }
            None => Command::new(program),
        };
        if self == Self::Node {
            command.arg(root.join("bench/peers/node").join(self.binary()));
        }
        if recovery {
            command.env("RECOVERY", "1");
        }
        let child = command
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} was not started: {error}", self.name()))?;
        let running = Running {
            child,
            address: (Ipv4Addr::LOCALHOST, port).into(),
        };
        running.wait_until_it_listens(self)
    }
}

/// A server that runs until this is dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn wait_until_it_listens(mut self, server: Server) -> Result<Self, String> {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("{} ended at once: {status}", server.name()));
            }
            if start.elapsed() > START {
                return Err(format!("{} does not listen", server.name()));
            }
            std::thread::sleep(RETRY);
        }
        Ok(self)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that is free now. The servers take their port from the environment,
/// so it cannot be bound for them.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}
