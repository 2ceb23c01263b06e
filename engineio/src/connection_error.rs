//! What the application is told of a refused request.

use std::borrow::Cow;
use std::fmt;

use http::header::ORIGIN;
use http::request::Parts;
use hyper::upgrade::OnUpgrade;

use crate::Refused;

/// A request that was refused with a code, see
/// [`Config::on_connection_error`](crate::Config::on_connection_error).
///
/// ```
/// use engineio::Config;
///
/// let config = Config::default().on_connection_error(|error| {
///     let path = error.request().uri.path();
///     eprintln!("{path}: {} {:?} {:?}", error.code(), error.message(), error.context());
/// });
/// ```
pub struct ConnectionError {
    request: Parts,
    code: u8,
    message: String,
    context: Vec<(&'static str, String)>,
}

impl ConnectionError {
    /// `None` for a refusal without a code.
    pub(crate) fn new(refused: &Refused, mut request: Parts) -> Option<Self> {
        // The connection is still the server's.
        request.extensions.remove::<OnUpgrade>();
        Some(Self {
            code: refused.code()?,
            message: match refused {
                Refused::Denied(_) => Refused::Forbidden.to_string(),
                other => other.to_string(),
            },
            context: context(refused, &request),
            request,
        })
    }

    /// The request, with what the services in front of the engine left in its
    /// extensions.
    pub fn request(&self) -> &Parts {
        &self.request
    }

    /// The code that the client gets, 0 to 5.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// What the code means: for a refusal by
    /// [`allow_request`](crate::Config::allow_request) it is `Forbidden`, and the
    /// text that the client gets is in the [context](Self::context).
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the request is refused for, under the names of the reference.
    ///
    /// | code | names |
    /// |---|---|
    /// | 0 | `transport` |
    /// | 1 | `sid` |
    /// | 2 | `method` |
    /// | 3 | `name`: `INVALID_ORIGIN` with `origin`, `TRANSPORT_MISMATCH` with `transport` and `previousTransport`, `PROTOCOL_MISMATCH` with `protocol` and `previousProtocol`, `TRANSPORT_HANDSHAKE_ERROR`, `ID_GENERATION_ERROR` with `error` |
    /// | 4 | `message`, the text of `allow_request`; `origin`, where the policy refuses it |
    /// | 5 | `protocol` |
    ///
    /// What the request does not have is left out. The values are as the client
    /// sent them, of any length, with control characters and all.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.context
    }
}

impl fmt::Debug for ConnectionError {
    /// Without what may be a secret: headers, ids, the query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionError")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("method", &self.request.method)
            .field("path", &self.request.uri.path())
            .finish_non_exhaustive()
    }
}

fn context(refused: &Refused, request: &Parts) -> Vec<(&'static str, String)> {
    let query = |key| parameter(request, key).map(Cow::into_owned);
    let origin = || {
        let origin = request.headers.get(ORIGIN)?;
        Some(String::from_utf8_lossy(origin.as_bytes()).into_owned())
    };
    let name = |name: &str| ("name", Some(name.to_owned()));
    let entries = match refused {
        Refused::UnknownTransport => vec![("transport", query("transport"))],
        Refused::UnknownSid => vec![("sid", query("sid"))],
        Refused::BadHandshakeMethod => vec![("method", Some(request.method.to_string()))],
        Refused::InvalidOrigin => vec![name("INVALID_ORIGIN"), ("origin", origin())],
        Refused::TransportMismatch => {
            let transport = query("transport");
            // There are two, and the session is not on this one.
            let previous = match transport.as_deref() {
                Some("polling") => "websocket",
                _ => "polling",
            };
            vec![
                name("TRANSPORT_MISMATCH"),
                ("transport", transport),
                ("previousTransport", Some(previous.into())),
            ]
        }
        Refused::RevisionMismatch => {
            // There are two, and the session does not speak this one.
            let (revision, previous) = match query("EIO").as_deref() {
                Some("4") => ("4", "3"),
                _ => ("3", "4"),
            };
            vec![
                name("PROTOCOL_MISMATCH"),
                ("protocol", Some(revision.into())),
                ("previousProtocol", Some(previous.into())),
            ]
        }
        Refused::WebsocketHandshake => vec![name("TRANSPORT_HANDSHAKE_ERROR")],
        Refused::IdGeneration(error) => {
            vec![name("ID_GENERATION_ERROR"), ("error", Some(error.clone()))]
        }
        Refused::Forbidden => vec![("origin", origin())],
        Refused::Denied(text) => vec![("message", Some(text.clone()))],
        Refused::UnsupportedRevision => vec![("protocol", Some("3".into()))],
        _ => Vec::new(),
    };
    entries
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// A parameter of the query: of equal ones the last.
fn parameter<'a>(request: &'a Parts, key: &str) -> Option<Cow<'a, str>> {
    form_urlencoded::parse(request.uri.query().unwrap_or_default().as_bytes())
        .filter_map(|(name, value)| (name == key).then_some(value))
        .last()
}
