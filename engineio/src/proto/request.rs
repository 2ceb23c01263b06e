//! What a request asks for, read from its method, query and headers.

use std::fmt;

use http::{HeaderMap, Method, Uri, header};

use super::revision::Revision;
use super::session::Hello;
use super::transport::Transport;
use crate::{Config, Origins, Refused};

/// A request below the engine's path, as its query and headers describe it.
///
/// The checks are made in the order of the reference, which clients can see:
/// transport, origin, session, then those of a handshake, and its revision last.
///
/// ```
/// use engineio::{Config, Refused, Request, Transport};
/// use http::{HeaderMap, Method};
///
/// let (config, headers) = (Config::default(), HeaderMap::new());
/// let uri = "/engine.io/?EIO=4&transport=polling".parse()?;
/// let request = Request::parse(&uri, &headers, &config)?;
/// assert!(request.sid.is_none(), "it opens a session");
/// request.check_handshake(&Method::GET)?;
/// request.check_revision(&config)?;
/// assert_eq!(request.hello().transport, Transport::Polling);
///
/// let uri = "/engine.io/?EIO=4&transport=pigeon".parse()?;
/// assert_eq!(Request::parse(&uri, &headers, &config), Err(Refused::UnknownTransport));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// The transport that it names.
    pub transport: Transport,
    /// The session it is for; a request without one is a handshake.
    pub sid: Option<String>,
    /// Revision 4 if `EIO` is exactly `4`, else revision 3.
    pub revision: Revision,
    /// The number of the client's callback, if it polls through JSONP: the
    /// digits of `j`, which may have any value.
    pub jsonp: Option<u32>,
    /// Whether the headers ask for a websocket.
    pub is_upgrade: bool,
    /// Whether the client wants binary data as base64 on a websocket as well:
    /// `b64` has any value, even `0`.
    pub wants_base64: bool,
}

impl Request {
    /// Reads the query, and checks what needs no session: the transport, then
    /// the origin.
    ///
    /// # Errors
    ///
    /// If the transport is unknown or not enabled, or the origin is malformed
    /// or not allowed.
    pub fn parse(uri: &Uri, headers: &HeaderMap, config: &Config) -> Result<Self, Refused> {
        let query = uri.query().unwrap_or_default();
        let (mut transport, mut sid, mut eio) = (None, None, None);
        let (mut b64, mut jsonp) = (None, None);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            // The last of equal keys wins.
            match &*key {
                "EIO" => eio = Some(value),
                "b64" => b64 = Some(value),
                "j" => jsonp = Some(value),
                "sid" => sid = Some(value),
                "transport" => transport = Some(value),
                _ => {}
            }
        }
        let transport = transport
            .and_then(|name| Transport::from_name(&name))
            .filter(|transport| config.transports.contains(transport))
            .ok_or(Refused::UnknownTransport)?;
        let is_script = transport == Transport::Polling && jsonp.is_some();
        check_origin(uri, headers, is_script, config)?;
        Ok(Self {
            transport,
            sid: sid.filter(|sid| !sid.is_empty()).map(Into::into),
            revision: match eio.as_deref() {
                Some("4") => Revision::V4,
                _ => Revision::V3,
            },
            jsonp: jsonp.map(|value| callback_number(&value)),
            is_upgrade: is_upgrade(headers),
            wants_base64: b64.is_some_and(|value| !value.is_empty()),
        })
    }

    /// Checks what only a handshake needs.
    ///
    /// # Errors
    ///
    /// If the method is not GET, or the headers do not fit the transport.
    pub fn check_handshake(&self, method: &Method) -> Result<(), Refused> {
        if method != Method::GET {
            return Err(Refused::BadHandshakeMethod);
        }
        if (self.transport == Transport::Websocket) != self.is_upgrade {
            return Err(Refused::WebsocketHandshake);
        }
        Ok(())
    }

    /// Checks that the server speaks what the client does: after the application
    /// was asked, as the reference does.
    ///
    /// # Errors
    ///
    /// If the revision is not 4, and 3 is not [allowed](Config::allow_revision_3).
    pub fn check_revision(&self, config: &Config) -> Result<(), Refused> {
        if self.revision == Revision::V3 && !config.allow_revision_3 {
            return Err(Refused::UnsupportedRevision);
        }
        Ok(())
    }

    /// What the client says of itself in a handshake.
    pub fn hello(&self) -> Hello {
        Hello {
            base64: self.wants_base64,
            jsonp: self.jsonp,
            revision: self.revision,
            transport: self.transport,
        }
    }
}

/// The number in `j`; digits only, so that nothing else ends up in a script.
fn callback_number(value: &str) -> u32 {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

impl fmt::Debug for Request {
    /// Without the id, which is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("transport", &self.transport)
            .field("has_sid", &self.sid.is_some())
            .field("revision", &self.revision)
            .field("jsonp", &self.jsonp)
            .field("is_upgrade", &self.is_upgrade)
            .field("wants_base64", &self.wants_base64)
            .finish()
    }
}

fn check_origin(
    uri: &Uri,
    headers: &HeaderMap,
    is_script: bool,
    config: &Config,
) -> Result<(), Refused> {
    let origin = match headers.get(header::ORIGIN) {
        None => None,
        Some(value) => Some(value.to_str().map_err(|_| Refused::InvalidOrigin)?),
    };
    // Where the target names the host, as it always does in HTTP/2, the header
    // does not count (RFC 9112, section 3.2.2).
    let host = match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok()),
    };
    // Any page may have such a script, which is asked for with cookies.
    let is_unknown = is_script && origin.is_none() && config.origins != Origins::Any;
    if !is_unknown && config.origins.allow(origin, host) {
        Ok(())
    } else {
        Err(Refused::Forbidden)
    }
}

/// Whether the query has a `transport`, as every request of a client has.
#[cfg(feature = "server")]
pub(crate) fn names_transport(uri: &http::Uri) -> bool {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .any(|(key, _)| key == "transport")
}

/// Whether the headers ask for a websocket.
pub(crate) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn parse(query: &str) -> Result<Request, Refused> {
        Request::parse(&uri(query), &HeaderMap::new(), &Config::default())
    }

    fn uri(query: &str) -> Uri {
        format!("/engine.io/?{query}").parse().unwrap()
    }

    #[test]
    fn the_last_of_equal_keys_wins() {
        let request = parse("transport=x&transport=polling&sid=a&sid=b&EIO=3&EIO=4").unwrap();
        assert_eq!(request.sid.as_deref(), Some("b"));
        assert_eq!(request.revision, Revision::V4);
        assert_eq!(request.check_handshake(&Method::GET), Ok(()));
        assert_eq!(request.check_revision(&Config::default()), Ok(()));
    }

    #[test]
    fn an_unknown_or_disabled_transport_is_refused() {
        for query in [
            "",
            "EIO=4",
            "EIO=4&transport=",
            "EIO=4&transport=abc",
            "EIO=4&transport=webtransport",
            "EIO=4&transport=__proto__",
            "EIO=4&transport=constructor",
        ] {
            assert_eq!(parse(query), Err(Refused::UnknownTransport), "{query}");
        }
        let config = Config::default().transports([Transport::Websocket]);
        assert_eq!(
            Request::parse(&uri("transport=polling"), &HeaderMap::new(), &config),
            Err(Refused::UnknownTransport)
        );
    }

    #[test]
    fn what_is_not_revision_four_is_revision_three_which_has_to_be_allowed() {
        let allowed = Config::default().allow_revision_3(true);
        for query in ["", "&EIO=3", "&EIO=04", "&EIO=abc", "&EIO=5", "&EIO="] {
            let request = parse(&format!("transport=polling{query}")).unwrap();
            assert_eq!(request.revision, Revision::V3, "{query}");
            assert_eq!(
                request.check_revision(&Config::default()),
                Err(Refused::UnsupportedRevision),
            );
            assert_eq!(request.check_revision(&allowed), Ok(()));
        }
    }

    #[test]
    fn the_number_of_a_callback_is_its_digits() {
        for (query, number) in [
            ("", None),
            ("&j=3", Some(3)),
            ("&j=alert(1)2", Some(12)),
            ("&j=", Some(0)),
            ("&j=4294967296", Some(0)),
        ] {
            let request = parse(&format!("transport=polling{query}")).unwrap();
            assert_eq!(request.jsonp, number, "{query}");
        }
    }

    #[test]
    fn a_handshake_is_a_get() {
        let request = parse("transport=polling&EIO=4&sid=").unwrap();
        for method in [Method::POST, Method::PUT, Method::HEAD, Method::OPTIONS] {
            assert_eq!(
                request.check_handshake(&method),
                Err(Refused::BadHandshakeMethod)
            );
        }
    }

    #[test]
    fn the_transport_and_the_upgrade_header_must_agree() {
        let request = parse("transport=websocket&EIO=4").unwrap();
        assert_eq!(
            request.check_handshake(&Method::GET),
            Err(Refused::WebsocketHandshake)
        );
    }

    #[test]
    fn any_value_of_b64_asks_for_base64() {
        for (query, wants) in [
            ("", false),
            ("&b64=", false),
            ("&b64=1", true),
            ("&b64=0", true),
        ] {
            let request = parse(&format!("transport=websocket{query}")).unwrap();
            assert_eq!(request.wants_base64, wants, "{query}");
        }
    }

    #[test]
    fn the_origin_is_checked_after_the_transport() {
        let config = Config::default().origins(Origins::Same);
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:3000"));
        headers.insert(
            header::ORIGIN,
            HeaderValue::from_static("http://evil.example"),
        );
        let parse = |query, headers: &HeaderMap| Request::parse(&uri(query), headers, &config);
        assert_eq!(
            parse("transport=x", &headers),
            Err(Refused::UnknownTransport)
        );
        assert_eq!(
            parse("transport=polling", &headers),
            Err(Refused::Forbidden)
        );
        headers.insert(
            header::ORIGIN,
            HeaderValue::from_bytes(b"http://\xe9").unwrap(),
        );
        assert_eq!(
            parse("transport=polling", &headers),
            Err(Refused::InvalidOrigin)
        );
    }

    #[test]
    fn the_same_origin_is_that_of_the_target_where_it_names_a_host() {
        let config = Config::default().origins(Origins::Same);
        let target: Uri = "https://chat.example/engine.io/?transport=polling"
            .parse()
            .unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("evil.example"));
        for (origin, is_allowed) in [
            ("https://chat.example", true),
            ("https://evil.example", false),
        ] {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            let request = Request::parse(&target, &headers, &config);
            assert_eq!(request.is_ok(), is_allowed, "{origin}");
        }
    }
}
