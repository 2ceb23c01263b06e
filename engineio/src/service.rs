//! The engine as a service of hyper, and as a service and a layer of tower.

use std::convert::Infallible;
use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::{Frame, SizeHint};

use crate::proto::request;
use crate::{Body, Config, Engine};

/// A boxed future of the services.
type Answer<R, E> = Pin<Box<dyn Future<Output = Result<R, E>> + Send>>;

/// An [`Engine`] as a service: of hyper, for a server without other routes,
/// and of tower, to be nested in a router.
///
/// ```
/// # use engineio::{Config, Engine};
/// use engineio::EngineService;
///
/// # let engine = Engine::new(Config::default(), async |_| {});
/// let service: EngineService = engine.service();
/// let app: axum::Router = axum::Router::new().route_service("/engine.io/", service);
/// ```
#[derive(Clone, Debug)]
pub struct EngineService(Engine);

impl EngineService {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }

    fn answer<B>(&self, request: Request<B>) -> Answer<Response<Body>, Infallible>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: fmt::Display,
    {
        let engine = self.0.clone();
        begin(async move { Ok(engine.handle(request).await) })
    }
}

/// Polls an answer once, before the HTTP server does.
///
/// hyper looks for the end of the connection first, and drops a request that it
/// is right behind unseen. Its session would not hear that the client gave up.
fn begin<R, E>(answer: impl Future<Output = Result<R, E>> + Send + 'static) -> Answer<R, E>
where
    R: Send + 'static,
    E: Send + 'static,
{
    let mut answer = Box::pin(answer);
    // Whoever polls it next leaves a waker of its own.
    match answer
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(response) => Box::pin(ready(response)),
        Poll::Pending => answer,
    }
}

impl<B> hyper::service::Service<Request<B>> for EngineService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: fmt::Display,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer<Response<Body>, Infallible>;

    fn call(&self, request: Request<B>) -> Self::Future {
        self.answer(request)
    }
}

impl<B> tower_service::Service<Request<B>> for EngineService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: fmt::Display,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.answer(request)
    }
}

/// An [`Engine`] as a layer: it takes the requests of its path, and leaves all
/// others to the service inside.
///
/// A file below the path that is none of the engine's own
/// ([`files`](Config::files)) is one of the others: what names no transport in
/// its query. So the service inside can serve `/socket.io/admin.js`.
///
/// ```
/// # use engineio::{Config, Engine};
/// use engineio::EngineLayer;
///
/// # let engine = Engine::new(Config::default(), async |_| {});
/// let layer: EngineLayer = engine.layer();
/// let app: axum::Router = axum::Router::new().layer(layer);
/// ```
#[derive(Clone, Debug)]
pub struct EngineLayer(Engine);

impl EngineLayer {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl<S> tower_layer::Layer<S> for EngineLayer {
    type Service = Layered<S>;

    fn layer(&self, inner: S) -> Layered<S> {
        Layered {
            engine: EngineService(self.0.clone()),
            inner,
        }
    }
}

/// A service with an engine in front, made by [`EngineLayer`].
///
/// ```
/// # use engineio::{Config, Engine};
/// use engineio::{EngineService, Layered};
/// use tower_layer::Layer;
///
/// # let engine = Engine::new(Config::default(), async |_| {});
/// # let other = Engine::new(Config::default().path("/other"), async |_| {});
/// // Two engines, one in front of the other.
/// let both: Layered<EngineService> = engine.layer().layer(other.service());
/// ```
#[derive(Clone, Debug)]
pub struct Layered<S> {
    engine: EngineService,
    inner: S,
}

impl<S, B, R> tower_service::Service<Request<B>> for Layered<S>
where
    S: tower_service::Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: fmt::Display,
{
    type Response = Response<LayeredBody<R>>;
    type Error = S::Error;
    type Future = Answer<Self::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let config = self.engine.0.config();
        if let Some(response) = config.answer_file(&request) {
            return Box::pin(async move { Ok(response.map(LayeredBody::Engine)) });
        }
        if is_for_engine(config, request.uri()) {
            let answer = self.engine.answer(request);
            Box::pin(async move {
                let response = answer.await.map_err(|never| match never {})?;
                Ok(response.map(LayeredBody::Engine))
            })
        } else {
            let answer = self.inner.call(request);
            Box::pin(async move { Ok(answer.await?.map(LayeredBody::Inner)) })
        }
    }
}

fn is_for_engine(config: &Config, uri: &Uri) -> bool {
    let path = uri.path();
    let is_file = !path.ends_with('/') && path != config.path && !request::names_transport(uri);
    config.serves(path) && !is_file
}

/// The body of a response of the engine, or of the service inside.
///
/// ```
/// use engineio::{Body, LayeredBody};
///
/// fn is_engines<R>(response: &http::Response<LayeredBody<R>>) -> bool {
///     matches!(response.body(), LayeredBody::Engine(_))
/// }
/// let response = http::Response::new(LayeredBody::<String>::Engine(Body::default()));
/// assert!(is_engines(&response));
/// ```
#[derive(Debug)]
pub enum LayeredBody<R> {
    /// The engine's.
    Engine(Body),
    /// The inner service's.
    Inner(R),
}

impl<R> http_body::Body for LayeredBody<R>
where
    R: http_body::Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, R::Error>>> {
        match self.get_mut() {
            Self::Engine(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Self::Inner(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Engine(body) => body.is_end_stream(),
            Self::Inner(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Engine(body) => body.size_hint(),
            Self::Inner(body) => body.size_hint(),
        }
    }
}
