//! Requests: which session they are for, what they do to it, what they get.

mod polling;
mod response;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use hyper::upgrade::OnUpgrade;

use crate::proto::request;
use crate::shared::Shared;
use crate::websocket::connection::Connection;
use crate::websocket::{accept, probe};
use crate::{Body, Engine, Handshake, Hello, Refused, Transport};
use response::{empty, refuse, refuse_upgrade, switching_protocols};

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
    let is_old_ie = response::is_old_ie(request.headers());
    match route(engine, request).await {
        Ok(response) if is_old_ie => response::for_old_ie(response),
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
        asked.check_revision(engine.config())?;
        return if is_websocket {
            open_websocket(engine, &mut request, asked.hello())
        } else {
            open_polling(engine, &mut request, asked.hello())
        };
    };
    let shared = engine.session(sid).ok_or(Refused::UnknownSid)?;
    if !is_websocket && asked.transport != shared.read(|session| session.transport()) {
        return Err(Refused::TransportMismatch);
    }
    if asked.revision != shared.read(|session| session.hello().revision) {
        return Err(Refused::RevisionMismatch);
    }
    if is_websocket {
        return upgrade(engine, shared, &mut request, asked.hello());
    }
    match *request.method() {
        Method::GET => polling::poll(shared).await,
        Method::POST => polling::push(engine.config(), shared, request).await,
        _ => Err(Refused::Method),
    }
}

/// A handshake over polling: its response holds the open packet alone.
fn open_polling<B>(
    engine: &Engine,
    request: &mut Request<B>,
    hello: Hello,
) -> Result<Response<Body>, Refused> {
    let handshake = Handshake::take(request);
    let response = engine.admit()?.open(handshake, hello, None, |shared| {
        let payload = shared.update(|session, now| {
            session
                .begin_poll(now)
                .expect("a new session has no other poll");
            session
                .poll_payload()
                .expect("a new session has an open packet")
        });
        response::payload(payload, shared.clone())
    });
    Ok(response)
}

/// A handshake over websocket: the session opens once the 101 is through.
fn open_websocket<B>(
    engine: &Engine,
    request: &mut Request<B>,
    hello: Hello,
) -> Result<Response<Body>, Refused> {
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
                let connection = Connection::new(io, config, hello);
                admission.open(handshake, hello, Some(connection), |_| ());
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
    hello: Hello,
) -> Result<Response<Body>, Refused> {
    if request.method() != Method::GET {
        return Err(Refused::BadHandshakeMethod);
    }
    let answer = accept::accept(request.headers())?;
    let upgrade: OnUpgrade = hyper::upgrade::on(request);
    match shared.update(|session, now| session.begin_probe(now)) {
        Ok(id) => tokio::spawn(probe::run(upgrade, hello, shared, id, engine.task())),
        // Clients expect a second websocket to open, and to be closed.
        Err(Refused::TransportMismatch) => {
            tokio::spawn(probe::turn_away(upgrade, hello, engine.task()))
        }
        Err(refused) => return Err(refused),
    };
    Ok(switching_protocols(answer))
}
