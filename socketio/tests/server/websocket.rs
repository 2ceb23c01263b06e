//! A client in memory, on a websocket.

use std::fmt::Write;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use socketio::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout;

/// One connection; its messages are shorter than 126 bytes.
pub(crate) struct WebSocket(DuplexStream);

impl WebSocket {
    /// Opens a connection and joins `/`.
    pub(crate) async fn connect(io: &Server) -> Self {
        let (client, server) = duplex(64 << 10);
        let connection = http1::Builder::new().serve_connection(TokioIo::new(server), io.service());
        tokio::spawn(connection.with_upgrades());
        let mut client = Self(client);
        client.shake_hands().await;
        assert!(client.read().await.starts_with('0'), "an open packet");
        client.send_all(&["0"]).await;
        assert!(
            client.recv().await.starts_with("0{"),
            "an answer to the CONNECT"
        );
        client
    }

    /// Sends packets in one write.
    pub(crate) async fn send_all(&mut self, packets: &[&str]) {
        let mut frames = Vec::new();
        for packet in packets {
            let length = u8::try_from(packet.len() + 1).expect("a short message");
            // Masked with zeros.
            frames.extend([0x81, 0x80 | length, 0, 0, 0, 0, b'4']);
            frames.extend(packet.as_bytes());
        }
        self.0.write_all(&frames).await.expect("it is open");
    }

    /// The next packet.
    pub(crate) async fn recv(&mut self) -> String {
        let message = timeout(Duration::from_secs(60), self.read()).await;
        let message = message.expect("a packet in time");
        message.strip_prefix('4').expect("a message").to_owned()
    }

    async fn read(&mut self) -> String {
        let head = self.0.read_u16().await.expect("it is open");
        assert_eq!(head & 0xff80, 0x8100, "a short text message");
        let mut text = vec![0; usize::from(head & 0x7f)];
        self.0.read_exact(&mut text).await.expect("it is open");
        String::from_utf8(text).expect("text")
    }

    async fn shake_hands(&mut self) {
        let mut request = String::from("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n");
        for header in [
            "host: test",
            "connection: upgrade",
            "upgrade: websocket",
            "sec-websocket-version: 13",
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            "",
        ] {
            write!(request, "{header}\r\n").expect("memory");
        }
        self.0
            .write_all(request.as_bytes())
            .await
            .expect("it is open");
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            response.push(self.0.read_u8().await.expect("an answer"));
        }
        assert!(response.starts_with(b"HTTP/1.1 101"));
    }
}
