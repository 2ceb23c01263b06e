//! An HTTP/1.1 client that sends and shows bytes as they are.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

pub(crate) struct Client {
    stream: DuplexStream,
    path: &'static str,
    unread: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(stream: DuplexStream, path: &'static str) -> Self {
        Self {
            stream,
            path,
            unread: Vec::new(),
        }
    }

    pub(crate) fn into_stream(self) -> DuplexStream {
        self.stream
    }

    pub(crate) async fn get(&mut self, query: &str) -> Response {
        self.request("GET", query, &[], b"").await
    }

    pub(crate) async fn post(&mut self, query: &str, body: &[u8]) -> Response {
        let headers = [("Content-Type", "text/plain;charset=UTF-8")];
        self.request("POST", query, &headers, body).await
    }

    pub(crate) async fn request(
        &mut self,
        method: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.send(method, query, headers, body).await;
        self.response().await
    }

    /// Sends a request below the engine's path; an absolute target is taken as
    /// it is.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) {
        let path = if query.starts_with('/') {
            ""
        } else {
            self.path
        };
        let mut head = format!("{method} {path}{query} HTTP/1.1\r\nHost: localhost:3000\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        self.write(head.as_bytes()).await;
        self.write(body).await;
    }

    /// Sends bytes that need not be HTTP. The server may be gone already.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next response. A server that does not answer within an hour of the
    /// paused clock never does.
    pub(crate) async fn response(&mut self) -> Response {
        timeout(Duration::from_secs(3600), self.read())
            .await
            .expect("the server answers")
            .expect("the server answers before it closes the connection")
    }

    /// Whether the server closes the connection without an answer.
    pub(crate) async fn is_dropped(&mut self) -> bool {
        self.read().await.is_none()
    }

    async fn read(&mut self) -> Option<Response> {
        let head_end = loop {
            if let Some(at) = find(&self.unread, b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let head: Vec<u8> = self.unread.drain(..head_end).collect();
        let mut response = Response {
            status: 0,
            head: String::from_utf8(head).expect("the head is text"),
            body: Vec::new(),
        };
        response.status = response.head[9..12].parse().expect("a status is a number");
        if response.header("transfer-encoding") == Some("chunked") {
            loop {
                let chunk = self.read_chunk().await?;
                if chunk.is_empty() {
                    return Some(response);
                }
                response.body.extend(chunk);
            }
        }
        let length = response.header("content-length").map_or(0, |length| {
            length.parse().expect("a content length is a number")
        });
        response.body = self.take(length).await?;
        Some(response)
    }

    async fn read_chunk(&mut self) -> Option<Vec<u8>> {
        let line_end = loop {
            if let Some(at) = find(&self.unread, b"\r\n") {
                break at + 2;
            }
            self.fill().await?;
        };
        let line = self.take(line_end).await?;
        let length = std::str::from_utf8(&line).expect("a chunk begins with text");
        let length = usize::from_str_radix(length.trim_end(), 16).expect("which is a number");
        let chunk = self.take(length).await?;
        self.take(2).await?;
        Some(chunk)
    }

    async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.unread.len() < length {
            self.fill().await?;
        }
        Some(self.unread.drain(..length).collect())
    }

    async fn fill(&mut self) -> Option<()> {
        let mut buffer = [0; 4096];
        let read = self.stream.read(&mut buffer).await.ok()?;
        self.unread.extend_from_slice(&buffer[..read]);
        (read > 0).then_some(())
    }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// The values of a header, in their order.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.head.lines().filter_map(move |line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    #[track_caller]
    pub(crate) fn assert(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.text()), (status, body));
    }

    /// Asserts the JSON body of a refusal.
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, code: u8, message: &str) {
        self.assert(
            status,
            &format!(r#"{{"code":{code},"message":"{message}"}}"#),
        );
        assert_eq!(self.header("content-type"), Some("application/json"));
    }
}

/// The headers that ask for a websocket.
pub(crate) fn websocket_headers() -> [(&'static str, &'static str); 4] {
    [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
