//! The engine: the table of sessions, and who is let in.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::watch;

use crate::driver::{Application, Driver};
use crate::shared::{Shared, now};
use crate::websocket::connection::Connection;
use crate::{
    Body, Close, CloseReason, Config, EngineLayer, EngineService, Handshake, Refused, Session, Sid,
    Socket, Transport, requests,
};

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
    sessions: Mutex<HashMap<Sid, Arc<Shared>>>,
    is_closing: AtomicBool,
    /// The sessions' tasks, those of sessions that are being opened included.
    tasks: watch::Sender<usize>,
}

impl Engine {
    /// An engine that runs `handler` for each session.
    ///
    /// It runs inside the session's own task, so it needs no spawning, and it
    /// should not block. When it returns, the session is closed; when the
    /// session is closed, [`Socket::recv`] gives `None`, and it should return.
    pub fn new<F, Fut>(config: Config, handler: F) -> Self
    where
        F: Fn(Socket) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self(Arc::new(Inner {
            config: Arc::new(config),
            handler: Box::new(move |socket| Box::pin(handler(socket))),
            sessions: Mutex::default(),
            is_closing: AtomicBool::new(false),
            tasks: watch::Sender::new(0),
        }))
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Answers a request.
    ///
    /// Those of other paths than the configured one get a 404: to put the
    /// engine in front of other routes, see [`layer`](Self::layer). Must be
    /// called within a tokio runtime.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: fmt::Display,
    {
        requests::handle(self, request).await
    }

    /// The engine as a service of hyper and of tower.
    pub fn service(&self) -> EngineService {
        EngineService::new(self.clone())
    }

    /// The engine as a layer of tower: it takes the requests of its path, and
    /// leaves all others to the service inside.
    pub fn layer(&self) -> EngineLayer {
        EngineLayer::new(self.clone())
    }

    /// How many sessions are open.
    pub fn session_count(&self) -> usize {
        self.0.sessions().len()
    }

    /// Ends the engine: no session is opened any more, each open one is closed
    /// at once, and each handler is waited for.
    pub async fn close(&self) {
        self.0.is_closing.store(true, Ordering::SeqCst);
        let sessions: Vec<_> = self.0.sessions().values().cloned().collect();
        for shared in sessions {
            shared.update(|session, now| session.close(Close::Discard, now));
        }
        let mut tasks = self.0.tasks.subscribe();
        // The sender cannot be gone: `self` holds it.
        let _ = tasks.wait_for(|count| *count == 0).await;
    }

    pub(crate) fn shared_config(&self) -> &Arc<Config> {
        &self.0.config
    }

    pub(crate) fn session(&self, sid: &str) -> Option<Arc<Shared>> {
        self.0.sessions().get(sid).cloned()
    }

    /// Lets a handshake in.
    pub(crate) fn admit(&self) -> Result<Admission, Refused> {
        // Counted first: whoever closes the engine sees the count or is seen.
        let admission = Admission::new(self.0.clone());
        if self.0.is_closing.load(Ordering::SeqCst) {
            return Err(Refused::Unavailable);
        }
        Ok(admission)
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
    fn sessions(&self) -> MutexGuard<'_, HashMap<Sid, Arc<Shared>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the engine, from the handshake request to the end of the
/// session's task.
pub(crate) struct Admission {
    engine: Arc<Inner>,
    sid: Option<Sid>,
}

impl Admission {
    fn new(engine: Arc<Inner>) -> Self {
        engine.tasks.send_modify(|count| *count += 1);
        Self { engine, sid: None }
    }

    /// Opens the session, on polling or on this websocket.
    ///
    /// `first` is called before the session's task exists, so that what it
    /// takes from the session is not mixed with what the handler sends.
    pub(crate) fn open<R>(
        mut self,
        handshake: Handshake,
        connection: Option<Connection>,
        first: impl FnOnce(&Arc<Shared>) -> R,
    ) -> R {
        let transport = match connection {
            Some(_) => Transport::Websocket,
            None => Transport::Polling,
        };
        let engine = self.engine.clone();
        let sid = Sid::random();
        let session = Session::new(engine.config.clone(), sid.clone(), transport, now());
        let shared = Arc::new(Shared::new(session, handshake));
        let result = first(&shared);
        self.sid = Some(sid.clone());
        engine.sessions().insert(sid, shared.clone());
        tracing::debug!(sid = %shared.sid(), %transport, "session opened");
        if engine.is_closing.load(Ordering::SeqCst) {
            // The engine was closed meanwhile, and has not seen this session.
            shared.update(|session, now| session.close(Close::Discard, now));
        }
        let application = (engine.handler)(Socket(shared.clone()));
        tokio::spawn(Driver::new(shared, self, application, connection));
        result
    }

    /// Takes the closed session out of the table.
    pub(crate) fn end(&mut self, reason: CloseReason) {
        if let Some(sid) = self.sid.take() {
            tracing::debug!(%sid, %reason, "session closed");
            self.engine.sessions().remove(&sid);
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some(sid) = self.sid.take() {
            self.engine.sessions().remove(&sid);
        }
        self.engine.tasks.send_modify(|count| *count -= 1);
    }
}
