//! The server as a process: what it prints, how it fails, how it ends.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[test]
fn it_prints_its_address_and_serves_the_page() {
    let mut server = Server::start();
    let response = server.get("/");
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(
        response.contains("\r\nx-content-type-options: nosniff\r\n"),
        "{response}"
    );
    assert!(response.contains("<title>Chat</title>"), "{response}");
    let health = server.get("/api/socket/health");
    let expected = r#"{"socket":{"connected":0,"initialized":true,"rooms":0},"status":"ok"}"#;
    assert!(health.ends_with(expected), "{health}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_cleanly() {
    for signal in ["INT", "TERM"] {
        let mut server = Server::start();
        // One connection that is idle, and one that waits in a poll.
        let mut idle = server.connect();
        let sid = server.open_session();
        let mut poll = server.connect();
        poll.write_all(
            request(&format!("/socket.io/?EIO=4&transport=polling&sid={sid}")).as_bytes(),
        )
        .unwrap();
        server.signal(&[signal]);
        let status = server.process.wait();
        assert!(status.success(), "{signal}: {status}");
        assert_eq!(idle.read(&mut [0]).unwrap(), 0);
        let mut rest = String::new();
        server.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "one line is all that it prints");
    }
}

#[cfg(unix)]
#[test]
fn half_a_request_does_not_keep_it_from_ending() {
    let mut server = Server::start();
    let _half = server.half_a_request();
    server.signal(&["TERM"]);
    let status = server.process.wait();
    assert!(status.success(), "{status}");
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_it_at_once_and_is_a_failure() {
    let mut server = Server::start();
    let _half = server.half_a_request();
    server.signal(&["TERM", "INT"]);
    assert_eq!(server.process.wait().code(), Some(1));
}

#[test]
fn a_port_in_use_is_one_line_and_a_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let line = failure(&["--port", &port]);
    assert!(
        line.starts_with(&format!("server: cannot listen on 127.0.0.1:{port}: ")),
        "{line}"
    );
}

#[test]
fn a_wrong_option_is_one_line_and_a_failure() {
    for (args, expected) in [
        (
            ["--port", "http"],
            "server: invalid value 'http' for '--port <PORT>'",
        ),
        (["--prot", "3000"], "server: unexpected argument '--prot'"),
        (
            ["--origin", "example.com"],
            "server: invalid value 'example.com' for '--origin",
        ),
    ] {
        let line = failure(&args);
        assert!(line.starts_with(expected), "{line}");
    }
}

#[test]
fn help_names_every_option_and_its_variable() {
    let (status, help, _) = run(&mut command(&["--help"]));
    assert!(status.success());
    for word in [
        "--host",
        "--port",
        "--origin",
        "--ping-interval",
        "--ping-timeout",
        "--log",
    ] {
        assert!(help.contains(word), "{word}");
    }
    for variable in [
        "HOST",
        "PORT",
        "ORIGINS",
        "PING_INTERVAL",
        "PING_TIMEOUT",
        "RUST_LOG",
    ] {
        assert!(help.contains(&format!("[env: {variable}=")), "{variable}");
    }
}

/// A server on a free port.
struct Server {
    address: String,
    process: Process,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    fn start() -> Self {
        let process = Process::start(command(&["--port", "0"]).stderr(Stdio::null()));
        let stdout = process.child.lock().unwrap().stdout.take();
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

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// The response to a GET, head and body.
    fn get(&mut self, path: &str) -> String {
        let mut stream = self.connect();
        let request = request(path).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    /// A connection in the middle of its first head.
    #[cfg(unix)]
    fn half_a_request(&mut self) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
        // Connections are accepted in their order: the server has it now.
        self.get("/");
        stream
    }

    fn open_session(&mut self) -> String {
        let response = self.get("/socket.io/?EIO=4&transport=polling");
        let (_, rest) = response.split_once(r#""sid":""#).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends signals, one right after the other.
    #[cfg(unix)]
    fn signal(&self, names: &[&str]) {
        let id = self.process.child.lock().unwrap().id();
        let script = names.iter().map(|name| format!("kill -{name} {id};"));
        let mut shell = Command::new("sh");
        let status = shell.arg("-c").arg(script.collect::<String>()).status();
        assert!(status.unwrap().success());
    }
}

/// A process that is killed when it goes out of scope, or when it takes too
/// long: whoever reads from it or waits for it fails then, and does not hang.
struct Process {
    child: Arc<Mutex<Child>>,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let child = Arc::new(Mutex::new(command.spawn().unwrap()));
        let watched = Arc::downgrade(&child);
        thread::spawn(move || {
            thread::sleep(PATIENCE);
            if let Some(child) = watched.upgrade() {
                // It may have ended already.
                let _ = child.lock().unwrap().kill();
            }
        });
        Self { child }
    }

    fn wait(&self) -> ExitStatus {
        loop {
            if let Some(status) = self.child.lock().unwrap().try_wait().unwrap() {
                return status;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.lock().unwrap().kill();
        self.wait();
    }
}

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    for variable in [
        "HOST",
        "PORT",
        "ORIGINS",
        "PING_INTERVAL",
        "PING_TIMEOUT",
        "RUST_LOG",
    ] {
        command.env_remove(variable);
    }
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// How a process ends, and what it prints to stdout and to stderr.
fn run(command: &mut Command) -> (ExitStatus, String, String) {
    let process = Process::start(command.stderr(Stdio::piped()));
    let (stdout, stderr) = {
        let mut child = process.child.lock().unwrap();
        (child.stdout.take(), child.stderr.take())
    };
    let mut printed = (String::new(), String::new());
    stdout.unwrap().read_to_string(&mut printed.0).unwrap();
    stderr.unwrap().read_to_string(&mut printed.1).unwrap();
    (process.wait(), printed.0, printed.1)
}

/// The one line that a server that does not start prints.
fn failure(args: &[&str]) -> String {
    let (status, stdout, stderr) = run(&mut command(args));
    assert_eq!(status.code(), Some(1));
    assert_eq!(stdout, "");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}
