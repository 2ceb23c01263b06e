//! Small events that come with much else, and stay for long.

use std::future::pending;

use socketio::{Args, Config, Incoming, Parser, Server};
use tokio::io::{AsyncWriteExt, DuplexStream};

use crate::client::{connect, frame, handshake, open_websocket_at, settle};
use crate::http::Client;
use crate::measure::{KIB, MIB, measure};

/// What comes with each event.
const FILLER: usize = 250 * KIB;

/// Fewer than may run at a time.
const EVENTS: usize = 48;

/// Far less than one filler for each event.
const ALLOWED: usize = 4 * MIB;

/// Events whose handlers wait, each in a buffer that was made for a longer
/// message.
pub(crate) fn handlers_that_wait_keep_their_events_alone() {
    measure(ALLOWED, async || {
        let io = waiting(Config::default());
        let mut stream = open_websocket_at(&io.service(), "/socket.io/").await;
        stream.write_all(&frame(0x81, b"40")).await.unwrap();
        let filler = format!(r#"43999["{}"]"#, "x".repeat(FILLER));
        for event in 0..EVENTS {
            let name = ["args", "event", "typed"][event % 3];
            send(&mut stream, 0x81, filler.as_bytes()).await;
            let event = format!(r#"42["{name}",1]"#);
            stream
                .write_all(&frame(0x81, event.as_bytes()))
                .await
                .unwrap();
        }
        end(io).await;
    });
}

/// The same in the bodies of requests.
pub(crate) fn handlers_that_wait_do_not_keep_the_bodies_of_their_requests() {
    measure(ALLOWED, async || {
        let io = waiting(Config::default());
        let mut client = Client::new(connect(&io.service()), "/socket.io/");
        let sid = handshake(&mut client).await;
        let query = format!("?EIO=4&transport=polling&sid={sid}");
        assert_eq!(client.post(&query, b"40").await.status, 200);
        let filler = format!("\u{1e}43999[\"{}\"]", "x".repeat(FILLER));
        for event in 0..EVENTS {
            let name = ["args", "event", "typed"][event % 3];
            let body = format!(r#"42["{name}",1]{filler}"#);
            assert_eq!(client.post(&query, body.as_bytes()).await.status, 200);
        }
        end(io).await;
    });
}

/// Messages that are long for what they say.
pub(crate) fn what_a_message_says_is_kept_without_the_rest() {
    measure(ALLOWED, async || {
        let io = waiting(Config::default());
        let mut stream = open_websocket_at(&io.service(), "/socket.io/").await;
        stream.write_all(&frame(0x81, b"40")).await.unwrap();
        let (zeros, blanks) = ("0".repeat(FILLER), " ".repeat(FILLER));
        let long_id = format!(r#"42{zeros}1["args",1]"#);
        let long_end = format!(r#"42["event",1]{blanks}"#);
        let placeholder = format!(r#"{{"_placeholder":true,{blanks}"num":0}}"#);
        let long_placeholder = format!(r#"451-["args",{placeholder}]"#);
        for _ in 0..EVENTS / 3 {
            send(&mut stream, 0x81, long_id.as_bytes()).await;
            send(&mut stream, 0x81, long_end.as_bytes()).await;
            send(&mut stream, 0x81, long_placeholder.as_bytes()).await;
            send(&mut stream, 0x82, b"1").await;
        }
        end(io).await;
    });
}

/// The same in MessagePack, where unknown keys are skipped.
pub(crate) fn a_binary_message_is_not_kept_for_an_attachment() {
    measure(ALLOWED, async || {
        let io = waiting(Config::default().parser(Parser::MessagePack));
        let mut stream = open_websocket_at(&io.service(), "/socket.io/").await;
        let connect = b"\x82\xa4type\x00\xa3nsp\xa1/";
        stream.write_all(&frame(0x82, connect)).await.unwrap();
        let mut event = b"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa4args\xc4\x01x".to_vec();
        event.extend_from_slice(b"\xa4junk\xc6");
        event.extend_from_slice(&u32::try_from(FILLER).unwrap().to_be_bytes());
        event.resize(event.len() + FILLER, 0);
        for _ in 0..EVENTS {
            send(&mut stream, 0x82, &event).await;
        }
        end(io).await;
    });
}

/// Events that wait for their turn, as long as what a websocket reads at once.
pub(crate) fn events_that_wait_keep_what_they_are_counted_with() {
    measure(ALLOWED, async || {
        let io = waiting(Config::default());
        io.of("/").on_connect(async |_| pending::<()>().await);
        let mut stream = open_websocket_at(&io.service(), "/socket.io/").await;
        stream.write_all(&frame(0x81, b"40")).await.unwrap();
        let filler = format!(r#"43999["{}"]"#, "x".repeat(FILLER));
        let event = format!(r#"42["args","{}"]"#, "y".repeat(1100));
        for _ in 0..EVENTS {
            send(&mut stream, 0x81, filler.as_bytes()).await;
            send(&mut stream, 0x81, event.as_bytes()).await;
        }
        end(io).await;
    });
}

/// Handlers that wait and need nothing of what came: it is counted as long as
/// they run, but not kept.
pub(crate) fn a_handler_that_waits_keeps_what_it_took() {
    measure(ALLOWED, async || {
        let io = waiting(Config::default());
        let mut stream = open_websocket_at(&io.service(), "/socket.io/").await;
        stream.write_all(&frame(0x81, b"40")).await.unwrap();
        let event = format!(r#"42["typed",1,"{}"]"#, "x".repeat(FILLER));
        for _ in 0..EVENTS / 2 {
            send(&mut stream, 0x81, event.as_bytes()).await;
        }
        end(io).await;
    });
}

/// Clients that sent one long message, and nothing since.
pub(crate) fn a_long_message_leaves_nothing_with_its_connection() {
    measure(ALLOWED, async || {
        let io = Server::new(Config::default());
        io.of("/").on("typed", async |_, _: u8| {});
        let event = format!(r#"42["typed",1,"{}"]"#, "x".repeat(FILLER));
        let mut streams = Vec::new();
        for _ in 0..EVENTS {
            let mut stream = open_websocket_at(&io.service(), "/socket.io/").await;
            stream.write_all(&frame(0x81, b"40")).await.unwrap();
            send(&mut stream, 0x81, event.as_bytes()).await;
            streams.push(stream);
        }
        settle().await;
        assert_eq!(io.engine().session_count(), EVENTS);
        io.close().await;
    });
}

/// A server whose handlers never get done, whatever they take.
fn waiting(config: Config) -> Server {
    let io = Server::new(config);
    let main = io.of("/");
    main.on("args", async |_, _args: Args| pending::<()>().await);
    main.on("event", async |_, _event: Incoming| pending::<()>().await);
    main.on("typed", async |_, _: u8| pending::<()>().await);
    io
}

/// Sends a message in a frame without a mask to speak of.
async fn send(stream: &mut DuplexStream, first: u8, payload: &[u8]) {
    // The `4` of a text is that of the engine's packet already.
    let mut head = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => head.push(0x80 | length as u8),
        Ok(length) => {
            head.push(0x80 | 126);
            head.extend_from_slice(&length.to_be_bytes());
        }
        Err(_) => {
            head.push(0x80 | 127);
            head.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    head.extend_from_slice(&[0; 4]);
    // What is read with the head is what the buffer has room for beside the rest.
    settle().await;
    head.extend_from_slice(payload);
    stream.write_all(&head).await.unwrap();
}

async fn end(io: Server) {
    settle().await;
    assert_eq!(io.engine().session_count(), 1);
    io.close().await;
}
