//! Responses, with the headers that clients expect.

use std::sync::Arc;

use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_VERSION, USER_AGENT, X_XSS_PROTECTION,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::shared::Shared;
use crate::{Body, Payload, PayloadBody, Refused, encode_jsonp};

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
    if let Some(body) = refused.body() {
        *response.body_mut() = body.into();
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
    }
    response
}

/// A refused websocket gets the bare message, and its connection is closed. The
/// status is 400 whatever the code, as the reference has it.
pub(super) fn refuse_upgrade(refused: &Refused) -> Response<Body> {
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
