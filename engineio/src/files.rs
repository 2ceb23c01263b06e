//! Files that are served beside the engine.

use std::fmt;

use http::{HeaderMap, Method, Request, Response};

use crate::{Body, Config};

/// Files below the engine's path, such as the client that a page loads.
///
/// They are looked for before the engine looks at a request, whatever its query
/// and its method.
///
/// ```
/// use engineio::{Body, Config, Files};
/// use http::{HeaderMap, Method, Response};
///
/// #[derive(Debug)]
/// struct Client;
///
/// impl Files for Client {
///     fn answer(&self, name: &str, _: &Method, _: &HeaderMap) -> Option<Response<Body>> {
///         let script = "console.log('the client')";
///         (name == "client.js").then(|| Response::new(script.into()))
///     }
/// }
///
/// let config = Config::default().files(Client);
/// ```
pub trait Files: fmt::Debug + Send + Sync {
    /// The answer to a request for the file of this name, which is what stands
    /// behind the engine's path and its slash, as it came: nothing in it is
    /// decoded. `None` if there is no such file; then the request is the
    /// engine's.
    fn answer(&self, name: &str, method: &Method, headers: &HeaderMap) -> Option<Response<Body>>;
}

impl Config {
    /// The answer to a request for one of the [`files`](Self::files).
    pub(crate) fn answer_file<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
        let below = request.uri().path().strip_prefix(self.path.as_str())?;
        let name = below.strip_prefix('/').filter(|name| !name.is_empty())?;
        let files = self.files.as_ref()?;
        files.answer(name, request.method(), request.headers())
    }
}
