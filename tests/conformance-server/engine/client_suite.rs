//! `engine-client-suite`: what the official client's own tests talk to.

use std::time::Duration;

use engineio::{Config, Engine, Message, Socket};
use hyper::body::Incoming;
use hyper::{HeaderMap, Request};
use serde_json::Value;
use tower::service_fn;

use super::posts::Posts;
use crate::host::Profile;
use crate::options::Options;

pub(crate) fn profile(options: &Options) -> Profile {
    let config = Config::default()
        .ping_interval(Duration::from_millis(500))
        .max_payload(100);
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
