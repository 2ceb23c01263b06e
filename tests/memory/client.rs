//! The server, and clients that cost next to nothing themselves.

use std::time::Duration;

use engineio::{Close, Config, Engine, EngineService};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::http::{Client, websocket_headers};
use crate::measure::KIB;

/// What a connection's pipe holds each way, as a socket's buffer would.
const PIPE: usize = 4 * KIB;

/// What an idle session may cost with all that is around it: its task, its
/// connection of hyper, both ends of its pipe, and the client.
pub(crate) const SESSION: usize = 32 * KIB;

pub(crate) fn silent(config: Config) -> Engine {
    Engine::new(
        config,
        async |socket| while socket.recv().await.is_some() {},
    )
}

/// Waits until nothing is left of an engine's sessions.
pub(crate) async fn ends(engine: &Engine) {
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(engine.session_count(), 0);
    engine.close(Close::Discard).await;
}

pub(crate) fn client(service: &EngineService) -> Client {
    Client::new(connect(service), "/engine.io/")
}

pub(crate) fn serve(stream: DuplexStream, service: EngineService) {
    tokio::spawn(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades(),
    );
}

/// Opens a session over polling.
pub(crate) async fn handshake(client: &mut Client) -> String {
    let open = client.get("?EIO=4&transport=polling").await;
    let json: serde_json::Value = serde_json::from_str(&open.text()[1..]).unwrap();
    json["sid"].as_str().unwrap().into()
}

pub(crate) async fn open_websocket(service: &EngineService) -> DuplexStream {
    open_websocket_at(service, "/engine.io/").await
}

/// Opens a session over websocket, and takes the open packet.
pub(crate) async fn open_websocket_at(service: &EngineService, path: &'static str) -> DuplexStream {
    let mut stream = upgraded(service, path, "?EIO=4&transport=websocket").await;
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[0], 0x81);
    let mut open = vec![0; usize::from(head[1])];
    stream.read_exact(&mut open).await.unwrap();
    stream
}

/// A connection whose client has its 101, and not a byte more.
pub(crate) async fn upgraded(
    service: &EngineService,
    path: &'static str,
    query: &str,
) -> DuplexStream {
    let mut stream = connect(service);
    let mut request = format!("GET {path}{query} HTTP/1.1\r\nHost: localhost:3000\r\n");
    for (name, value) in websocket_headers() {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    stream
}

/// A client's frame, whose mask is zero.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126);
    let mut frame = vec![first, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

/// Lets everything run that can, on a paused clock.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_nanos(1)).await;
}

pub(crate) fn connect(service: &EngineService) -> DuplexStream {
    let (near, far) = tokio::io::duplex(PIPE);
    serve(far, service.clone());
    near
}
