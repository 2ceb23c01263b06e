//! The least that an HTTP server can do: bare hyper, a map of queues, and
//! websockets of tokio-tungstenite that send back what comes.
//!
//! It answers the requests that the load generator makes of a Socket.IO server,
//! and checks nothing.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    UPGRADE,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

type Answer = Response<Full<Bytes>>;

/// What waits for a polling client, and who waits for it.
#[derive(Default)]
struct Queue {
    messages: Mutex<VecDeque<Bytes>>,
    filled: Notify,
}

#[derive(Default)]
struct Sessions {
    queues: HashMap<String, Arc<Queue>>,
    next: u64,
}

type Shared = Arc<Mutex<Sessions>>;

#[tokio::main]
async fn main() -> Result<Infallible, Box<dyn Error>> {
    let port: u16 = std::env::var("PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let sessions = Shared::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let sessions = sessions.clone();
        let service = service_fn(move |request| answer(request, sessions.clone()));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::spawn(connection);
    }
}

async fn answer(request: Request<Incoming>, sessions: Shared) -> Result<Answer, hyper::Error> {
    let query = request.uri().query().unwrap_or_default();
    let sid = query.split('&').find_map(|pair| pair.strip_prefix("sid="));
    let sid = sid.map(str::to_owned);
    if request.headers().contains_key(UPGRADE) {
        return Ok(upgrade(request, sid, sessions));
    }
    let Some(sid) = sid else {
        return Ok(open(&sessions));
    };
    let Some(queue) = with(&sessions, |sessions| sessions.queues.get(&sid).cloned()) else {
        return Ok(respond(StatusCode::BAD_REQUEST, Bytes::new()));
    };
    if request.method() == Method::POST {
        let body = request.into_body().collect().await?.to_bytes();
        queue.push(reply_to(body));
        return Ok(respond(StatusCode::OK, Bytes::from_static(b"ok")));
    }
    loop {
        let filled = queue.filled.notified();
        if let Some(message) = queue.pop() {
            return Ok(respond(StatusCode::OK, message));
        }
        filled.await;
    }
}

fn open(sessions: &Shared) -> Answer {
    let sid = with(sessions, |sessions| {
        sessions.next += 1;
        let sid = format!("{:020}", sessions.next);
        sessions.queues.insert(sid.clone(), Arc::default());
        sid
    });
    respond(StatusCode::OK, handshake(&sid).into())
}

fn handshake(sid: &str) -> String {
    format!(
        r#"0{{"sid":"{sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#
    )
}

/// What a server answers to a CONNECT; anything else is sent back.
fn reply_to(message: Bytes) -> Bytes {
    match &*message {
        b"40" => Bytes::from_static(b"40{\"sid\":\"00000000000000000000\"}"),
        _ => message,
    }
}

fn upgrade(mut request: Request<Incoming>, sid: Option<String>, sessions: Shared) -> Answer {
    let key = request.headers().get(SEC_WEBSOCKET_KEY).cloned();
    let accept = key.map(|key| derive_accept_key(key.as_bytes()));
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let io = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
            echo(socket, sid.is_none()).await;
        }
        if let Some(sid) = sid {
            with(&sessions, |sessions| sessions.queues.remove(&sid));
        }
    });
    let mut response = respond(StatusCode::SWITCHING_PROTOCOLS, Bytes::new());
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Some(accept) = accept.and_then(|accept| HeaderValue::try_from(accept).ok()) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// Sends messages back; a probe, a CONNECT and a join get their answers.
async fn echo(mut socket: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>, is_new: bool) {
    if is_new {
        let sid = "00000000000000000000";
        let _ = socket.send(Message::text(handshake(sid))).await;
    }
    while let Some(Ok(message)) = socket.next().await {
        let reply = match message {
            Message::Text(text) if text == "2probe" => Message::text("3probe"),
            Message::Text(text) if text == "5" => continue,
            Message::Text(text) if text == "40" => {
                Message::text("40{\"sid\":\"00000000000000000000\"}")
            }
            Message::Text(text) if text.ends_with("[\"join\",\"room7\"]") => Message::text("430[]"),
            message @ (Message::Binary(_) | Message::Text(_)) => message,
            _ => continue,
        };
        if socket.send(reply).await.is_err() {
            return;
        }
    }
}

fn respond(status: StatusCode, body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=UTF-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Queue {
    fn push(&self, message: Bytes) {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(message);
        self.filled.notify_one();
    }

    fn pop(&self) -> Option<Bytes> {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }
}

fn with<R>(sessions: &Shared, f: impl FnOnce(&mut Sessions) -> R) -> R {
    f(&mut sessions.lock().unwrap_or_else(PoisonError::into_inner))
}
