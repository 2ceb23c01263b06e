//! A polling client without a network, for tests.

use std::collections::VecDeque;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower_service::Service;

use crate::http::App;
use crate::{chat, config};

/// The chat with its default options.
pub(crate) fn app() -> App {
    app_with(&[])
}

/// The chat with these options.
pub(crate) fn app_with(args: &[&str]) -> App {
    let config = config::tests::parse(args).unwrap();
    App::new(chat::server(&config), &config.origins())
}

pub(crate) struct Client {
    app: App,
    /// What came, and was not asked for yet.
    inbox: VecDeque<String>,
    target: String,
}

impl Client {
    /// A client in the namespace `/`, and its socket's id.
    pub(crate) async fn connect(app: &App) -> (Self, String) {
        let target = "/socket.io/?EIO=4&transport=polling".into();
        let mut client = Self {
            app: app.clone(),
            inbox: VecDeque::new(),
            target,
        };
        let open = client.packet().await;
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        client.target = format!("{}&sid={}", client.target, open["sid"].as_str().unwrap());
        client.send("40").await;
        let connect = client.packet().await;
        let connect: Value = serde_json::from_str(connect.strip_prefix("40").unwrap()).unwrap();
        let id = connect["sid"].as_str().unwrap().to_owned();
        (client, id)
    }

    /// Emits an event: its name and its arguments.
    pub(crate) async fn emit(&self, event: Value) {
        self.send(&format!("42{event}")).await;
    }

    /// The next event. Fails if the server pings first, as nothing came.
    pub(crate) async fn event(&mut self) -> Value {
        let packet = self.packet().await;
        let event = packet.strip_prefix("42");
        serde_json::from_str(event.unwrap_or_else(|| panic!("no event: {packet}"))).unwrap()
    }

    /// Emits an event, and returns the one argument of its answer. It comes
    /// after all events that were sent before.
    pub(crate) async fn ask(&mut self, event: Value) -> Value {
        self.send(&format!("427{event}")).await;
        let packet = self.packet().await;
        let answer = packet.strip_prefix("437");
        let [answer] =
            serde_json::from_str(answer.unwrap_or_else(|| panic!("no answer: {packet}"))).unwrap();
        answer
    }

    /// How many are online, and that there are no events before that answer.
    pub(crate) async fn count(&mut self) -> Value {
        self.ask(json!(["get:online:count"])).await["count"].take()
    }

    /// Sends one packet.
    pub(crate) async fn send(&self, packet: &str) {
        let body = Bytes::from(packet.to_owned());
        let request = Request::post(&self.target).body(Full::new(body)).unwrap();
        let response = self.app.clone().call(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }

    /// The next packet.
    pub(crate) async fn packet(&mut self) -> String {
        loop {
            if let Some(packet) = self.inbox.pop_front() {
                return packet;
            }
            let request = Request::get(&self.target)
                .body(Full::<Bytes>::default())
                .unwrap();
            let response = self.app.call(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let payload = str::from_utf8(&body).unwrap();
            self.inbox
                .extend(payload.split('\u{1e}').map(str::to_owned));
        }
    }
}
