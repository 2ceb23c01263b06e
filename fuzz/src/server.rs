//! The whole stack: bytes over pipes into hyper and an engine.
//!
//! The clock is tokio's, paused, so hours pass at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engineio::{CloseReason, Config, Engine, Limits, Message, Socket};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, split};
use tokio::time::{sleep, timeout};

const OPEN_WEBSOCKET: &[u8] = b"GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\n\
    Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The least that the clock can tell.
const MOMENT: Duration = Duration::from_millis(1);

/// Longer than any deadline.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Sends bytes over a few connections, and lets time pass. No session is left
/// at the end, and a client that keeps to the rules notices nothing.
///
/// Pieces are separated by `~~~`. The first byte of each says on which
/// connection it goes, and how much time passes before it. The id of a session
/// that polls takes the place of `$SID`, and of one of revision 3 that of `$OLD`.
pub fn engineio_connection(data: &[u8]) {
    block_on(async {
        let server = Server::new();
        let sid = server.open_polling("EIO=4&").await;
        let old = server.open_polling("").await;
        let mut bystander = server.open_websocket().await;
        let mut connections: [Option<Client>; 4] = Default::default();
        for piece in pieces(data) {
            let Some((choice, bytes)) = piece.split_first() else {
                continue;
            };
            match choice >> 2 & 3 {
                0 => {}
                1 => bystander.wait(Duration::from_millis(100)).await,
                2 => bystander.wait(Duration::from_secs(10)).await,
                _ => bystander.wait(Duration::from_secs(25)).await,
            }
            let connection = &mut connections[usize::from(choice & 3)];
            if choice & 0x80 != 0 {
                *connection = None;
            }
            connection
                .get_or_insert_with(|| server.connect())
                .send(&replace(&replace(bytes, b"$SID", &sid), b"$OLD", &old))
                .await;
        }
        bystander.asks_and_is_answered().await;
        drop((bystander, connections));
        sleep(DAY).await;
        assert_eq!(server.engine.session_count(), 0, "no session stays");
    });
}

/// Sends bytes over a websocket, whole and in pieces: what arrives and how it
/// ends is the same.
pub fn engineio_websocket(data: &[u8]) {
    let Some((size, bytes)) = data.split_first() else {
        return;
    };
    let whole = block_on(converse(bytes, bytes.len().max(1)));
    let pieces = block_on(converse(bytes, usize::from(*size).max(1)));
    assert_eq!(whole, pieces);
}

/// What a session received from a client, and why it ended.
type Record = (Vec<Message>, Option<CloseReason>);

async fn converse(bytes: &[u8], size: usize) -> Record {
    let server = Server::new();
    let mut client = server.open_websocket().await;
    for piece in bytes.chunks(size) {
        client.send(piece).await;
    }
    drop(client);
    sleep(DAY).await;
    assert_eq!(server.engine.session_count(), 0, "no session stays");
    let record = server.record.lock().expect("nobody panics with it");
    record.clone()
}

struct Server {
    engine: Engine,
    /// Of the only session, if there is but one.
    record: Arc<Mutex<Record>>,
}

impl Server {
    /// An engine with small limits, whose sessions echo.
    fn new() -> Self {
        let record = Arc::new(Mutex::new(Record::default()));
        let limits = Limits::default()
            .budget(20_000)
            .high_water(10_000)
            .inbox(5000)
            .packets(50);
        let config = Config::default()
            .allow_revision_3(true)
            .limits(limits)
            .max_payload(1000);
        let engine = Engine::new(config, {
            let record = record.clone();
            move |socket: Socket| {
                let record = record.clone();
                async move {
                    while let Some(message) = socket.recv().await {
                        let mut record = record.lock().expect("nobody panics with it");
                        record.0.push(message.clone());
                        drop(record);
                        let _ = socket.send(message);
                    }
                    record.lock().expect("nobody panics with it").1 = socket.close_reason();
                }
            }
        });
        Self { engine, record }
    }

    fn connect(&self) -> Client {
        let (client, server) = tokio::io::duplex(1 << 16);
        tokio::spawn(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(server), self.engine.service())
                .with_upgrades(),
        );
        let (read, write) = split(client);
        Client {
            read,
            write,
            unread: Vec::new(),
        }
    }

    /// Opens a session; its id.
    async fn open_polling(&self, revision: &str) -> Vec<u8> {
        let mut client = self.connect();
        let request =
            format!("GET /engine.io/?{revision}transport=polling HTTP/1.1\r\nHost: a\r\n\r\n");
        client.send(request.as_bytes()).await;
        client.read().await;
        let text = client.take_text();
        let (_, rest) = text.split_once(r#""sid":""#).expect("an open packet");
        rest[..20].into()
    }

    /// Opens a session, and takes the open packet.
    async fn open_websocket(&self) -> Client {
        let mut client = self.connect();
        client.send(OPEN_WEBSOCKET).await;
        client.read().await;
        let answer = client.take_text();
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        assert!(answer.contains("0{"), "{answer}");
        client
    }
}

struct Client {
    read: ReadHalf<DuplexStream>,
    write: WriteHalf<DuplexStream>,
    unread: Vec<u8>,
}

impl Client {
    /// Sends what the server takes, then lets it do what it has to.
    async fn send(&mut self, bytes: &[u8]) {
        let _ = timeout(MOMENT, self.write.write_all(bytes)).await;
        sleep(MOMENT).await;
    }

    /// Reads until the server has nothing more to say.
    async fn read(&mut self) {
        while let Ok(Ok(1..)) = timeout(MOMENT, self.read.read_buf(&mut self.unread)).await {}
    }

    fn take_text(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.unread)).into()
    }

    /// Lets time pass in small steps, and answers pings.
    async fn wait(&mut self, mut time: Duration) {
        while !time.is_zero() {
            let step = time.min(Duration::from_secs(5));
            sleep(step).await;
            time -= step;
            self.read().await;
            if !self.unread.is_empty() {
                assert_eq!(self.take_text(), "\u{fffd}\u{1}2");
                self.send(b"\x81\x81\0\0\0\x003").await;
            }
        }
    }

    async fn asks_and_is_answered(&mut self) {
        self.send(b"\x81\x86\0\0\0\x004hello").await;
        self.read().await;
        let text = self.take_text();
        assert!(text.ends_with("\u{fffd}\u{6}4hello"), "{text:?}");
    }
}

fn pieces(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let data = rest.take()?;
        let Some(at) = data.windows(3).position(|window| window == b"~~~") else {
            return Some(data);
        };
        rest = Some(&data[at + 3..]);
        Some(&data[..at])
    })
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing")
        .block_on(future)
}
