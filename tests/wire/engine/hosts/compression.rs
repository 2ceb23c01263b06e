//! Polling responses that tower-http compresses, as `docs/hosting.md` has it.

use std::io::Read;

use engineio::{Config, Engine, Socket};
use flate2::read::{GzDecoder, ZlibDecoder};
use http::Request;
use tokio::sync::mpsc;
use tower::{Layer, ServiceExt};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use crate::support::http::Response;
use crate::support::{Server, echo, settle};

fn compressed(engine: &Engine, threshold: u64) -> Server {
    let layer = CompressionLayer::new()
        .no_br()
        .no_zstd()
        .compress_when(SizeAbove::new(threshold));
    Server::tower("/engine.io/", layer.layer(engine.service()))
}

/// Posts a message whose echo is polled by a client that accepts `encodings`.
async fn poll(server: &Server, message: &str, encodings: &str) -> Response {
    let session = server.polling().await;
    session.post(message).await.assert(200, "ok");
    let headers = [("Accept-Encoding", encodings)];
    let mut client = server.client();
    let query = session.query();
    let response = client.request("GET", &query, &headers, b"").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    response
}

/// A message of that many bytes with its type.
fn message(length: usize) -> String {
    format!("4{}", "x".repeat(length - 1))
}

#[tokio::test(start_paused = true)]
async fn a_long_payload_is_compressed_as_the_client_accepts() {
    let server = compressed(&echo(Config::default()), 1024);
    let long = message(1024);

    let response = poll(&server, &long, "gzip, deflate, br, zstd").await;
    assert_eq!(response.header("content-encoding"), Some("gzip"));
    assert_eq!(response.header("vary"), Some("accept-encoding"));
    assert!(response.body.len() < 100);
    let mut text = String::new();
    GzDecoder::new(&*response.body)
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, long);

    // What HTTP calls deflate is the format of zlib.
    let response = poll(&server, &long, "deflate, br").await;
    assert_eq!(response.header("content-encoding"), Some("deflate"));
    let mut text = String::new();
    ZlibDecoder::new(&*response.body)
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, long);

    for neither in ["br", "identity", "gzip;q=0", ""] {
        let response = poll(&server, &long, neither).await;
        assert_eq!(response.header("content-encoding"), None, "{neither}");
        response.assert(200, &long);
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_below_the_threshold_is_not_compressed() {
    let engine = echo(Config::default());
    let short = message(1023);
    let response = poll(&compressed(&engine, 1024), &short, "gzip").await;
    assert_eq!(response.header("content-encoding"), None);
    response.assert(200, &short);

    let response = poll(&compressed(&engine, 0), &message(10), "gzip").await;
    assert_eq!(response.header("content-encoding"), Some("gzip"));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_compressed_without_the_layer() {
    let long = message(5000);
    let response = poll(&Server::echo(Config::default()), &long, "gzip").await;
    assert_eq!(response.header("content-encoding"), None);
    response.assert(200, &long);
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_post_and_a_websocket_are_left_alone() {
    let server = compressed(&echo(Config::default()), 1024);
    let session = server.polling().await;
    let headers = [("Accept-Encoding", "gzip")];
    let mut client = server.client();
    let query = session.query();
    let response = client.request("POST", &query, &headers, b"4hello").await;
    assert_eq!(response.header("content-encoding"), None);
    response.assert(200, "ok");
    let mut socket = server.websocket().await;
    let long = message(5000);
    socket.send(long.as_str()).await;
    assert_eq!(socket.text().await, long);
}

#[tokio::test(start_paused = true)]
async fn a_compressed_payload_is_counted_until_its_client_has_it() {
    let (sockets, mut opened) = mpsc::unbounded_channel();
    let engine = Engine::new(Config::default(), move |socket: Socket| {
        let sockets = sockets.clone();
        async move {
            socket.send("x".repeat(5000)).expect("it is open");
            sockets.send(socket.clone()).expect("the test takes it");
            while socket.recv().await.is_some() {}
        }
    });
    let server = compressed(&engine, 1024);
    let session = server.polling().await;
    let socket = opened.recv().await.unwrap();
    assert_eq!(socket.buffered(), 5064);
    let headers = [("Accept-Encoding", "gzip")];
    let mut client = server.client();
    let query = session.query();
    let response = client.request("GET", &query, &headers, b"").await;
    assert_eq!(response.header("content-encoding"), Some("gzip"));
    settle().await;
    assert_eq!(socket.buffered(), 0);
    assert_eq!(engine.session_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_compressed_response_that_nobody_reads_is_an_aborted_poll() {
    let engine = echo(Config::default());
    let service = CompressionLayer::new().layer(engine.service());
    let session = Server::engine(&engine).polling().await;
    session.post(message(5000)).await.assert(200, "ok");
    let request = Request::get(format!("/engine.io/{}", session.query()))
        .header("Accept-Encoding", "gzip")
        .body(engineio::Body::default())
        .unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(engine.session_count(), 1);
    drop(response);
    settle().await;
    assert_eq!(engine.session_count(), 0);
}
