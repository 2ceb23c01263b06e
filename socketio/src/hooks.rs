//! What runs around the handlers of a namespace: middleware, and the hooks for
//! connecting, disconnecting, every event, and failures.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use bytestring::ByteString;
use futures_util::FutureExt;

use crate::handler::Call;
use crate::told::Told;
use crate::{
    Args, BoxError, Cause, ConnectError, DecodeError, DisconnectReason, Failure, FromArgs,
    Incoming, Reply, Socket,
};

/// The hooks of one namespace, each list in the order of registration.
///
/// Whoever runs hooks holds an `Arc` of them, so that adding one meanwhile
/// takes no lock away from them.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    connect: Vec<Hook<(), Result<(), Cause>>>,
    disconnect: Vec<Hook<DisconnectReason, Result<(), Cause>>>,
    error: Option<Hook<Failure, Result<(), Cause>>>,
    event: Vec<Hook<Incoming, Result<Incoming, BoxError>>>,
    middleware: Vec<Hook<Args, Result<(), BoxError>>>,
}

type Hook<In, Out> = Arc<dyn Fn(Socket, In) -> Boxed<Out> + Send + Sync>;

pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl Hooks {
    pub(crate) fn add_middleware<A, F, Fut, E>(&mut self, middleware: F)
    where
        A: FromArgs + 'static,
        F: FnOnce(Socket, A) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.middleware.push(Arc::new(move |socket, auth| {
            let future = match parse_auth(auth) {
                Ok(auth) => middleware.clone()(socket, auth),
                Err(error) => return Box::pin(std::future::ready(Err(error.into()))),
            };
            Box::pin(async move { future.await.map_err(Into::into) })
        }));
    }

    pub(crate) fn add_connect<F, Fut>(&mut self, handler: F)
    where
        F: FnOnce(Socket) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply> + Send + 'static,
    {
        self.connect
            .push(Arc::new(move |socket, ()| call(handler.clone()(socket))));
    }

    pub(crate) fn add_disconnect<F, Fut>(&mut self, handler: F)
    where
        F: FnOnce(Socket, DisconnectReason) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply> + Send + 'static,
    {
        self.disconnect.push(Arc::new(move |socket, reason| {
            call(handler.clone()(socket, reason))
        }));
    }

    pub(crate) fn add_event<F, Fut, E>(&mut self, handler: F)
    where
        F: FnOnce(Socket, Incoming) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Incoming, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.event.push(Arc::new(move |socket, event| {
            let future = handler.clone()(socket, event);
            Box::pin(async move { future.await.map_err(Into::into) })
        }));
    }

    pub(crate) fn set_error<F, Fut>(&mut self, handler: F)
    where
        F: FnOnce(Socket, Failure) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply> + Send + 'static,
    {
        self.error = Some(Arc::new(move |socket, failure| {
            call(handler.clone()(socket, failure))
        }));
    }

    /// Both, one after the other. A failure goes to the `last` who asked for it.
    pub(crate) fn chain(first: Arc<Self>, last: Arc<Self>) -> Arc<Self> {
        if first.is_empty() {
            return last;
        }
        if last.is_empty() {
            return first;
        }
        let mut all = Arc::unwrap_or_clone(first);
        all.connect.extend(last.connect.iter().cloned());
        all.disconnect.extend(last.disconnect.iter().cloned());
        all.error = last.error.clone().or(all.error);
        all.event.extend(last.event.iter().cloned());
        all.middleware.extend(last.middleware.iter().cloned());
        Arc::new(all)
    }

    fn is_empty(&self) -> bool {
        let Self {
            connect,
            disconnect,
            error,
            event,
            middleware,
        } = self;
        error.is_none()
            && connect.is_empty()
            && disconnect.is_empty()
            && event.is_empty()
            && middleware.is_empty()
    }

    /// Whether events go straight to their handlers.
    pub(crate) fn passes_events(&self) -> bool {
        self.event.is_empty()
    }

    /// Whether connecting runs something.
    pub(crate) fn has_connect(&self) -> bool {
        !self.connect.is_empty()
    }

    /// Runs the middleware.
    pub(crate) async fn decide(self: Arc<Self>, socket: Socket) -> Result<(), ConnectError> {
        for middleware in &self.middleware {
            let auth = socket.handshake().auth.clone();
            match caught(async { middleware(socket.clone(), auth).await }).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(socket = socket.id(), error = %Told(&*error), "middleware refused");
                    return Err(refusal(error));
                }
                Err(panic) => {
                    self.report(socket, failure(CONNECT, panic)).await;
                    return Err(ConnectError::new("internal server error"));
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn connected(self: Arc<Self>, socket: Socket) {
        for handler in &self.connect {
            if let Err(cause) = caught_call(async { handler(socket.clone(), ()).await }).await {
                self.report(socket.clone(), failure(CONNECT, cause)).await;
            }
        }
    }

    pub(crate) async fn disconnected(self: Arc<Self>, socket: Socket, reason: DisconnectReason) {
        for handler in &self.disconnect {
            if let Err(cause) = caught_call(async { handler(socket.clone(), reason).await }).await {
                self.report(socket.clone(), failure(DISCONNECT, cause))
                    .await;
            }
        }
    }

    /// Shows an event to those who see every event. `None` if it did not pass.
    pub(crate) async fn filter(
        self: Arc<Self>,
        socket: Socket,
        mut event: Incoming,
    ) -> Option<Incoming> {
        let name = event.shared_name();
        for handler in &self.event {
            let cause = match caught(async { handler(socket.clone(), event).await }).await {
                Ok(Ok(passed)) => {
                    event = passed;
                    continue;
                }
                Ok(Err(error)) => Cause::Refused(error),
                Err(panic) => panic,
            };
            self.report(socket, Failure::new(name, cause, None)).await;
            return None;
        }
        Some(event)
    }

    /// Gives a failure to the one who asked for it, or to the log.
    pub(crate) async fn report(&self, socket: Socket, failure: Failure) {
        socket.figures().failed(failure.cause());
        let Some(hook) = &self.error else {
            return failure.log(socket.id(), || socket.is_first_misfit());
        };
        let event = ByteString::from(failure.event());
        if let Err(cause) = caught_call(async { hook(socket.clone(), failure).await }).await {
            socket.figures().failed(&cause);
            Failure::new(event, cause, None).log(socket.id(), || socket.is_first_misfit());
        }
    }
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}

/// What a failed hook for connecting or disconnecting is reported as. No
/// client can send events of these names.
const CONNECT: &str = "connect";
const DISCONNECT: &str = "disconnect";

fn failure(event: &'static str, cause: Cause) -> Failure {
    Failure::new(ByteString::from_static(event), cause, None)
}

/// Boxes a future that has nobody to answer to.
fn call<Fut>(future: Fut) -> Call
where
    Fut: Future<Output: Reply> + Send + 'static,
{
    Box::pin(async move { future.await.answer(None) })
}

/// Turns a panic into a value. What is unwound is dropped, so nobody sees a
/// half-changed state but through locks of their own.
async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Cause> {
    let outcome = AssertUnwindSafe(future).catch_unwind().await;
    outcome.map_err(|payload| Cause::panic(&*payload))
}

pub(crate) async fn caught_call(
    future: impl Future<Output = Result<(), Cause>>,
) -> Result<(), Cause> {
    caught(future).await?
}

/// A client without auth payload counts as one with an empty object, unless
/// the type takes it as it is.
fn parse_auth<A: FromArgs>(auth: Args) -> Result<A, DecodeError> {
    let is_missing = auth.is_empty();
    match A::from_args(auth) {
        Err(_) if is_missing => {
            let empty = serde_json::Value::Object(serde_json::Map::new());
            A::from_args(Args::new(empty).expect("an empty object can be written"))
        }
        outcome => outcome,
    }
}

/// What a client hears of an error.
fn refusal(error: BoxError) -> ConnectError {
    match error.downcast::<ConnectError>() {
        Ok(error) => *error,
        Err(error) => ConnectError::new(error.to_string()),
    }
}
