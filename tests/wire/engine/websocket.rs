//! The websocket transport.

use engineio::Config;
use tokio::io::AsyncWriteExt;

use crate::support::Server;
use crate::support::http::websocket_headers;
use crate::support::websocket::{End, Websocket};

#[tokio::test(start_paused = true)]
async fn messages_come_back_as_they_were_sent() {
    let mut socket = Server::echo(Config::default()).websocket().await;
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
    socket.send("4").await;
    assert_eq!(socket.text().await, "4");
    socket.send(vec![1, 2, 3, 4]).await;
    assert_eq!(socket.binary().await, [1, 2, 3, 4]);
    socket.send(Vec::new()).await;
    assert_eq!(socket.binary().await, b"");
    socket.send("bAQIDBA==").await;
    assert_eq!(socket.binary().await, [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_comes_back_whole_and_in_order() {
    let mut socket = Server::echo(Config::default()).websocket().await;
    let large = "x".repeat(100_000);
    socket
        .send_at_once(["4a", &format!("4{large}"), "4b"])
        .await;
    assert_eq!(socket.text().await, "4a");
    assert_eq!(socket.text().await.len(), 100_001);
    assert_eq!(socket.text().await, "4b");
}

#[tokio::test(start_paused = true)]
async fn packets_that_mean_nothing_here_are_ignored() {
    let mut socket = Server::echo(Config::default()).websocket().await;
    socket
        .send_at_once(["0", "5", "6", "3", "4still here"])
        .await;
    assert_eq!(socket.text().await, "4still here");
}

#[tokio::test(start_paused = true)]
async fn a_close_packet_closes_at_once() {
    let mut socket = Server::echo(Config::default()).websocket().await;
    socket.send("1").await;
    assert_eq!(socket.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn a_bad_packet_closes() {
    for bad in ["abc", "", "éa", "2"] {
        let mut socket = Server::echo(Config::default()).websocket().await;
        socket.send(bad).await;
        assert_eq!(socket.end().await, End::Close(None), "{bad:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_may_be_as_long_as_the_limit_and_no_longer() {
    let config = Config::default().max_payload(10);
    let mut socket = Server::echo(config).websocket().await;
    socket.send("4123456789").await;
    assert_eq!(socket.text().await, "4123456789");
    socket.send("4123456789a").await;
    assert_eq!(socket.end().await, End::Close(Some(1009)));
}

#[tokio::test(start_paused = true)]
async fn a_violation_of_the_websocket_protocol_has_its_close_code() {
    let not_utf8 = [0x81, 0x81, 0, 0, 0, 0, 0xff];
    let reserved_bit = [0xb1, 0x81, 0, 0, 0, 0, b'4'];
    let unmasked = [0x81, 0x01, b'4'];
    for (bytes, code) in [
        (&not_utf8[..], 1007),
        (&reserved_bit, 1002),
        (&unmasked, 1002),
        (b"garbage garbage", 1002),
    ] {
        let mut socket = Server::echo(Config::default()).websocket().await;
        socket.stream().write_all(bytes).await.unwrap();
        assert_eq!(socket.end().await, End::Close(Some(code)), "{bytes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_closing_client_is_answered() {
    let server = Server::echo(Config::default());
    let mut socket: Websocket = server.websocket().await;
    socket.close().await;
    assert_eq!(socket.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn binary_comes_as_base64_where_the_client_wants_it() {
    let server = Server::echo(Config::default());
    let mut socket = server.dial("?EIO=4&transport=websocket&b64=1").await;
    assert!(socket.text().await.starts_with("0{"));
    socket.send(vec![1, 2, 3, 4]).await;
    assert_eq!(socket.text().await, "bAQIDBA==");
}

#[tokio::test(start_paused = true)]
async fn an_offered_extension_is_not_taken_up() {
    let server = Server::echo(Config::default());
    for extension in [
        "permessage-deflate; client_max_window_bits",
        "constructor",
        ";;,",
    ] {
        let mut client = server.client();
        let mut headers = websocket_headers().to_vec();
        headers.push(("Sec-WebSocket-Extensions", extension));
        let query = "?EIO=4&transport=websocket";
        let response = client.request("GET", query, &headers, b"").await;
        assert_eq!(response.status, 101);
        assert_eq!(response.header("sec-websocket-extensions"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_says_it_is_compressed_closes() {
    let mut socket = Server::echo(Config::default()).websocket().await;
    let deflated = [0xc1, 0x83, 0, 0, 0, 0, 0x32, 0x04, 0x00];
    socket.stream().write_all(&deflated).await.unwrap();
    assert_eq!(socket.end().await, End::Close(Some(1002)));
}
