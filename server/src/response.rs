//! Responses of our own.

use engineio::Body;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};

/// A response of plain text.
pub(crate) fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The response to a request that wants to do more than read, if it does.
pub(crate) fn only_read(method: &Method) -> Option<Response<Body>> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed\n");
    let allowed = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(header::ALLOW, allowed);
    Some(response)
}

/// A response that a browser shows: the page runs nothing but the files beside
/// it.
pub(crate) fn confined(mut response: Response<Body>) -> Response<Body> {
    for (name, value) in CONFINEMENT {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

/// `connect-src 'self'` includes the websocket of the same host and port.
const CONFINEMENT: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
];
