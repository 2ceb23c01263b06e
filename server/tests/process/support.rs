//! A server as a child process, and what a client says to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// A server on a free port.
pub(crate) struct Server {
    address: String,
    pub(crate) process: Process,
    pub(crate) stdout: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_as(command(&["--port", "0"]).stderr(Stdio::null()))
    }

    pub(crate) fn start_as(command: &mut Command) -> Self {
        let mut process = Process::start(command);
        let stdout = process.child.stdout.take();
        let mut stdout = BufReader::new(stdout.unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let port = line.trim_end().strip_prefix("http://localhost:");
        let address = format!("127.0.0.1:{}", port.unwrap());
        Self {
            address,
            process,
            stdout,
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// The response to a GET, head and body.
    pub(crate) fn get(&mut self, path: &str) -> String {
        let mut stream = self.connect();
        let request = request(path).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    /// A connection in the middle of its first head.
    #[cfg(unix)]
    pub(crate) fn half_a_request(&mut self) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
        // Connections are accepted in their order: the server has it now.
        self.get("/");
        stream
    }

    pub(crate) fn open_session(&mut self) -> String {
        let response = self.get("/socket.io/?EIO=4&transport=polling");
        let (_, rest) = response.split_once(r#""sid":""#).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, names: &[&str]) {
        signal(self.process.child.id(), names);
    }
}

/// A process that is killed when it goes out of scope, or when it takes too
/// long: whoever reads from it or waits for it fails then, and does not hang.
pub(crate) struct Process {
    child: Child,
    /// Dropped when the process has ended, which calls the watchdog off.
    watchdog: Option<Sender<()>>,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command.spawn().unwrap();
        let (watchdog, ended) = mpsc::channel();
        watch(child.id(), ended);
        Self {
            child,
            watchdog: Some(watchdog),
        }
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        self.watchdog = None;
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        self.wait();
    }
}

/// Kills the process if it has not ended in time.
#[expect(
    clippy::disallowed_methods,
    reason = "the test blocks its own thread on the process"
)]
fn watch(id: u32, ended: Receiver<()>) {
    thread::spawn(move || {
        if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            signal(id, &["KILL"]);
        }
    });
}

/// Sends signals, one right after the other.
fn signal(id: u32, names: &[&str]) {
    let script = names.iter().map(|name| format!("kill -{name} {id};"));
    let mut shell = Command::new("sh");
    let status = shell.arg("-c").arg(script.collect::<String>()).status();
    assert!(status.unwrap().success());
}

pub(crate) const VARIABLES: [&str; 6] = [
    "HOST",
    "PORT",
    "ORIGINS",
    "PING_INTERVAL",
    "PING_TIMEOUT",
    "RUST_LOG",
];

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// How a process ends, and what it prints to stdout and to stderr.
pub(crate) fn run(command: &mut Command) -> (ExitStatus, String, String) {
    let mut process = Process::start(command.stderr(Stdio::piped()));
    let (stdout, stderr) = (process.child.stdout.take(), process.child.stderr.take());
    let mut printed = (String::new(), String::new());
    stdout.unwrap().read_to_string(&mut printed.0).unwrap();
    stderr.unwrap().read_to_string(&mut printed.1).unwrap();
    (process.wait(), printed.0, printed.1)
}

/// The one line that a server that does not start prints.
pub(crate) fn failure(command: &mut Command) -> String {
    let (status, stdout, stderr) = run(command);
    assert_eq!(status.code(), Some(1));
    assert_eq!(stdout, "");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}
