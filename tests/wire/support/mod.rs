//! The server under test, and the clients that are scripted against it.

#[cfg(feature = "metrics")]
pub(crate) mod figures;
pub(crate) mod http;
pub(crate) mod log;
pub(crate) mod websocket;

use std::convert::Infallible;
use std::sync::Arc;

use ::http::{Request, Response};
use bytes::Bytes;
use engineio::{Config, Engine, EngineService};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::DuplexStream;
use tower::Service;

use http::Client;
use websocket::Websocket;

/// A server that accepts connections from memory.
#[derive(Clone)]
pub(crate) struct Server {
    path: &'static str,
    accept: Arc<dyn Fn(DuplexStream) + Send + Sync>,
}

impl Server {
    /// Every message comes back on its session.
    pub(crate) fn echo(config: Config) -> Self {
        Self::engine(&echo(config))
    }

    pub(crate) fn engine(engine: &Engine) -> Self {
        Self::new("/engine.io/", engine.service())
    }

    pub(crate) fn socketio(server: &socketio::Server) -> Self {
        Self::new("/socket.io/", server.service())
    }

    /// A service of tower, over HTTP/1.1 and HTTP/2. The engine is at `path`.
    pub(crate) fn tower<S, B>(path: &'static str, service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::accepting(path, move |stream| {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                // How a connection ends is seen by its client.
                let _ = host()
                    .serve_connection_with_upgrades(TokioIo::new(stream), service)
                    .await;
            });
        })
    }

    /// Whatever `accept` does with a connection.
    pub(crate) fn accepting(
        path: &'static str,
        accept: impl Fn(DuplexStream) + Send + Sync + 'static,
    ) -> Self {
        log::listen_everywhere();
        let accept = Arc::new(accept);
        Self { path, accept }
    }

    fn new(path: &'static str, service: EngineService) -> Self {
        Self::accepting(path, move |stream| accept(stream, service.clone()))
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> DuplexStream {
        let (client, server) = tokio::io::duplex(1 << 20);
        (self.accept)(server);
        client
    }

    /// A connection whose client asks for a websocket, and takes no answer.
    pub(crate) async fn stalled_websocket(&self, query: &str) -> DuplexStream {
        let (client, server) = tokio::io::duplex(16);
        (self.accept)(server);
        let mut client = Client::new(client, self.path);
        client
            .send("GET", query, &http::websocket_headers(), b"")
            .await;
        settle().await;
        client.into_stream()
    }

    /// A client with a connection of its own.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.connect(), self.path)
    }

    /// Opens a session over polling.
    pub(crate) async fn polling(&self) -> Polling {
        self.polling_with("?EIO=4&transport=polling").await
    }

    /// Opens a session over polling whose requests have this query.
    pub(crate) async fn polling_with(&self, query: &str) -> Polling {
        let open = self.client().get(query).await;
        assert_eq!(open.status, 200);
        let (_, sid) = open.text().split_once("sid").unwrap();
        let sid = sid.trim_start_matches(['"', ':', '\\']);
        let (sid, _) = sid.split_once(['"', '\\']).unwrap();
        Polling {
            server: self.clone(),
            query: query.into(),
            sid: sid.into(),
        }
    }

    /// Opens a session over websocket, and takes the open packet.
    pub(crate) async fn websocket(&self) -> Websocket {
        let mut socket = self.dial("?EIO=4&transport=websocket").await;
        assert!(socket.text().await.starts_with("0{"));
        socket
    }

    /// A websocket that is opened, whatever the server does with it.
    pub(crate) async fn dial(&self, query: &str) -> Websocket {
        Websocket::open(self.connect(), &format!("{}{query}", self.path))
            .await
            .unwrap()
    }
}

/// An engine that echoes.
pub(crate) fn echo(config: Config) -> Engine {
    Engine::new(config, async |socket| {
        while let Some(message) = socket.recv().await {
            if socket.send(message).is_err() {
                break;
            }
        }
    })
}

/// A client on polling. Each request has a connection of its own, so that none
/// waits for another.
#[derive(Clone)]
pub(crate) struct Polling {
    server: Server,
    query: String,
    pub(crate) sid: String,
}

impl Polling {
    pub(crate) fn query(&self) -> String {
        format!("{}&sid={}", self.query, self.sid)
    }

    pub(crate) async fn get(&self) -> http::Response {
        self.server.client().get(&self.query()).await
    }

    pub(crate) async fn post(&self, body: impl AsRef<[u8]>) -> http::Response {
        self.server
            .client()
            .post(&self.query(), body.as_ref())
            .await
    }

    /// A GET whose answer is fetched later.
    pub(crate) async fn start_get(&self) -> Client {
        let mut client = self.server.client();
        client.send("GET", &self.query(), &[], b"").await;
        // It is on the server's side when the server has nothing to do.
        settle().await;
        client
    }

    pub(crate) async fn upgrade(&self) -> Websocket {
        let query = self.query().replace("polling", "websocket");
        self.server.dial(&query).await
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }
}

/// A host for HTTP/1.1 and HTTP/2.
pub(crate) fn host() -> auto::Builder<TokioExecutor> {
    let mut host = auto::Builder::new(TokioExecutor::new());
    host.http1().timer(TokioTimer::new());
    host.http2().timer(TokioTimer::new());
    host
}

/// Lets everything run that can, on a paused clock.
pub(crate) async fn settle() {
    tokio::time::sleep(std::time::Duration::from_nanos(1)).await;
}

fn accept(stream: DuplexStream, service: EngineService) {
    tokio::spawn(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades(),
    );
}
