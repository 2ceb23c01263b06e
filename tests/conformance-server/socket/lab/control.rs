//! What a suite asks the server beside the protocol.

use engineio::{Body, Engine};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::service_fn;

use super::records::Records;
use crate::host::Profile;

pub(super) fn service(engine: Engine, records: Records) -> Profile {
    Profile::new(service_fn(move |request: Request<Incoming>| {
        let (engine, records) = (engine.clone(), records.clone());
        async move { Ok(answer(&engine, &records, &request)) }
    }))
}

fn answer(engine: &Engine, records: &Records, request: &Request<Incoming>) -> Response<Body> {
    if request.method() != Method::GET {
        return not_found();
    }
    let query = request.uri().query().unwrap_or_default();
    let parameter = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key.as_ref() == name);
        found.map_or_else(String::new, |(_, value)| value.into_owned())
    };
    match request.uri().path() {
        "/lab/count" => report(&json!({ "clients": engine.session_count() })),
        "/lab/engine" => report(&records.engine(&parameter("sid"))),
        "/lab/socket" => report(&records.socket(&parameter("id"))),
        _ => not_found(),
    }
}

fn report(value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn not_found() -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
