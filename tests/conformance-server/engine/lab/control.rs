//! What a suite asks the server beside the protocol.

use engineio::{Body, Engine};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response};
use serde::Serialize;
use serde_json::json;
use tower::{ServiceExt, service_fn};

use super::records::Records;
use crate::host::{self, Profile};

pub(super) fn service(engine: Engine, records: Records) -> Profile {
    Profile::new(service_fn(move |request: Request<Incoming>| {
        let (engine, records) = (engine.clone(), records.clone());
        async move {
            match (request.method(), request.uri().path()) {
                (&Method::GET, "/lab/count") => {
                    Ok(report(&json!({ "clients": engine.session_count() })))
                }
                (&Method::GET, "/lab/session") => {
                    let query = request.uri().query().unwrap_or_default();
                    let sid = form_urlencoded::parse(query.as_bytes())
                        .find_map(|(name, value)| (name == "sid").then_some(value));
                    Ok(report(&records.get(&sid.unwrap_or_default())))
                }
                _ => host::not_found().oneshot(request).await,
            }
        }
    }))
}

fn report(value: &impl Serialize) -> Response<Body> {
    let json = serde_json::to_string(value).expect("its keys are strings");
    let mut response = Response::new(Body::from(json));
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
