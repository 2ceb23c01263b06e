//! Requests: which session they are for, what they do to it, what they get.

mod polling;
mod response;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tracing::{Instrument, Span};

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
    if let Some(response) = engine.config().answer_file(&request) {
        return response;
    }
    let (mut parts, body) = request.into_parts();
    let wants_websocket = request::is_upgrade(&parts.headers);
    let is_old_ie = response::is_old_ie(&parts.headers);
    let hooks = &engine.config().hooks;
    let mut span = Span::none();
    match route(engine, &mut parts, body, &mut span).await {
        Ok(mut response) => {
            if is_old_ie {
                response = response::for_old_ie(response);
            }
            hooks.headers(response.headers_mut(), &parts);
            response
        }
        Err(refused) => {
            span.in_scope(|| tracing::debug!(?refused, "request refused"));
            engine.figures().refused(&refused);
            hooks.connection_error(&refused, parts);
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
    parts: &mut Parts,
    body: B,
    span: &mut Span,
) -> Result<Response<Body>, Refused>
where
    B: HttpBody<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let asked = request::Request::parse(&parts.uri, &parts.headers, engine.config())?;
    let is_websocket = asked.is_upgrade;
    let Some(sid) = &asked.sid else {
        asked.check_handshake(&parts.method)?;
        return if is_websocket {
            open_websocket(engine, parts, &asked).await
        } else {
            open_polling(engine, parts, &asked).await
        };
    };
    let shared = engine.session(sid).ok_or(Refused::UnknownSid)?;
    span.clone_from(shared.span());
    if !is_websocket && asked.transport != shared.read(|session| session.transport()) {
        return Err(Refused::TransportMismatch);
    }
    if asked.revision != shared.read(|session| session.hello().revision) {
        return Err(Refused::RevisionMismatch);
    }
    if is_websocket && asked.transport != Transport::Websocket {
        return Err(Refused::WebsocketHandshake);
    }
    if is_websocket {
        return upgrade(engine, shared, parts, asked.hello());
    }
    match parts.method {
        Method::GET => polling::poll(shared).await,
        Method::POST => {
            let pushed = polling::push(engine.config(), shared, &parts.headers, body);
            pushed.instrument(span.clone()).await
        }
        _ => Err(Refused::Method),
    }
}

/// A handshake over polling: its response holds the open packet alone.
async fn open_polling(
    engine: &Engine,
    parts: &Parts,
    asked: &request::Request,
) -> Result<Response<Body>, Refused> {
    let handshake = Arc::new(Handshake::new(parts));
    let admission = engine.admit(&handshake, asked).await?;
    let config = engine.config();
    let cookie = config
        .cookie
        .as_ref()
        .map(|cookie| cookie.header(admission.sid()));
    let mut response = admission.open(handshake.clone(), asked.hello(), None, |shared| {
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
    let headers = response.headers_mut();
    headers.extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    config.hooks.initial_headers(headers, &handshake);
    Ok(response)
}

/// A handshake over websocket: the session opens once the 101 is through.
async fn open_websocket(
    engine: &Engine,
    parts: &mut Parts,
    asked: &request::Request,
) -> Result<Response<Body>, Refused> {
    let (answer, upgrade) = accept::accept(parts)?;
    let handshake = Arc::new(Handshake::new(parts));
    let admission = engine.admit(&handshake, asked).await?;
    let hello = asked.hello();
    let mut response = switching_protocols(answer);
    let config = engine.config();
    config
        .hooks
        .initial_headers(response.headers_mut(), &handshake);
    tokio::spawn(async move {
        let config = admission.task().config();
        let upgraded = tokio::select! {
            upgraded = tokio::time::timeout(config.upgrade_timeout, upgrade) => upgraded,
            () = admission.task().closing() => return,
        };
        match upgraded {
            Ok(Ok(io)) => {
                let figures = admission.task().figures().clone();
                let connection = Connection::new(io, config, figures, hello);
                admission.open(handshake, hello, Some(connection), |_| ());
            }
            Ok(Err(error)) => tracing::debug!(%error, "websocket not opened"),
            Err(_) => tracing::debug!("websocket not opened in time"),
        }
    });
    Ok(response)
}

/// A websocket for a session that is on polling.
fn upgrade(
    engine: &Engine,
    shared: Arc<Shared>,
    parts: &mut Parts,
    hello: Hello,
) -> Result<Response<Body>, Refused> {
    if parts.method != Method::GET {
        return Err(Refused::BadHandshakeMethod);
    }
    let (answer, upgrade) = accept::accept(parts)?;
    let span = shared.span().clone();
    match shared.update(|session, now| session.begin_probe(now)) {
        Ok(id) => {
            let probe = probe::run(upgrade, hello, shared, id, engine.task());
            tokio::spawn(probe.instrument(span));
        }
        // Clients expect a second websocket to open, and to be closed.
        Err(Refused::TransportMismatch) => {
            span.in_scope(|| tracing::debug!("upgrade failed: there is another websocket"));
            engine.figures().upgrade_failed();
            tokio::spawn(probe::turn_away(upgrade, hello, engine.task()).instrument(span));
        }
        Err(refused) => return Err(refused),
    }
    Ok(switching_protocols(answer))
}
