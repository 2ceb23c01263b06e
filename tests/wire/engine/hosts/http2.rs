//! HTTP/2, beside HTTP/1.1 on one listener.

use bytes::Bytes;
use engineio::{Config, Engine};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::support::{Server, echo, settle};

/// A client that speaks nothing else. Its requests share one connection.
#[derive(Clone)]
struct Client(SendRequest<Full<Bytes>>);

impl Client {
    async fn connect(server: &Server) -> Self {
        let io = TokioIo::new(server.connect());
        let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    async fn request(&self, method: &str, query: &str, body: &'static str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://localhost:3000/engine.io/{query}"))
            .body(Full::from(body))
            .unwrap();
        let response: Response<_> = self.0.clone().send_request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.into()).unwrap())
    }

    /// Opens a session, whose requests have this query.
    async fn open(&self) -> String {
        let (status, open) = self.request("GET", "?EIO=4&transport=polling", "").await;
        assert_eq!(status, 200);
        let json: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
        let sid = json["sid"].as_str().unwrap();
        format!("?EIO=4&transport=polling&sid={sid}")
    }
}

fn server() -> (Engine, Server) {
    let engine = echo(Config::default());
    let server = Server::tower("/engine.io/", engine.service());
    (engine, server)
}

#[tokio::test(start_paused = true)]
async fn a_polling_session_lives_on_one_http_2_connection() {
    let (engine, server) = server();
    let client = Client::connect(&server).await;
    let query = client.open().await;
    let get = tokio::spawn({
        let (client, query) = (client.clone(), query.clone());
        async move { client.request("GET", &query, "").await }
    });
    settle().await;
    let ok = (StatusCode::OK, "ok".to_owned());
    assert_eq!(client.request("POST", &query, "4hello").await, ok);
    assert_eq!(get.await.unwrap(), (StatusCode::OK, "4hello".into()));
    assert_eq!(client.request("POST", &query, "1").await, ok);
    settle().await;
    assert_eq!(engine.session_count(), 0);
    assert_eq!(client.request("GET", &query, "").await.0, 400);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_its_client_gives_up_ends_the_session_over_http_2_too() {
    let (engine, server) = server();
    let client = Client::connect(&server).await;
    let query = client.open().await;
    let get = tokio::spawn({
        let client = client.clone();
        async move { client.request("GET", &query, "").await }
    });
    settle().await;
    assert_eq!(engine.session_count(), 1);
    get.abort();
    settle().await;
    assert_eq!(engine.session_count(), 0);
    // The connection is there for other sessions.
    client.open().await;
}

#[tokio::test(start_paused = true)]
async fn both_versions_of_http_share_a_listener_and_a_session() {
    let (_engine, server) = server();
    let client = Client::connect(&server).await;
    let session = server.polling().await;
    let ok = (StatusCode::OK, "ok".to_owned());
    assert_eq!(
        client.request("POST", &session.query(), "4over 2").await,
        ok
    );
    session.get().await.assert(200, "4over 2");
    let mut socket = session.upgrade().await;
    socket.send_at_once(["2probe", "5", "4over 1.1"]).await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(socket.text().await, "4over 1.1");
    let (status, _) = client.request("GET", &session.query(), "").await;
    assert_eq!(status, 400, "the session is on the websocket");
}
