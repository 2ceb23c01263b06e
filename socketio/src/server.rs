//! The server: its namespaces, and the engine that brings it its clients.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock, Weak};

use bytes::Bytes;
use engineio::{Close, Engine, EngineLayer, EngineService};
use http::{Request, Response};
use tokio::time::timeout;

use crate::cluster::Cluster;
use crate::figures::Figures;
use crate::namespaces::Namespaces;
use crate::observers::caught;
use crate::rooms::Selection;
use crate::session::Session;
use crate::sync::{read, write};
use crate::unwind::discard;
use crate::{Args, ClusterStatus, Config, Limits, Namespace, Recovery, RecoveryStatus, Socket};

/// A Socket.IO server, to be given requests by an HTTP server.
///
/// A cheap clone of one `Arc`. Dropping every clone ends nothing: clients stay
/// connected until they leave, or until [`close`](Self::close).
///
/// ```no_run
/// # use socketio::{Ack, Config, Server};
/// # async fn run() -> std::io::Result<()> {
/// let io = Server::new(Config::default());
/// io.of("/").on("sum", async |_, (a, b): (i64, i64)| Ack(a + b));
///
/// let app = axum::Router::new().layer(io.layer());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
/// axum::serve(listener, app).await
/// # }
/// ```
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    engine: Engine,
    main: Namespace,
    shared: Arc<Shared>,
}

/// What the server shares with the connections of its clients.
pub(crate) struct Shared {
    cluster: Option<Arc<Cluster>>,
    pub(crate) config: Arc<Config>,
    pub(crate) figures: Figures,
    pub(crate) limits: Arc<Limits>,
    is_closing: AtomicBool,
    pub(crate) namespaces: Namespaces,
    openings: RwLock<Vec<SeeOpening>>,
}

type SeeOpening = Arc<dyn Fn(&engineio::Socket) + Send + Sync>;

impl Server {
    /// A server with the namespace `/`. Nothing runs before the first request, so
    /// that it can be made outside of a runtime. An [`Adapter`](crate::Adapter) is
    /// started here: it cannot be that of another server.
    ///
    /// ```
    /// use socketio::{Config, Server};
    ///
    /// let io = Server::new(Config::default().engine(|engine| engine.path("/realtime")));
    /// assert_eq!(io.of("/").socket_count(), 0);
    /// ```
    pub fn new(mut config: Config) -> Self {
        Recovery::prepare(&mut config);
        let config = Arc::new(config);
        let shared = Arc::new_cyclic(|shared: &Weak<Shared>| {
            let shared = shared.clone();
            let find = move |name: &str| shared.upgrade()?.namespaces.get(name);
            let adapter = config.adapter.clone();
            let cluster = adapter.map(|adapter| Cluster::new(adapter, &config, find));
            Shared {
                cluster: cluster.clone(),
                figures: Figures::new(),
                limits: Arc::new(config.limits.clone()),
                is_closing: AtomicBool::new(false),
                namespaces: Namespaces::new(config.clone(), cluster),
                openings: RwLock::default(),
                config,
            }
        });
        let mut engine = shared.config.engine.clone();
        if let Some(files) = &shared.config.client_files {
            engine = engine.files(files.clone());
        }
        let engine = Engine::new(engine, {
            let shared = shared.clone();
            move |socket| Session::new(shared.clone(), socket)
        });
        let main = shared.namespaces.name("/");
        if let Some(cluster) = &shared.cluster {
            cluster.start();
        }
        Self(Arc::new(Inner {
            engine,
            main,
            shared,
        }))
    }

    /// The namespace of this name, which is made if there is none, and stays as long
    /// as the server. `""` is `/`, and a slash is put in front where it is missing;
    /// else the name is what it is, to the byte. No client reaches one that is
    /// longer than [`Limits::name_length`], 256 bytes by default; none of protocol 4
    /// one with a query, which is the auth payload there.
    ///
    /// A client that asks for a namespace that was never named here, and that
    /// no pattern matches, is refused with `Invalid namespace`.
    ///
    /// ```
    /// # use socketio::{Ack, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/admin").on("count", async |_, ()| Ack(0));
    /// assert_eq!(io.of("admin").name(), "/admin");
    /// ```
    pub fn of(&self, name: &str) -> Namespace {
        self.0.shared.namespaces.name(name)
    }

    pub(crate) fn main(&self) -> &Namespace {
        &self.0.main
    }

    /// Makes namespaces when clients ask for them: those that the pattern
    /// matches, which gets the name, slash included, and the client's auth
    /// payload. The first pattern that matches counts. One that panics does not
    /// match; where none does, the client is refused with `Invalid namespace`.
    ///
    /// What is returned holds the handlers of all these namespaces, also those
    /// that are added later. It has no sockets itself. What is emitted to it, or
    /// done with everyone in it, concerns those of the namespaces that it made on
    /// this server, but for questions; for one of them, name it with
    /// [`of`](Self::of), or take the one of a
    /// [socket](crate::Socket::namespace). A namespace that everybody has left,
    /// that nobody may [come back](Config::recovery) to, and that nobody holds
    /// any more, is thrown away, unless it was named with `of`.
    ///
    /// Each client is asked for, also if the namespace is there already, so that
    /// a pattern can look up who may come; but better leave that to
    /// [middleware](Namespace::middleware), whose refusal says why. A pattern
    /// that waits holds up nothing but what its client sends to that namespace;
    /// if the client goes away meanwhile, it is dropped where it waits.
    ///
    /// A namespace that is named after this, and that matches, has these
    /// handlers as well. What is added to it is for it alone: its own handler
    /// of an event replaces that of the pattern, its own hooks run after those
    /// of the pattern, and [`on_error`](Namespace::on_error) is its own if it
    /// has one. For that the pattern is asked with no auth payload, and what it
    /// does not answer at once is a no.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// let games = io.of_matching(async |name, _| name.starts_with("/game-"));
    /// games.on_connect(async |socket| {
    ///     let game = socket.namespace();
    ///     game.emit("players", game.socket_count())
    /// });
    /// ```
    pub fn of_matching<F, Fut>(&self, pattern: F) -> Namespace
    where
        F: FnOnce(String, Args) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.0.shared.namespaces.add_pattern(pattern)
    }

    /// Sees every client that opened a connection, before it asks for a
    /// namespace; it may never be in one. For what happens in a namespace there
    /// is [`Namespace::on_connect`]. A panic is logged.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_open(|connection| println!("somebody came over {}", connection.transport()));
    /// ```
    pub fn on_open<F>(&self, observer: F) -> &Self
    where
        F: Fn(&engineio::Socket) + Send + Sync + 'static,
    {
        write(&self.0.shared.openings).push(Arc::new(observer));
        self
    }

    /// Answers a request.
    ///
    /// Those of other paths than the configured one get a 404: to put the
    /// server in front of other routes, see [`layer`](Self::layer). Must be
    /// called within a tokio runtime.
    ///
    /// ```
    /// # use bytes::Bytes;
    /// # use http_body_util::Full;
    /// # use socketio::{Config, Server};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), http::Error> {
    /// # let io = Server::new(Config::default());
    /// let request = http::Request::get("/socket.io/?EIO=4&transport=polling");
    /// let response = io.handle(request.body(Full::<Bytes>::default())?).await;
    /// assert_eq!(response.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn handle<B>(&self, request: Request<B>) -> Response<engineio::Body>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: fmt::Display,
    {
        self.0.engine.handle(request).await
    }

    /// The server as a service of hyper and of tower.
    ///
    /// ```no_run
    /// use hyper_util::rt::{TokioExecutor, TokioIo};
    /// use hyper_util::server::conn::auto::Builder;
    /// # use socketio::{Config, Server};
    ///
    /// # async fn run() -> std::io::Result<()> {
    /// # let io = Server::new(Config::default());
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// loop {
    ///     let (stream, _) = listener.accept().await?;
    ///     let service = io.service();
    ///     tokio::spawn(async move {
    ///         let builder = Builder::new(TokioExecutor::new());
    ///         builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await
    ///     });
    /// }
    /// # }
    /// ```
    pub fn service(&self) -> EngineService {
        self.0.engine.service()
    }

    /// The server as a layer of tower, for axum: it takes the requests of its
    /// path, and leaves all others to the service inside.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// # use socketio::{Config, Server};
    ///
    /// # let io = Server::new(Config::default());
    /// let app: Router = Router::new()
    ///     .route("/health", get(async || "fine"))
    ///     .layer(io.layer());
    /// ```
    pub fn layer(&self) -> EngineLayer {
        self.0.engine.layer()
    }

    /// The engine below, which counts the connections.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// assert_eq!(io.engine().session_count(), 0);
    /// ```
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// What the server keeps for clients that may come back; `None` without
    /// [`recovery`](Config::recovery).
    ///
    /// ```
    /// # use socketio::{Config, Recovery, Server};
    /// let io = Server::new(Config::default().recovery(Recovery::default()));
    /// let kept = io.recovery().expect("it is configured");
    /// println!("{} clients are away, {} events wait for them", kept.sessions, kept.events);
    /// ```
    pub fn recovery(&self) -> Option<RecoveryStatus> {
        let recovery = self.config().recovery.as_ref()?;
        Some(recovery.status())
    }

    /// How the server does in its cluster; `None` without an
    /// [`Adapter`](crate::Adapter).
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// match io.cluster() {
    ///     Some(cluster) => println!("{} with {} others", cluster.node, cluster.peers.len()),
    ///     None => println!("alone"),
    /// }
    /// ```
    pub fn cluster(&self) -> Option<ClusterStatus> {
        let cluster = self.0.shared.cluster.as_ref()?;
        Some(cluster.status())
    }

    /// The configuration that the server was made with.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// assert_eq!(io.config().engine.path, "/socket.io");
    /// ```
    pub fn config(&self) -> &Config {
        &self.0.shared.config
    }

    /// Ends the server: nobody connects any more, each socket disconnects with
    /// [`Shutdown`](crate::DisconnectReason::Shutdown), and its client gets what
    /// was sent to it before its connection ends. Handlers that still run are
    /// waited for. Then all handlers are dropped, with what they captured.
    ///
    /// All of that takes no longer than
    /// [`shutdown_timeout`](Config::shutdown_timeout): when half of it is over,
    /// clients that have not taken what is theirs are cut off, and at its end
    /// handlers are not waited for any more. A handler that awaits this waits for
    /// itself, for that whole time: it is to spawn it instead.
    ///
    /// The HTTP server around it is not touched. A second call does no harm.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # #[tokio::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let io = Server::new(Config::default());
    /// # let stopped = async {};
    /// let app: axum::Router = axum::Router::new().layer(io.layer());
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
    ///     stopped.await;
    ///     io.close().await;
    /// });
    /// serving.await
    /// # }
    /// ```
    pub async fn close(&self) {
        let shared = &self.0.shared;
        shared.is_closing.store(true, Ordering::SeqCst);
        for namespace in shared.namespaces.all() {
            let everyone = Selection::default();
            namespace.for_each(&everyone, Socket::wake);
        }
        let engine = &self.0.engine;
        let half = shared.config.shutdown_timeout / 2;
        if timeout(half, engine.close(Close::Flush)).await.is_err()
            && timeout(half, engine.close(Close::Discard)).await.is_err()
        {
            let timeout = shared.config.shutdown_timeout;
            tracing::warn!(?timeout, "handlers still run after the server was closed");
        }
        shared.namespaces.clear();
        if let Some(recovery) = &shared.config.recovery {
            recovery.close();
        }
        if let Some(cluster) = &shared.cluster {
            cluster.close();
        }
        let openings = std::mem::take(&mut *write(&shared.openings));
        discard(openings);
    }
}

/// Nobody is left who may come back, and sessions hold what holds them.
impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(recovery) = &self.config.recovery {
            recovery.close();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("config", self.config())
            .field("sessions", &self.0.engine.session_count())
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Shows a connection that was opened.
    pub(crate) fn opened(&self, engine: &engineio::Socket) {
        let openings = read(&self.openings).clone();
        for observer in openings {
            caught(|| observer(engine));
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst)
    }
}
