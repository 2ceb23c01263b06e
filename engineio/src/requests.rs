//! Requests: which session they are for, what they do to it, what they get.

mod polling;
mod response;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use hyper::upgrade::OnUpgrade;
use tracing::{Instrument, Span};

use crate::proto::request;
use crate::shared::Shared;
use crate::websocket::connection::Connection;
use crate::websocket::{accept, probe};
use crate::{Body, Engine, Handshake, Refused, Transport};
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
    let mut span = Span::none();
    match route(engine, request, &mut span).await {
        Ok(response) if is_old_ie => response::for_old_ie(response),
        Ok(response) => response,
        Err(refused) => {
            span.in_scope(|| tracing::debug!(?refused, "request refused"));
            engine.figures().refused(&refused);
            if wants_websocket {
                refuse_upgrade(&refused)
            } else {
                refuse(&refused)
            }
        }
    }
}

/// `span` becomes that of the session which the request is for.
async fn route<B>(
    engine: &Engine,
    mut request: Request<B>,
    span: &mut Span,
) -> Result<Response<Body>, Refused>
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
            open_websocket(engine, &mut request, asked.wants_base64)
        } else {
            open_polling(engine, &mut request)
        };
    };
    let shared = engine.session(sid).ok_or(Refused::UnknownSid)?;
    span.clone_from(shared.span());
    if !is_websocket && asked.transport != shared.read(|session| session.transport()) {
        return Err(Refused::TransportMismatch);
    }
    if !asked.is_revision_4 {
        return Err(Refused::RevisionMismatch);
    }
    if is_websocket {
        return upgrade(engine, shared, &mut request, asked.wants_base64);
    }
    match *request.method() {
        Method::GET => polling::poll(shared).await,
        Method::POST => {
            let pushed = polling::push(engine.config(), shared, request);
            pushed.instrument(span.clone()).await
        }
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
    Ok(response::payload(payload))
}

/// A handshake over websocket: the session opens once the 101 is through.
fn open_websocket<B>(
    engine: &Engine,
    request: &mut Request<B>,
    as_base64: bool,
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
                let figures = admission.task().figures().clone();
                let connection = Connection::new(io, config, figures, as_base64);
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
    as_base64: bool,
) -> Result<Response<Body>, Refused> {
    if request.method() != Method::GET {
        return Err(Refused::BadHandshakeMethod);
    }
    let answer = accept::accept(request.headers())?;
    let upgrade: OnUpgrade = hyper::upgrade::on(request);
    let span = shared.span().clone();
    match shared.update(|session, now| session.begin_probe(now)) {
        Ok(id) => {
            let probe = probe::run(upgrade, as_base64, shared, id, engine.task());
            tokio::spawn(probe.instrument(span));
        }
        // Clients expect a second websocket to open, and to be closed.
        Err(Refused::TransportMismatch) => {
            span.in_scope(|| tracing::debug!("upgrade failed: there is another websocket"));
            engine.figures().upgrade_failed();
            tokio::spawn(probe::turn_away(upgrade, engine.task()).instrument(span));
        }
        Err(refused) => return Err(refused),
    }
    Ok(switching_protocols(answer))
}
