//! A client in memory, on the polling transport, that speaks packets as text.

use std::sync::Once;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use socketio::{Config, Server};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A server for one test; its clients come from [`Client::open`].
pub(crate) fn server() -> Server {
    Server::new(Config::default())
}

/// One connection. A task polls for it, so that dropping the client leaves
/// the connection as it is.
pub(crate) struct Client {
    io: Server,
    pub(crate) sid: String,
    inbox: mpsc::UnboundedReceiver<String>,
}

impl Client {
    /// Opens a connection, without joining a namespace.
    pub(crate) async fn open(io: &Server) -> Self {
        Self::open_with(io, Request::builder(), "").await
    }

    /// Opens a connection with these headers and this query behind the usual.
    pub(crate) async fn open_with(io: &Server, head: http::request::Builder, query: &str) -> Self {
        let sid = handshake(io, head, query).await;
        let (outbox, inbox) = mpsc::unbounded_channel();
        tokio::spawn(poll(io.clone(), sid.clone(), outbox));
        Self {
            io: io.clone(),
            sid,
            inbox,
        }
    }

    /// Opens a connection and joins `/`.
    pub(crate) async fn connect(io: &Server) -> Self {
        let mut client = Self::open(io).await;
        client.join("/").await;
        client
    }

    /// Joins a namespace, and gives the id of the socket.
    pub(crate) async fn join(&mut self, nsp: &str) -> String {
        let prefix = if nsp == "/" {
            String::new()
        } else {
            format!("{nsp},")
        };
        self.send(&format!("0{prefix}")).await;
        let answer = self.recv().await;
        let start = format!(r#"0{prefix}{{"sid":""#);
        let id = answer
            .strip_prefix(&start)
            .expect("an answer to the CONNECT");
        // With recovery a secret of the client's follows.
        let (id, _) = id.split_once('"').expect("the id ends");
        id.to_owned()
    }

    /// Sends one packet.
    pub(crate) async fn send(&self, packet: &str) {
        self.send_all(&[packet]).await;
    }

    /// Sends packets in one payload.
    pub(crate) async fn send_all(&self, packets: &[&str]) {
        let messages: Vec<_> = packets.iter().map(|packet| format!("4{packet}")).collect();
        let (status, body) = self.post(&messages.join("\x1e")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }

    /// Posts a payload of the engine.
    pub(crate) async fn post(&self, payload: &str) -> (StatusCode, String) {
        post(&self.io, &self.sid, payload).await
    }

    /// The next packet.
    pub(crate) async fn recv(&mut self) -> String {
        let packet = timeout(Duration::from_secs(60), self.inbox.recv()).await;
        packet
            .expect("a packet in time")
            .expect("the connection is open")
    }

    /// Asserts that no packet comes, for long.
    pub(crate) async fn silence(&mut self) {
        let packet = timeout(Duration::from_secs(5), self.inbox.recv()).await;
        assert!(packet.is_err(), "{packet:?}");
    }

    /// The next packet; `None` if the connection ends instead.
    pub(crate) async fn first(&mut self) -> Option<String> {
        let packet = timeout(Duration::from_secs(60), self.inbox.recv()).await;
        packet.expect("a packet in time, or the end")
    }

    /// The packets that still come until the connection ends.
    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut packets = Vec::new();
        while let Some(packet) = self.inbox.recv().await {
            packets.push(packet);
        }
        packets
    }

    /// Ends the connection, as a client does that goes away.
    pub(crate) async fn close(&self) {
        self.post("1").await;
    }
}

/// Opens a connection, and gives its id.
pub(crate) async fn handshake(io: &Server, head: http::request::Builder, query: &str) -> String {
    listen_everywhere();
    let uri = format!("/socket.io/?EIO=4&transport=polling{query}");
    let (status, body) = ask(io, head.uri(uri), "").await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let (_, rest) = body.split_once(r#""sid":""#).expect("an open packet");
    rest[..20].to_owned()
}

/// The next payload of a client that has no poll waiting.
pub(crate) async fn get(io: &Server, sid: &str) -> String {
    let (_, body) = ask(io, Request::builder().uri(uri(sid)), "").await;
    body
}

/// Polls until the connection is closed, and answers pings.
async fn poll(io: Server, sid: String, outbox: mpsc::UnboundedSender<String>) {
    loop {
        let head = Request::builder().uri(uri(&sid));
        let (status, body) = ask(&io, head, "").await;
        if status != StatusCode::OK {
            return;
        }
        for packet in body.split('\x1e') {
            match packet.split_at(1) {
                ("1", _) => return,
                ("2", _) => drop(post(&io, &sid, "3").await),
                ("4" | "b", packet) => drop(outbox.send(packet.to_owned())),
                _ => {}
            }
        }
    }
}

pub(crate) async fn post(io: &Server, sid: &str, payload: &str) -> (StatusCode, String) {
    let head = Request::builder().method(Method::POST).uri(uri(sid));
    ask(io, head, payload).await
}

pub(crate) fn uri(sid: &str) -> String {
    format!("/socket.io/?EIO=4&transport=polling&sid={sid}")
}

async fn ask(io: &Server, head: http::request::Builder, body: &str) -> (StatusCode, String) {
    let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
    let response = io.handle(head.body(body).expect("a request")).await;
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.into()).expect("text"))
}

/// Lets no place that logs be taken for one that nobody listens to. Tracing decides that
/// when the place is first reached, and misses who begins to listen at that moment on
/// another thread.
fn listen_everywhere() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let everything = tracing_subscriber::registry();
        tracing::subscriber::set_global_default(everything).expect("it is the only one");
    });
}

/// Panics, as a handler that has a type.
pub(crate) fn fail(why: &str) {
    panic!("{why}");
}

/// What handlers saw, in order.
pub(crate) struct Log<T>(mpsc::UnboundedSender<T>, mpsc::UnboundedReceiver<T>);

impl<T: std::fmt::Debug> Log<T> {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self(sender, receiver)
    }

    /// What handlers write with.
    pub(crate) fn pen(&self) -> mpsc::UnboundedSender<T> {
        self.0.clone()
    }

    /// The next entry.
    pub(crate) async fn next(&mut self) -> T {
        let entry = timeout(Duration::from_secs(60), self.1.recv()).await;
        entry
            .expect("an entry in time")
            .expect("the log has a pen itself")
    }

    /// Asserts that there is no entry, for long.
    pub(crate) async fn silence(&mut self) {
        let entry = timeout(Duration::from_secs(5), self.1.recv()).await;
        assert!(entry.is_err(), "{entry:?}");
    }
}

/// Why sockets of a namespace leave.
pub(crate) fn reasons(io: &Server, nsp: &str) -> Log<String> {
    let log = Log::new();
    let pen = log.pen();
    io.of(nsp)
        .on_disconnect(async move |_, reason| pen.send(reason.to_string()).expect("a log"));
    log
}
