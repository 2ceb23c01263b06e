//! The server as a process: what it prints, how it fails, how it ends.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

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
        server.signal(signal);
        let status = server.child.wait().unwrap();
        assert!(status.success(), "{signal}: {status}");
        assert_eq!(idle.read(&mut [0]).unwrap(), 0);
        let mut rest = String::new();
        server.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "one line is all that it prints");
    }
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
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
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

/// A server on a free port, killed when it goes out of scope.
struct Server {
    address: String,
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Server {
    fn start() -> Self {
        let mut child = command(&["--port", "0"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let port = line.trim_end().strip_prefix("http://localhost:");
        let address = format!("127.0.0.1:{}", port.unwrap());
        Self {
            address,
            child,
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

    fn open_session(&mut self) -> String {
        let response = self.get("/socket.io/?EIO=4&transport=polling");
        let (_, rest) = response.split_once(r#""sid":""#).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &script])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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

fn run(args: &[&str]) -> Output {
    command(args).stderr(Stdio::piped()).output().unwrap()
}

/// The one line that a server that does not start prints.
fn failure(args: &[&str]) -> String {
    let output = run(args);
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}
