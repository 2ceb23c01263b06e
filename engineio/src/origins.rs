//! Which origins may open a session.

/// Which origins may open a session, on either transport.
///
/// Browsers do not apply CORS to websockets: without a policy here a foreign
/// page can open a session with its visitor's cookies. A request without an
/// `Origin` header is not from a foreign page, and passes; but for JSONP, whose
/// scripts name no origin whatever page they are on: it needs [`Any`](Self::Any).
///
/// ```
/// use engineio::{Config, Origins};
///
/// let origins = Origins::List(vec!["https://example.com".into()]);
/// assert!(origins.allow(Some("https://example.com"), Some("api.example.com")));
/// assert!(!origins.allow(Some("https://evil.example"), Some("api.example.com")));
/// let config = Config::default().origins(origins);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Origins {
    /// Any origin.
    #[default]
    Any,
    /// These origins, written as browsers write them (`https://example.com`),
    /// and the server's own.
    List(Vec<String>),
    /// The origin whose host and port equal those of the request: of its target
    /// where that names a host, as in HTTP/2, else of its `Host` header. The
    /// scheme is not compared: a proxy in front may end TLS. What a proxy says in
    /// `X-Forwarded-Host` is not looked at: anybody can send it.
    Same,
}

impl Origins {
    /// Whether a request with this `Origin` header, for this host and port, may
    /// open a session.
    pub fn allow(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        match self {
            Self::Any => true,
            Self::List(list) => {
                list.iter().any(|allowed| allowed == origin) || is_same_host(origin, host)
            }
            Self::Same => is_same_host(origin, host),
        }
    }
}

fn is_same_host(origin: &str, host: Option<&str>) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let Some(host) = host else { return false };
    // Either side may leave out the scheme's own port.
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |authority: &str| {
        authority
            .strip_suffix(default_port)
            .unwrap_or(authority)
            .to_ascii_lowercase()
    };
    bare(authority) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_origin_has_the_host_and_port_of_the_request() {
        let host = Some("chat.example:3000");
        assert!(Origins::Same.allow(Some("http://chat.example:3000"), host));
        assert!(Origins::Same.allow(Some("https://Chat.example:3000"), host));
        assert!(Origins::Same.allow(Some("https://a.example"), Some("a.example:443")));
        assert!(Origins::Same.allow(None, host));
        for origin in [
            "null",
            "",
            "http://chat.example",
            "http://chat.example:3000.evil.example",
            "http://evil.example:3000",
            "file://chat.example:3000",
        ] {
            assert!(!Origins::Same.allow(Some(origin), host), "{origin}");
        }
        assert!(!Origins::Same.allow(Some("http://chat.example"), None));
    }

    #[test]
    fn a_listed_origin_passes_beside_the_servers_own() {
        let origins = Origins::List(vec!["http://localhost:5173".into()]);
        let host = Some("localhost:3000");
        assert!(origins.allow(Some("http://localhost:5173"), host));
        assert!(origins.allow(Some("http://localhost:3000"), host));
        assert!(!origins.allow(Some("http://localhost:9999"), host));
    }
}
