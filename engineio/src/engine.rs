//! The engine: its sessions, and its end.

mod admission;
mod table;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::watch;

use crate::driver::Application;
use crate::figures::Figures;
use crate::proto::request;
use crate::shared::Shared;
use crate::{
    Body, Close, Config, EngineLayer, EngineService, Handshake, Refused, Sid, Socket, requests,
};
pub(crate) use admission::Admission;
use table::Table;

/// An Engine.IO server, to be given requests by an HTTP server.
///
/// A cheap clone of one `Arc`. Dropping every clone ends nothing: sessions
/// live on until they are closed, by their handlers, their clients, or
/// [`close`](Self::close).
///
/// ```no_run
/// use engineio::{Config, Engine};
///
/// let engine = Engine::new(Config::default(), async |socket| {
///     while let Some(message) = socket.recv().await {
///         if socket.send(message).is_err() {
///             break;
///         }
///     }
/// });
/// // then, for each request: engine.handle(request).await
/// ```
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    handler: Box<dyn Fn(Socket) -> Application + Send + Sync>,
    table: Mutex<Table>,
    is_closing: watch::Sender<bool>,
    /// The tasks of sessions, and of connections that may become one's.
    tasks: watch::Sender<usize>,
    figures: Figures,
}

impl Engine {
    /// An engine that runs `handler` for each session. It needs no runtime before
    /// the first request.
    ///
    /// It runs inside the session's own task, so it needs no spawning, and it
    /// should not block. When it returns, the session is closed; when the
    /// session is closed, [`Socket::recv`] gives `None`, and it should return. A
    /// panic in it closes its session, and no other.
    ///
    /// ```
    /// use engineio::{Config, Engine};
    ///
    /// let engine = Engine::new(Config::default(), async |socket| {
    ///     while let Some(message) = socket.recv().await {
    ///         println!("{} bytes", message.len());
    ///     }
    /// });
    /// ```
    pub fn new<F, Fut>(config: Config, handler: F) -> Self
    where
        F: Fn(Socket) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self(Arc::new(Inner {
            config: Arc::new(config.normalized()),
            handler: {
                let handler = Arc::new(handler);
                Box::new(move |socket| {
                    let handler = handler.clone();
                    // Called by the task, which catches its panics as well.
                    Box::pin(async move { handler(socket).await })
                })
            },
            table: Mutex::default(),
            is_closing: watch::Sender::new(false),
            tasks: watch::Sender::new(0),
            figures: Figures::new(),
        }))
    }

    /// The configuration.
    ///
    /// ```
    /// # use engineio::{Config, Engine};
    /// let engine = Engine::new(Config::default().path("/realtime/"), async |_| {});
    /// assert_eq!(engine.config().path, "/realtime");
    /// ```
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Answers a request.
    ///
    /// Those of other paths than the configured one get a 404: to put the
    /// engine in front of other routes, see [`layer`](Self::layer). Must be
    /// called within a tokio runtime.
    ///
    /// ```
    /// # use bytes::Bytes;
    /// # use engineio::{Config, Engine};
    /// # use http_body_util::Empty;
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), http::Error> {
    /// # let engine = Engine::new(Config::default(), async |_| {});
    /// let request = http::Request::get("/engine.io/?EIO=4&transport=pigeon");
    /// let response = engine.handle(request.body(Empty::<Bytes>::new())?).await;
    /// assert_eq!(response.status(), 400);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: fmt::Display,
    {
        requests::handle(self, request).await
    }

    /// The engine as a service of hyper and of tower.
    ///
    /// ```no_run
    /// use hyper_util::rt::{TokioExecutor, TokioIo};
    /// use hyper_util::server::conn::auto::Builder;
    /// # use engineio::{Config, Engine};
    ///
    /// # async fn run(engine: Engine) -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// loop {
    ///     let (stream, _) = listener.accept().await?;
    ///     let service = engine.service();
    ///     tokio::spawn(async move {
    ///         let builder = Builder::new(TokioExecutor::new());
    ///         builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await
    ///     });
    /// }
    /// # }
    /// ```
    pub fn service(&self) -> EngineService {
        EngineService::new(self.clone())
    }

    /// The engine as a layer of tower: it takes the requests of its path, and
    /// leaves all others, and files below its path, to the service inside.
    ///
    /// ```
    /// # use engineio::{Config, Engine};
    /// # let engine = Engine::new(Config::default(), async |_| {});
    /// use axum::{Router, routing::get};
    ///
    /// let app: Router = Router::new()
    ///     .route("/health", get(async || "fine"))
    ///     .layer(engine.layer());
    /// ```
    pub fn layer(&self) -> EngineLayer {
        EngineLayer::new(self.clone())
    }

    /// How many sessions are open.
    ///
    /// ```
    /// # use engineio::{Config, Engine};
    /// let engine = Engine::new(Config::default(), async |_| {});
    /// assert_eq!(engine.session_count(), 0);
    /// ```
    pub fn session_count(&self) -> usize {
        self.0.table().len()
    }

    /// Ends the engine: no session is opened any more, each open one is closed
    /// as [`Socket::close`] does, and each handler is waited for. A handler must
    /// not await this itself: it would wait for its own end.
    ///
    /// Who is impatient with [`Close::Flush`] calls it again with
    /// [`Close::Discard`]; what was called before may be dropped.
    ///
    /// ```
    /// # async fn end(engine: engineio::Engine) {
    /// use std::time::Duration;
    /// use engineio::Close;
    ///
    /// let patience = Duration::from_secs(3);
    /// if tokio::time::timeout(patience, engine.close(Close::Flush)).await.is_err() {
    ///     engine.close(Close::Discard).await;
    /// }
    /// # }
    /// ```
    pub async fn close(&self, how: Close) {
        self.0.is_closing.send_replace(true);
        let sessions = self.0.table().all();
        for shared in sessions {
            shared.update(|session, now| session.close(how, now));
        }
        let mut tasks = self.0.tasks.subscribe();
        // The sender cannot be gone: `self` holds it.
        let _ = tasks.wait_for(|count| *count == 0).await;
    }

    pub(crate) fn session(&self, sid: &str) -> Option<Arc<Shared>> {
        self.0.table().get(sid)
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.0.figures
    }

    /// Lets a handshake in, after its method and its headers were checked.
    pub(crate) async fn admit(
        &self,
        handshake: &Arc<Handshake>,
        asked: &request::Request,
    ) -> Result<Admission, Refused> {
        Admission::new(self, handshake, asked).await
    }

    /// Counts a task, as long as it holds the guard.
    pub(crate) fn task(&self) -> TaskGuard {
        self.0.tasks.send_modify(|count| *count += 1);
        TaskGuard(self.0.clone())
    }
}

impl Sid {
    /// A new id from the operating system's generator.
    ///
    /// ```
    /// # use engineio::Sid;
    /// assert_eq!(Sid::random().as_str().len(), 20);
    /// ```
    ///
    /// # Panics
    ///
    /// If the operating system has no randomness to give.
    #[expect(
        clippy::disallowed_methods,
        reason = "the protocol takes its ids as an argument; they are drawn here"
    )]
    pub fn random() -> Self {
        let mut bytes = [0; 15];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self::from_bytes(bytes)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.0.config)
            .field("sessions", &self.session_count())
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn is_closing(&self) -> bool {
        *self.is_closing.borrow()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that the engine waits for when it is closed.
pub(crate) struct TaskGuard(Arc<Inner>);

impl TaskGuard {
    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.0.figures
    }

    /// Waits until the engine is being closed.
    pub(crate) async fn closing(&self) {
        let mut is_closing = self.0.is_closing.subscribe();
        // The sender cannot be gone: `self` holds it.
        let _ = is_closing.wait_for(|is_closing| *is_closing).await;
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        self.0.tasks.send_modify(|count| *count -= 1);
    }
}
