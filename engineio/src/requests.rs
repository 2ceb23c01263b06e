//! Requests: which session they are for, what they do to it, what they get.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_VERSION};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use hyper::upgrade::OnUpgrade;

use crate::proto::request;
use crate::shared::Shared;
use crate::websocket::connection::Connection;
use crate::websocket::{accept, probe};
use crate::{
    Body, CloseReason, Delivery, Engine, Handshake, PacketError, Refused, Session, Transport,
    decode_payload,
};

/// Answers a request, whatever it is.
pub(crate) async fn handle<B>(engine: &Engine, request: Request<B>) -> Response<Body>
where
    B: HttpBody<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    if !engine.config().serves(request.uri().path()) {
        return empty(StatusCode::NOT_FOUND);
    }
    let wants_websocket = request::is_upgrade(request.headers());
    match route(engine, request).await {
        Ok(response) => response,
        Err(refused) => {
            tracing::debug!(?refused, "request refused");
            if wants_websocket {
                refuse_upgrade(&refused)
            } else {
                refuse(&refused)
            }
        }
    }
}

async fn route<B>(engine: &Engine, mut request: Request<B>) -> Result<Response<Body>, Refused>
where
    B: HttpBody<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let query = request.uri().query().unwrap_or_default();
    let asked = request::Request::parse(query, request.headers(), engine.config())?;
    if asked.is_upgrade && asked.transport != Transport::Websocket {
        return Err(Refused::WebsocketHandshake);
    }
    let is_websocket = asked.is_upgrade;
    let Some(sid) = &asked.sid else {
        asked.check_handshake(request.method())?;
        return if is_websocket {
            open_websocket(engine, &mut request)
        } else {
            open_polling(engine, &mut request)
        };
    };
    let shared = engine.session(sid).ok_or(Refused::UnknownSid)?;
    if !is_websocket && asked.transport != shared.read(|session| session.transport()) {
        return Err(Refused::TransportMismatch);
    }
    if !asked.is_revision_4 {
        return Err(Refused::RevisionMismatch);
    }
    if is_websocket {
        return upgrade(engine, shared, &mut request);
    }
    match *request.method() {
        Method::GET => poll(shared).await,
        Method::POST => push(engine, shared, request).await,
        _ => Err(Refused::Method),
    }
}

/// A handshake over polling: its response holds the open packet alone.
fn open_polling<B>(engine: &Engine, request: &mut Request<B>) -> Result<Response<Body>, Refused> {
    let handshake = Handshake::take(request);
    let payload = engine.admit()?.open(handshake, None, |shared| {
        let payload = shared.update(|session, now| {
            session
                .begin_poll(now)
                .expect("a new session has no other poll");
            session
                .poll_payload()
                .expect("a new session has an open packet")
        });
        Body::payload(payload, shared.clone())
    });
    Ok(polling_response(payload))
}

/// A handshake over websocket: the session opens once the 101 is through.
fn open_websocket<B>(engine: &Engine, request: &mut Request<B>) -> Result<Response<Body>, Refused> {
    let answer = accept::accept(request.headers())?;
    let admission = engine.admit()?;
    let upgrade = hyper::upgrade::on(&mut *request);
    let handshake = Handshake::take(request);
    tokio::spawn(async move {
        let config = admission.task().config();
        let upgraded = tokio::select! {
            upgraded = tokio::time::timeout(config.upgrade_timeout, upgrade) => upgraded,
            () = admission.task().closing() => return,
        };
        match upgraded {
            Ok(Ok(io)) => {
                let connection = Connection::new(io, config.max_payload);
                admission.open(handshake, Some(connection), |_| ());
            }
            Ok(Err(error)) => tracing::debug!(%error, "websocket not opened"),
            Err(_) => tracing::debug!("websocket not opened in time"),
        }
    });
    Ok(switching_protocols(answer))
}

/// A websocket for a session that is on polling.
fn upgrade<B>(
    engine: &Engine,
    shared: Arc<Shared>,
    request: &mut Request<B>,
) -> Result<Response<Body>, Refused> {
    if request.method() != Method::GET {
        return Err(Refused::BadHandshakeMethod);
    }
    let answer = accept::accept(request.headers())?;
    let upgrade: OnUpgrade = hyper::upgrade::on(request);
    match shared.update(|session, now| session.begin_probe(now)) {
        Ok(id) => tokio::spawn(probe::run(upgrade, shared, id, engine.task())),
        // Clients expect a second websocket to open, and to be closed.
        Err(Refused::TransportMismatch) => tokio::spawn(probe::turn_away(upgrade, engine.task())),
        Err(refused) => return Err(refused),
    };
    Ok(switching_protocols(answer))
}

/// A GET waits until there is something to send.
async fn poll(shared: Arc<Shared>) -> Result<Response<Body>, Refused> {
    shared.update(|session, now| session.begin_poll(now))?;
    let mut guard = PollGuard(Some(shared));
    let shared = guard.0.as_ref().expect("it is taken below");
    let payload = poll_fn(|cx| shared.poll_payload(cx)).await;
    let shared = guard.0.take().expect("it is taken only here");
    Ok(polling_response(Body::payload(payload, shared)))
}

/// Tells the session when its GET went away unanswered.
struct PollGuard(Option<Arc<Shared>>);

impl Drop for PollGuard {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.update(|session, now| session.cancel_poll(now));
        }
    }
}

/// A POST is collected whole, decoded whole, then handed on. Its answer waits
/// until the application has room for more.
async fn push<B>(
    engine: &Engine,
    shared: Arc<Shared>,
    request: Request<B>,
) -> Result<Response<Body>, Refused>
where
    B: HttpBody<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    shared.update(|session, now| session.begin_push(now))?;
    let guard = PushGuard(Some(shared));
    let shared = guard.0.as_ref().expect("it is taken when it is over");
    if is_octet_stream(request.headers()) {
        shared.update(|session, now| {
            session.handle_loss(Transport::Polling, CloseReason::TransportError, now);
        });
        return Err(Refused::BadPayload);
    }
    let body = match collect(request.into_body(), engine.config().max_payload, shared).await {
        Ok(body) => body,
        Err(Collect::Aborted) => return Err(Refused::BadPayload),
        Err(Collect::Ended) => return Err(shared.read(ended)),
        Err(Collect::TooLarge) => {
            guard.end();
            return Err(Refused::TooLarge);
        }
    };
    let limit = engine.config().limits.packets;
    let delivered = deliver(shared, body, limit);
    poll_fn(|cx| shared.poll_room(cx)).await;
    guard.end();
    delivered?;
    let mut response = Response::new("ok".into());
    set_headers(&mut response, "text/html");
    Ok(response)
}

/// Why a POST came to nothing whose session did not wait for it.
fn ended(session: &Session) -> Refused {
    match session.close_reason() {
        Some(_) => Refused::BadPayload,
        None => Refused::TransportMismatch,
    }
}

/// Gives the packets of a body to the session: those before the first bad one.
fn deliver(shared: &Shared, body: Bytes, limit: usize) -> Result<(), Refused> {
    let length = body.len();
    let (packets, result) = match ByteString::try_from(body) {
        Ok(body) => decode_payload(body, limit),
        Err(_) => (Vec::new(), Err(PacketError::Utf8)),
    };
    shared.update(|session, now| {
        if session.transport() != Transport::Polling {
            return Err(Refused::TransportMismatch);
        }
        for packet in packets {
            session
                .handle_packet(Transport::Polling, packet, now)
                .map_err(|_| Refused::BadPayload)?;
        }
        // A small message would keep the whole body alive.
        session.detach_events(length / 2);
        result.map_err(|error| {
            tracing::debug!(%error, "bad payload");
            session.handle_loss(Transport::Polling, CloseReason::ParseError, now);
            Refused::BadPayload
        })
    })
}

/// Ends the session's POST; as aborted, unless it came to its end.
struct PushGuard(Option<Arc<Shared>>);

impl PushGuard {
    fn end(mut self) {
        if let Some(shared) = self.0.take() {
            shared.update(|session, now| session.end_push(Delivery::Done, now));
        }
    }
}

impl Drop for PushGuard {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.update(|session, now| session.end_push(Delivery::Aborted, now));
        }
    }
}

enum Collect {
    /// The client went away.
    Aborted,
    /// The session was closed, or moved to another transport.
    Ended,
    TooLarge,
}

/// Reads a body of at most `limit` bytes, as long as the session is open.
async fn collect<B>(body: B, limit: usize, shared: &Shared) -> Result<Bytes, Collect>
where
    B: HttpBody<Data = Bytes>,
    B::Error: fmt::Display,
{
    if body.size_hint().lower() > limit as u64 {
        return Err(Collect::TooLarge);
    }
    let mut body = pin!(body);
    let mut collected = BytesMut::new();
    loop {
        let frame = poll_fn(|cx| {
            if shared.poll_not_polling(cx).is_ready() {
                return Poll::Ready(Err(Collect::Ended));
            }
            body.as_mut().poll_frame(cx).map(Ok)
        });
        let data = match frame.await? {
            None => return Ok(collected.freeze()),
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) => {
                tracing::debug!(%error, "body not read");
                return Err(Collect::Aborted);
            }
        };
        if collected.len() + data.len() > limit {
            return Err(Collect::TooLarge);
        }
        collected.extend_from_slice(&data);
    }
}

fn is_octet_stream(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value == "application/octet-stream")
}

fn polling_response(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    set_headers(&mut response, "text/plain; charset=UTF-8");
    response
}

fn set_headers(response: &mut Response<Body>, content_type: &'static str) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn switching_protocols(headers: HeaderMap) -> Response<Body> {
    let mut response = empty(StatusCode::SWITCHING_PROTOCOLS);
    *response.headers_mut() = headers;
    response
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = status;
    response
}

fn refuse(refused: &Refused) -> Response<Body> {
    let mut response = empty(refused.status());
    if let Some(body) = refused.body() {
        *response.body_mut() = body.into();
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
    }
    response
}

/// A refused websocket gets the bare message, and its connection is closed. The
/// status is 400 whatever the code, as the reference has it.
fn refuse_upgrade(refused: &Refused) -> Response<Body> {
    let mut response = Response::new(refused.to_string().into());
    *response.status_mut() = match refused {
        Refused::Unavailable => refused.status(),
        _ => StatusCode::BAD_REQUEST,
    };
    let headers = response.headers_mut();
    if *refused == Refused::WebsocketHandshake {
        // RFC 6455, section 4.4: what the client may try instead.
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}
