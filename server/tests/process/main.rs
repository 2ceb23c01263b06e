//! The server as a process: what it prints, how it fails, how it ends.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;

use support::{Process, Server, VARIABLES, command, failure, request, run};

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
    let expected = r#"{"status":"ok","socket":{"initialized":true,"connected":0,"rooms":0}}"#;
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
    let line = failure(&mut command(&["--port", &port]));
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
        (
            ["--prot", "3000"],
            "server: unexpected argument '--prot' found; a similar argument exists: '--port'\n",
        ),
        (
            ["--origin", "example.com"],
            "server: invalid value 'example.com' for '--origin",
        ),
    ] {
        let line = failure(&mut command(&args));
        assert!(line.starts_with(expected), "{line}");
    }
}

#[test]
fn a_wrong_variable_is_blamed_by_its_name() {
    let line = failure(command(&["--host", "localhost"]).env("PORT", "abc"));
    assert!(
        line.starts_with("server: invalid value 'abc' for PORT: "),
        "{line}"
    );
    let line = failure(command(&["--port=b"]).env("PORT", "abc"));
    assert!(
        line.starts_with("server: invalid value 'b' for '--port <PORT>': "),
        "{line}"
    );
}

#[test]
fn an_empty_variable_is_not_set() {
    let mut command = command(&["--port", "0"]);
    command.stderr(Stdio::null());
    for variable in VARIABLES {
        command.env(variable, "");
    }
    let mut server = Server::start_as(&mut command);
    let response = server.get("/api/socket/health");
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
}

#[cfg(target_os = "linux")]
#[test]
fn where_nothing_can_be_printed_it_works_all_the_same() {
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let mut wrong = Process::start(command(&["--prot"]).stderr(full()));
    assert_eq!(wrong.wait().code(), Some(1));
    let mut server = Server::start_as(command(&["--port", "0", "--log", "trace"]).stderr(full()));
    server.open_session();
    server.signal(&["TERM"]);
    assert!(server.process.wait().success());
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
    for variable in VARIABLES {
        assert!(help.contains(&format!("[env: {variable}=")), "{variable}");
    }
}
