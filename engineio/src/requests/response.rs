//! Responses, with the headers that clients expect.

use std::sync::Arc;

use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, SEC_WEBSOCKET_VERSION,
    USER_AGENT, X_CONTENT_TYPE_OPTIONS, X_XSS_PROTECTION,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::shared::Shared;
use crate::{Body, Payload, PayloadBody, Refused, encode_jsonp};

/// What clients send is in the bodies: no browser is to take them for a page.
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The answer to a GET.
pub(super) fn payload(mut payload: Payload, shared: Arc<Shared>) -> Response<Body> {
    let jsonp = shared.read(|session| session.hello().jsonp);
    let content_type = match (&payload.body, jsonp) {
        (PayloadBody::Binary(_), _) => "application/octet-stream",
        (PayloadBody::Text(_), None) => "text/plain; charset=UTF-8",
        (PayloadBody::Text(text), Some(index)) => {
            payload.body = PayloadBody::Text(encode_jsonp(index, text).into());
            "text/javascript; charset=UTF-8"
        }
    };
    let mut response = Response::new(Body::payload(payload, shared));
    set_headers(&mut response, content_type);
    response
}

/// The answer to a POST.
pub(super) fn accepted() -> Response<Body> {
    let mut response = Response::new("ok".into());
    set_headers(&mut response, "text/html");
    response
}

fn set_headers(response: &mut Response<Body>, content_type: &'static str) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
}

/// Whether an Internet Explorer asks, which takes some payloads for an attack.
pub(super) fn is_old_ie(headers: &HeaderMap) -> bool {
    headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .is_some_and(|agent| agent.contains(";MSIE") || agent.contains("Trident/"))
}

/// Tells it that this is none.
pub(super) fn for_old_ie(mut response: Response<Body>) -> Response<Body> {
    let off = HeaderValue::from_static("0");
    response.headers_mut().insert(X_XSS_PROTECTION, off);
    response
}

/// The `101` that opens a websocket.
pub(super) fn switching_protocols(headers: HeaderMap) -> Response<Body> {
    let mut response = empty(StatusCode::SWITCHING_PROTOCOLS);
    *response.headers_mut() = headers;
    response
}

pub(super) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = status;
    response
}

/// A refusal as polling clients get it.
pub(super) fn refuse(refused: &Refused) -> Response<Body> {
    let mut response = empty(refused.status());
    let headers = response.headers_mut();
    set_advice(headers, refused);
    if let Some(body) = refused.body() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        *response.body_mut() = body.into();
    }
    response
}

/// A refused websocket gets the bare message, and its connection is closed. The
/// status is 400 whatever the code, as the reference has it.
pub(super) fn refuse_upgrade(refused: &Refused) -> Response<Body> {
    let mut response = Response::new(refused.to_string().into());
    *response.status_mut() = match refused {
        Refused::TooManySessions | Refused::Unavailable => refused.status(),
        _ => StatusCode::BAD_REQUEST,
    };
    let headers = response.headers_mut();
    set_advice(headers, refused);
    if *refused == Refused::WebsocketHandshake {
        // RFC 6455, section 4.4: what the client may try instead.
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// What the client may do instead, or when.
fn set_advice(headers: &mut HeaderMap, refused: &Refused) {
    match refused {
        // RFC 9110, section 15.5.16.
        Refused::ContentEncoding => {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        // Seconds; clients that lost their server come back at about this pace.
        Refused::TooManySessions | Refused::Unavailable => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        _ => {}
    }
}
