//! How often memory is allocated for each message, in the steady state.
//!
//! Counts do not depend on what else the machine does. The allocator counts for
//! the process, so this binary has a single test, and its clients, which run
//! beside the server on one thread, allocate nothing themselves.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::System;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socketio::{Ack, Args, Config, EmitError, EncodeError, Server};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Messages that are counted, and those before them that are not.
const COUNTED: usize = 10_000;
const WARM_UP: usize = 1_000;

#[tokio::test(start_paused = true)]
async fn messages_take_few_allocations() {
    let io = server();
    let mut client = Client::open(&io).await;
    let echo = r#"42["echo",1,2,"a payload of some length"]"#;
    let mut failed = Vec::new();
    let mut judge = |what, count: f64, at_most: f64| {
        println!("{what}: {count:.3}");
        // The mean: something that grows now and then is not for each message.
        if count > at_most + 0.01 {
            failed.push(format!("{what}: {count:.3}, at most {at_most}"));
        }
    };

    judge("an echo", client.exchange([echo; 2], 1).await, 2.0);
    judge("an echo of 16", client.exchange([echo; 2], 16).await, 2.5);
    let typed = r#"42["typed",1,2,"a payload of some length"]"#;
    judge("a typed echo", client.exchange([typed; 2], 1).await, 3.0);
    let ack = r#"4217["ack",1,2,"a payload of some length"]"#;
    let acknowledged = r#"4317[1,2,"a payload of some length"]"#;
    judge(
        "an acknowledgement",
        client.exchange([ack, acknowledged], 1).await,
        2.0,
    );

    let broadcast = r#"42["broadcast",1,2,"a payload of some length"]"#;
    let alone = client.exchange([broadcast; 2], 1).await;
    judge("a broadcast", alone, 3.0);
    let mut others = Vec::new();
    for _ in 0..RECIPIENTS {
        others.push(Client::open(&io).await);
    }
    let with_others = client.broadcast(broadcast, &mut others).await;
    let each = (with_others - alone) / RECIPIENTS as f64;
    judge("a recipient of a broadcast", each, 0.0);
    drop(others);

    judge("a heartbeat", client.heartbeats().await, 0.0);
    assert!(failed.is_empty(), "{failed:#?}");
}

const RECIPIENTS: usize = 10;

fn server() -> Server {
    let io = Server::new(Config::default());
    let namespace = io.of("/");
    namespace.on(
        "echo",
        async |socket, args: Args| -> Result<(), EmitError> { socket.emit("echo", args) },
    );
    namespace.on(
        "typed",
        async |socket, args: (u32, u32, String)| -> Result<(), EmitError> {
            socket.emit("typed", args)
        },
    );
    namespace.on("ack", async |_, args: Args| Ack(args));
    namespace.on(
        "broadcast",
        async |socket, args: Args| -> Result<(), EncodeError> {
            socket.namespace().emit("broadcast", args)
        },
    );
    io
}

/// A client with one socket, which is sent back what it sends.
struct Client {
    stream: DuplexStream,
    received: Vec<u8>,
}

impl Client {
    async fn open(io: &Server) -> Self {
        let (near, far) = tokio::io::duplex(PIPE);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(far), io.service())
            .with_upgrades();
        tokio::spawn(connection);
        let mut client = Self {
            stream: near,
            received: vec![0; PIPE],
        };
        client.stream.write_all(UPGRADE).await.unwrap();
        client.read_until("\"maxPayload\":1000000}").await;
        client.stream.write_all(&frame("40")).await.unwrap();
        client.read_until("\"}").await;
        client
    }

    /// Sends so many requests at a time, again and again, and takes their replies.
    /// Returns how many allocations each request took.
    async fn exchange(&mut self, [request, reply]: [&str; 2], in_flight: usize) -> f64 {
        let requests = frame(request).repeat(in_flight);
        let replies = in_flight * (reply.len() + HEAD);
        let mut before = 0;
        for round in 0..(WARM_UP + COUNTED) / in_flight {
            if round == WARM_UP / in_flight {
                before = allocations();
            }
            self.stream.write_all(&requests).await.unwrap();
            let received = &mut self.received[..replies];
            self.stream.read_exact(received).await.unwrap();
        }
        let rounds = (WARM_UP + COUNTED) / in_flight - WARM_UP / in_flight;
        (allocations() - before) as f64 / (rounds * in_flight) as f64
    }

    /// Sends a request again and again that everyone gets the reply to.
    async fn broadcast(&mut self, event: &str, others: &mut [Self]) -> f64 {
        let (request, reply) = (frame(event), event.len() + HEAD);
        let mut before = 0;
        for round in 0..WARM_UP + COUNTED {
            if round == WARM_UP {
                before = allocations();
            }
            self.stream.write_all(&request).await.unwrap();
            let received = &mut self.received[..reply];
            self.stream.read_exact(received).await.unwrap();
            for other in &mut *others {
                let received = &mut other.received[..reply];
                other.stream.read_exact(received).await.unwrap();
            }
        }
        (allocations() - before) as f64 / COUNTED as f64
    }

    /// Answers pings, while the clock goes from one to the next.
    async fn heartbeats(&mut self) -> f64 {
        let (ping, pong) = (b"\x81\x012", frame("3"));
        let mut before = 0;
        for round in 0..WARM_UP + COUNTED {
            if round == WARM_UP {
                before = allocations();
            }
            let received = &mut self.received[..ping.len()];
            self.stream.read_exact(received).await.unwrap();
            assert_eq!(received, ping);
            self.stream.write_all(&pong).await.unwrap();
        }
        (allocations() - before) as f64 / COUNTED as f64
    }

    async fn read_until(&mut self, end: &str) {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            let byte = tokio::time::timeout(PATIENCE, self.stream.read_u8());
            read.push(byte.await.unwrap().unwrap());
        }
    }
}

fn allocations() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

/// A text that a client sends, whose mask is zero.
fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 126);
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// What stands before the text in a short frame of the server.
const HEAD: usize = 2;
/// What a connection's pipe holds each way.
const PIPE: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(10);

const UPGRADE: &[u8] = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\
    Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
