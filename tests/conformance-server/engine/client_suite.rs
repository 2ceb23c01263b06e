//! `engine-client-suite`: what the official client's own tests talk to.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use engineio::{Config, Engine, Handshake, Message, Socket};
use httpdate::HttpDate;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, SET_COOKIE};
use hyper::{HeaderMap, Request};
use serde_json::Value;
use tower::service_fn;

use super::posts::Posts;
use crate::host::Profile;
use crate::options::Options;

pub(crate) fn profile(options: &Options) -> Profile {
    let config = Config::default()
        .ping_interval(Duration::from_millis(500))
        .max_payload(100)
        .allow_request(refuse_denied)
        .initial_headers(add_cookies);
    let posts = Posts::default();
    let engine = Engine::new(options.apply(config), {
        let posts = posts.clone();
        move |socket| run(socket, posts.clone())
    });
    Profile::new(service_fn(move |request: Request<Incoming>| {
        let (posts, engine) = (posts.clone(), engine.clone());
        async move { Ok(posts.handle(engine, request).await) }
    }))
}

/// The query says it itself.
async fn refuse_denied(handshake: Arc<Handshake>) -> Result<(), &'static str> {
    match handshake.query().any(|(name, _)| name == "deny") {
        true => Err("Forbidden"),
        false => Ok(()),
    }
}

/// A header for each cookie: a client has to keep them apart.
#[expect(clippy::disallowed_methods, reason = "this is no part of the protocol")]
fn add_cookies(headers: &mut HeaderMap, _: &Handshake) {
    let expiring = format!("4=4; Expires={}", HttpDate::from(SystemTime::now()));
    for cookie in [
        "1=1; Max-Age=86400",
        "2=2; Path=/; HttpOnly; Secure; SameSite=Strict",
        "3=3; Max-Age=0",
        &expiring,
    ] {
        let cookie = HeaderValue::from_str(cookie).expect("a cookie is printable");
        headers.append(SET_COOKIE, cookie);
    }
}

async fn run(socket: Socket, posts: Posts) {
    let send = |message: Message| {
        // The end of the session is the next thing to be received.
        let _ = socket.send(message);
    };
    send("hi".into());
    posts
        .receive(&socket, |message, headers| send(reply(message, headers)))
        .await;
}

fn reply(message: Message, headers: &HeaderMap) -> Message {
    let Message::Text(text) = &message else {
        return message;
    };
    match text.as_str() {
        "give binary" => vec![0, 1, 2, 3, 4].into(),
        "give utf8" => "пойду спать всем спокойной ночи".into(),
        "sendHeaders" => describe(headers).into(),
        _ => message,
    }
}

/// An object of the headers; the values of one name are joined by commas.
fn describe(headers: &HeaderMap) -> String {
    let values = |name| {
        let values = headers.get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        values.join(", ")
    };
    let named = headers
        .keys()
        .map(|name| (name.to_string(), Value::from(values(name))));
    Value::Object(named.collect()).to_string()
}
