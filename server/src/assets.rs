//! The files of the page, and the client that the build script fetched.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use bytes::Bytes;
use engineio::Body;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use socketio::ClientFiles;

use crate::response::only_read;

/// A file in the binary.
pub(crate) struct Asset {
    path: &'static str,
    kind: &'static str,
    body: &'static [u8],
    etag: HeaderValue,
}

/// The file at this path.
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// The client, without the files that the build script could not fetch.
pub(crate) fn client() -> ClientFiles {
    macro_rules! files {
        ($($name:literal),*) => {
            &[$(($name, include_bytes!(concat!(env!("OUT_DIR"), "/", $name)))),*]
        };
    }
    ClientFiles::embedded(files![
        "socket.io.js",
        "socket.io.js.map",
        "socket.io.min.js",
        "socket.io.min.js.map"
    ])
}

impl Asset {
    /// The answer to a request for this file.
    pub(crate) fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        if let Some(refusal) = only_read(request.method()) {
            return refusal;
        }
        let mut response = Response::new(Body::default());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::ETAG, self.etag.clone());
        if self.is_known(request.headers()) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        *response.body_mut() = Bytes::from_static(self.body).into();
        response
    }

    /// Whether the browser has this version of the file.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let etag = self.etag.as_bytes();
        headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
            .any(|tag| tag.trim_ascii() == etag)
    }
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($path:literal, $kind:expr, $file:expr;)*) => {
        [$({
            let body: &[u8] = include_bytes!($file);
            Asset { path: $path, kind: $kind, body, etag: etag(body) }
        }),*]
    };
}

static ASSETS: LazyLock<[Asset; 13]> = LazyLock::new(|| {
    assets! {
        "/", HTML, "../web/index.html";
        "/app.js", SCRIPT, "../web/app.js";
        "/composer.js", SCRIPT, "../web/composer.js";
        "/dom.js", SCRIPT, "../web/dom.js";
        "/favicon.svg", "image/svg+xml", "../web/favicon.svg";
        "/input.js", SCRIPT, "../web/input.js";
        "/lobby.js", SCRIPT, "../web/lobby.js";
        "/messages.js", SCRIPT, "../web/messages.js";
        "/people.js", SCRIPT, "../web/people.js";
        "/room.js", SCRIPT, "../web/room.js";
        "/session.js", SCRIPT, "../web/session.js";
        "/status.js", SCRIPT, "../web/status.js";
        "/style.css", CSS, "../web/style.css";
    }
});

fn etag(body: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let etag = format!("\"{:016x}\"", hasher.finish());
    HeaderValue::try_from(etag).expect("digits in quotes are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Response<Body> {
        find(path)
            .unwrap()
            .answer(&Request::get(path).body(()).unwrap())
    }

    fn scripts() -> impl Iterator<Item = &'static str> {
        let scripts = ASSETS.iter().filter(|asset| asset.kind == SCRIPT);
        scripts.map(|asset| content(asset.path))
    }

    fn content(path: &str) -> &'static str {
        str::from_utf8(find(path).unwrap().body).unwrap()
    }

    #[test]
    fn the_page_and_its_files_have_their_types() {
        for (path, kind) in [("/", HTML), ("/app.js", SCRIPT), ("/style.css", CSS)] {
            let response = get(path);
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()["content-type"], kind);
        }
    }

    #[test]
    fn the_page_loads_nothing_that_is_not_served() {
        let links = content("/").split("=\"/").skip(1);
        let links: Vec<_> = links.filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(links.len(), 4, "{links:?}");
        let imports = scripts().flat_map(|script| script.split("from \"./").skip(1));
        let imports: Vec<_> = imports.filter_map(|rest| rest.split('"').next()).collect();
        assert!(imports.contains(&"dom.js"), "{imports:?}");
        for path in links.into_iter().chain(imports) {
            let is_client = path == "socket.io/socket.io.min.js";
            assert!(is_client || find(&format!("/{path}")).is_some(), "/{path}");
        }
    }

    #[test]
    fn what_others_wrote_never_becomes_markup() {
        for sink in [
            "innerHTML =",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(!scripts().any(|script| script.contains(sink)), "{sink}");
        }
        for inline in ["<script>", " style=", " onclick="] {
            assert!(!content("/").contains(inline), "{inline}");
        }
    }

    #[test]
    fn a_file_that_the_browser_has_is_not_sent_again() {
        let etag = get("/").headers()["etag"].clone();
        let request = Request::get("/")
            .header("if-none-match", "\"other\", ")
            .header("if-none-match", etag);
        let response = find("/").unwrap().answer(&request.body(()).unwrap());
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert!(!response.headers().contains_key("content-type"));
    }

    #[test]
    fn a_file_is_only_read() {
        let request = Request::post("/").body(()).unwrap();
        let response = find("/").unwrap().answer(&request);
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }
}
