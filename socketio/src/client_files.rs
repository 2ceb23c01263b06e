//! The client's files, as a server gives them to pages.

mod conditions;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::{fmt, fs, io};

use bytes::Bytes;
use engineio::{Body, Files};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};

use conditions::{is_known, preferred};

/// The files of the official client, which pages load from below the server's
/// path: `<script src="/socket.io/socket.io.js"></script>`.
///
/// They are those of the folder `dist` of the npm package `socket.io-client`:
/// `socket.io.js`, `socket.io.min.js`, `socket.io.msgpack.min.js` and
/// `socket.io.esm.min.js`, each also with `.map` behind it. No other name is
/// served, so no name that a client sends ever becomes a path. Beside each there
/// may be one with `.br` or `.gz` behind its name, the same compressed, for
/// browsers that accept it.
///
/// They are kept in memory, with an `ETag` by content; a browser asks each time
/// whether its copy is still good, and is told so in a few bytes. As a module of
/// a page's own bundle the client needs none of this.
///
/// A cheap clone of one `Arc`.
///
/// ```
/// use socketio::{ClientFiles, Config, Server};
///
/// let files = ClientFiles::embedded(&[("socket.io.min.js", b"/*! Socket.IO */")]);
/// assert!(!files.is_empty());
/// let io = Server::new(Config::default().client_files(files));
/// ```
#[derive(Clone)]
pub struct ClientFiles(Arc<[File]>);

struct File {
    name: &'static str,
    /// The file as it is, then what it is compressed to.
    forms: Vec<Form>,
}

struct Form {
    body: Bytes,
    coding: Option<&'static str>,
    etag: HeaderValue,
}

impl ClientFiles {
    /// Reads the files of a folder, once.
    ///
    /// ```no_run
    /// use socketio::{ClientFiles, Config};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let files = ClientFiles::from_dir("node_modules/socket.io-client/dist")?;
    /// let config = Config::default().client_files(files);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or if the folder has none of them. Some may be
    /// missing.
    pub fn from_dir(folder: impl AsRef<Path>) -> io::Result<Self> {
        let folder = folder.as_ref();
        let read = |name: &str| match fs::read(folder.join(name)) {
            Ok(body) => Ok(Some(Bytes::from(body))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let files = Self::collect(read)?;
        if files.0.is_empty() {
            let folder = folder.display();
            let missing = format!(
                "no file of socket.io-client in {folder}: expected `{}` or another of the folder \
                 `dist` that `npm install socket.io-client` brings",
                NAMES[0]
            );
            return Err(io::Error::new(io::ErrorKind::NotFound, missing));
        }
        Ok(files)
    }

    /// Takes files that are in the binary, by their names. An empty one counts
    /// as missing, so that a build script that could not fetch the client may
    /// leave an empty file.
    ///
    /// ```
    /// use socketio::ClientFiles;
    ///
    /// // include_bytes!(concat!(env!("OUT_DIR"), "/socket.io.min.js"))
    /// const CLIENT: &[u8] = b"/*! Socket.IO */";
    /// let files = ClientFiles::embedded(&[("socket.io.min.js", CLIENT)]);
    /// assert!(!files.is_empty());
    /// ```
    ///
    /// # Panics
    ///
    /// If a name is none that is served.
    pub fn embedded(files: &[(&str, &'static [u8])]) -> Self {
        for (name, _) in files {
            let plain = CODINGS
                .iter()
                .find_map(|(_, suffix)| name.strip_suffix(suffix));
            let is_served = NAMES.contains(&plain.unwrap_or(name));
            assert!(
                is_served,
                "`{name}` is no file of socket.io-client: expected one of {NAMES:?}, or a \
                 compressed form of one"
            );
        }
        let find = |wanted: &str| {
            let found = files
                .iter()
                .find(|(name, body)| *name == wanted && !body.is_empty());
            Ok(found.map(|(_, body)| Bytes::from_static(body)))
        };
        Self::collect(find).expect("nothing is read")
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn collect(read: impl Fn(&str) -> io::Result<Option<Bytes>>) -> io::Result<Self> {
        let mut files = Vec::new();
        for name in NAMES {
            let Some(body) = read(name)? else { continue };
            let mut forms = vec![Form::new(body, None)];
            for (coding, suffix) in CODINGS {
                let compressed = read(&format!("{name}{suffix}"))?;
                forms.extend(compressed.map(|body| Form::new(body, Some(coding))));
            }
            files.push(File { name, forms });
        }
        Ok(Self(files.into()))
    }
}

impl Files for ClientFiles {
    fn answer(&self, name: &str, method: &Method, headers: &HeaderMap) -> Option<Response<Body>> {
        let file = self.0.iter().find(|file| file.name == name)?;
        Some(file.answer(method, headers))
    }
}

impl fmt::Debug for ClientFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|file| file.name))
            .finish()
    }
}

impl File {
    fn answer(&self, method: &Method, asked: &HeaderMap) -> Response<Body> {
        let codings = self.forms.iter().filter_map(|form| form.coding);
        let coding = preferred(codings, asked);
        let mut forms = self.forms.iter();
        let form = forms.find(|form| form.coding == coding);
        let form = form.unwrap_or(&self.forms[0]);

        let mut response = Response::new(Body::default());
        let headers = response.headers_mut();
        let lifetime = HeaderValue::from_static("public, max-age=0");
        headers.insert(header::CACHE_CONTROL, lifetime);
        headers.insert(header::ETAG, form.etag.clone());
        if self.forms.len() > 1 {
            headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if is_known(&form.etag, asked) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        let kind = HeaderValue::from_static(self.kind());
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CONTENT_LENGTH, form.body.len().into());
        if let Some(coding) = form.coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        if method != Method::HEAD {
            *response.body_mut() = form.body.clone().into();
        }
        response
    }

    fn kind(&self) -> &'static str {
        match self.name.ends_with(".map") {
            true => "application/json; charset=utf-8",
            false => "application/javascript; charset=utf-8",
        }
    }
}

impl Form {
    fn new(body: Bytes, coding: Option<&'static str>) -> Self {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let etag = format!("\"{:016x}\"", hasher.finish());
        Self {
            body,
            coding,
            etag: HeaderValue::try_from(etag).expect("digits in quotes are a header value"),
        }
    }
}

/// What is served, and nothing else.
const NAMES: [&str; 8] = [
    "socket.io.js",
    "socket.io.js.map",
    "socket.io.min.js",
    "socket.io.min.js.map",
    "socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map",
    "socket.io.esm.min.js",
    "socket.io.esm.min.js.map",
];

/// The codings of HTTP that a file may be stored in, and how such a file is
/// called.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];
