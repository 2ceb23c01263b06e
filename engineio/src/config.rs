//! What can be configured, with the reference's defaults.

use std::time::Duration;

use crate::Transport;

/// The configuration of an engine.
///
/// The fields are public and have setters that chain; the defaults are those
/// of the reference server.
///
/// ```
/// use std::time::Duration;
/// use engineio::Config;
///
/// let config = Config::default()
///     .path("/realtime")
///     .ping_interval(Duration::from_secs(10));
/// assert_eq!(config.max_payload, 1_000_000);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Whether clients of revision 3 are served as well, which are those of
    /// Socket.IO 1.x and 2.x. Default: `false`.
    pub allow_revision_3: bool,
    /// Whether a polling client is offered the upgrade to websocket.
    /// Default: `true`.
    pub allow_upgrades: bool,
    /// Limits on what a peer can make longer.
    pub limits: Limits,
    /// The largest body of a POST, and the largest websocket message, in
    /// bytes. Clients are told in the handshake. Default: 1,000,000.
    pub max_payload: usize,
    /// Which origins may open a session. Default: any, as the reference.
    pub origins: Origins,
    /// Where the engine answers, without a trailing slash; requests come to
    /// the path with one. Default: `/engine.io`.
    pub path: String,
    /// How long after the last pong the next ping is sent. Default: 25 s.
    pub ping_interval: Duration,
    /// How long a client has to answer a ping. Default: 20 s.
    pub ping_timeout: Duration,
    /// The transports that are served. Default: both.
    pub transports: Vec<Transport>,
    /// How long an upgrade may take before the candidate is closed; the
    /// session stays on polling then. Default: 10 s.
    pub upgrade_timeout: Duration,
}

impl Config {
    /// Sets [`allow_revision_3`](Self::allow_revision_3).
    pub fn allow_revision_3(mut self, allow: bool) -> Self {
        self.allow_revision_3 = allow;
        self
    }

    /// Sets [`allow_upgrades`](Self::allow_upgrades).
    pub fn allow_upgrades(mut self, allow: bool) -> Self {
        self.allow_upgrades = allow;
        self
    }

    /// Sets [`limits`](Self::limits).
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`max_payload`](Self::max_payload).
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = bytes;
        self
    }

    /// Sets [`origins`](Self::origins).
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// Sets [`path`](Self::path); one trailing slash is taken off.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        if self.path.ends_with('/') {
            self.path.pop();
        }
        self
    }

    /// Sets [`ping_interval`](Self::ping_interval).
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// Sets [`ping_timeout`](Self::ping_timeout).
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.ping_timeout = timeout;
        self
    }

    /// Sets [`transports`](Self::transports).
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.transports = transports.into_iter().collect();
        self
    }

    /// Sets [`upgrade_timeout`](Self::upgrade_timeout).
    pub fn upgrade_timeout(mut self, timeout: Duration) -> Self {
        self.upgrade_timeout = timeout;
        self
    }

    /// What was set directly may differ from what the setters keep to.
    #[cfg(feature = "server")]
    pub(crate) fn normalized(self) -> Self {
        let path = self.path.clone();
        self.path(path)
    }

    /// Whether a request for this path is for the engine: the path itself with
    /// its slash, or anything below it.
    pub fn serves(&self, path: &str) -> bool {
        path.strip_prefix(self.path.as_str())
            .is_some_and(|rest| rest.starts_with('/'))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow_revision_3: false,
            allow_upgrades: true,
            limits: Limits::default(),
            max_payload: 1_000_000,
            origins: Origins::Any,
            path: "/engine.io".into(),
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            transports: vec![Transport::Polling, Transport::Websocket],
            upgrade_timeout: Duration::from_secs(10),
        }
    }
}

/// Limits on everything that a peer can make longer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes queued for one session above which it is closed as a slow
    /// consumer. An empty outbox takes any single message. Default: 8 MiB.
    pub budget: usize,
    /// How long a closing session waits for its last messages to be fetched.
    /// Default: 30 s.
    pub close_timeout: Duration,
    /// Bytes queued for one session above which it is not
    /// [ready](crate::Session::is_ready) for more. Default: 1 MiB.
    pub high_water: usize,
    /// Bytes received but not yet taken by the application, with 64 for each
    /// message, above which the connection is not read. Default: 1 MiB.
    pub inbox: usize,
    /// How long an inbox may stay full before the session is closed. Its
    /// client is not judged for a missing pong meanwhile. Default: 30 s.
    pub max_pause: Duration,
    /// Packets in one polling payload. Default: 131,072.
    pub packets: usize,
    /// Open sessions; further handshakes get a 503. Default: 1,000,000.
    pub sessions: usize,
}

impl Limits {
    /// Sets [`budget`](Self::budget).
    pub fn budget(mut self, bytes: usize) -> Self {
        self.budget = bytes;
        self
    }

    /// Sets [`close_timeout`](Self::close_timeout).
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Sets [`high_water`](Self::high_water).
    pub fn high_water(mut self, bytes: usize) -> Self {
        self.high_water = bytes;
        self
    }

    /// Sets [`inbox`](Self::inbox).
    pub fn inbox(mut self, bytes: usize) -> Self {
        self.inbox = bytes;
        self
    }

    /// Sets [`max_pause`](Self::max_pause).
    pub fn max_pause(mut self, pause: Duration) -> Self {
        self.max_pause = pause;
        self
    }

    /// Sets [`packets`](Self::packets).
    pub fn packets(mut self, packets: usize) -> Self {
        self.packets = packets;
        self
    }

    /// Sets [`sessions`](Self::sessions).
    pub fn sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            budget: 8 << 20,
            close_timeout: Duration::from_secs(30),
            high_water: 1 << 20,
            inbox: 1 << 20,
            max_pause: Duration::from_secs(30),
            packets: 131_072,
            sessions: 1_000_000,
        }
    }
}

/// Which origins may open a session, on either transport.
///
/// Browsers do not apply CORS to websockets: without a policy here a foreign
/// page can open a session with its visitor's cookies. A request without an
/// `Origin` header is not from a foreign page, and always passes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Origins {
    /// Any origin.
    #[default]
    Any,
    /// These origins, written as browsers write them (`https://example.com`),
    /// and the server's own.
    List(Vec<String>),
    /// The origin whose host and port equal the `Host` header. The scheme is
    /// not compared: a proxy in front may end TLS.
    Same,
}

impl Origins {
    /// Whether a request with these two headers may open a session.
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
    fn the_path_is_matched_as_a_path() {
        let config = Config::default().path("/engine.io/");
        for path in ["/engine.io/", "/engine.io/foo/bar"] {
            assert!(config.serves(path), "{path}");
        }
        for path in [
            "/engine.io",
            "/engine.ioX/",
            "/",
            "/x/engine.io/",
            "/engine%2Eio/",
        ] {
            assert!(!config.serves(path), "{path}");
        }
    }

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
