//! The two requests of a polling client: GET and POST.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Response};
use http_body::Body as HttpBody;

use super::response::{self, accepted};
use crate::shared::Shared;
use crate::{
    Body, CloseReason, Config, Delivery, Hello, Packet, PacketError, PayloadBody, Refused,
    Revision, Session, Transport, decode_jsonp, decode_payload,
};

/// A GET waits until there is something to send.
pub(super) async fn poll(shared: Arc<Shared>) -> Result<Response<Body>, Refused> {
    shared.update(|session, now| session.begin_poll(now))?;
    let mut guard = PollGuard(Some(shared));
    let shared = guard.0.as_ref().expect("it is taken below");
    let payload = poll_fn(|cx| shared.poll_payload(cx)).await;
    let shared = guard.0.take().expect("it is taken only here");
    Ok(response::payload(payload, shared))
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
pub(super) async fn push<B>(
    config: &Config,
    shared: Arc<Shared>,
    headers: &HeaderMap,
    body: B,
) -> Result<Response<Body>, Refused>
where
    B: HttpBody<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    if is_encoded(headers) {
        return Err(Refused::ContentEncoding);
    }
    shared.update(|session, now| session.begin_push(now))?;
    let guard = PushGuard(Some(shared));
    let shared = guard.0.as_ref().expect("it is taken when it is over");
    let hello = shared.read(|session| session.hello());
    let is_binary = is_octet_stream(headers);
    if is_binary && (hello.revision == Revision::V4 || hello.jsonp.is_some()) {
        shared.update(|session, now| {
            session.handle_loss(Transport::Polling, CloseReason::TransportError, now);
        });
        return Err(Refused::BadPayload);
    }
    let body = match collect(body, config.max_payload, shared).await {
        Ok(body) => body,
        Err(Collect::Aborted) => return Err(Refused::BadPayload),
        Err(Collect::Ended) => return Err(shared.read(ended)),
        Err(Collect::TooLarge) => {
            guard.end();
            return Err(Refused::TooLarge);
        }
    };
    let delivered = match decode(body, hello, is_binary, config.limits.packets) {
        Some(decoded) => deliver(shared, decoded),
        None => Ok(()),
    };
    poll_fn(|cx| shared.poll_room(cx)).await;
    guard.end();
    delivered?;
    Ok(accepted())
}

/// Why a POST came to nothing whose session did not wait for it.
fn ended(session: &Session) -> Refused {
    match session.close_reason() {
        Some(_) => Refused::BadPayload,
        None => Refused::TransportMismatch,
    }
}

/// What a body holds.
struct Decoded {
    packets: Vec<Packet>,
    result: Result<(), PacketError>,
    /// The length of the buffer that the packets share.
    length: usize,
}

/// Reads a body; `None` for a form of JSONP that brings nothing.
fn decode(body: Bytes, hello: Hello, is_binary: bool, limit: usize) -> Option<Decoded> {
    let length = body.len();
    let body = if hello.jsonp.is_some() {
        Ok(decode_jsonp(&body)?.into())
    } else if is_binary {
        Ok(PayloadBody::Binary(body))
    } else {
        ByteString::try_from(body).map(PayloadBody::Text)
    };
    let (packets, result) = match body {
        Ok(body) => decode_payload(body, hello.revision, limit),
        Err(_) => (Vec::new(), Err(PacketError::Utf8)),
    };
    Some(Decoded {
        packets,
        result,
        length,
    })
}

/// Gives the packets of a body to the session: those before the first bad one.
fn deliver(shared: &Shared, decoded: Decoded) -> Result<(), Refused> {
    let figures = shared.figures();
    figures.received(Transport::Polling, decoded.packets.len(), decoded.length);
    shared.update(|session, now| {
        if session.transport() != Transport::Polling {
            return Err(Refused::TransportMismatch);
        }
        let mut packets = decoded.packets.into_iter();
        let handled = packets.try_for_each(|packet| {
            let handled = session.handle_packet(Transport::Polling, packet, now);
            handled.map_err(|_| Refused::BadPayload)
        });
        // A small message would keep the whole body alive.
        session.detach_events(decoded.length / 2);
        handled?;
        if decoded.result.is_err() {
            session.handle_loss(Transport::Polling, CloseReason::ParseError, now);
        }
        Ok(())
    })?;
    // Not under the lock: a subscriber may call the session.
    decoded.result.map_err(|error| {
        tracing::debug!(%error, "bad payload");
        Refused::BadPayload
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

/// Whether the body is compressed: it would be read as packets, and a small one
/// may inflate without limit.
fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

fn is_octet_stream(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value == "application/octet-stream")
}
