//! What can be configured, with the reference's defaults.

use std::time::Duration;

#[cfg(feature = "server")]
use crate::SessionCookie;
#[cfg(feature = "server")]
use crate::hooks::Hooks;
use crate::{Message, Origins, Transport};

/// The configuration of an engine.
///
/// The fields are public and have setters that chain; the defaults are those
/// of the reference server. Hooks have setters alone:
/// [`allow_request`](Self::allow_request), [`generate_id`](Self::generate_id),
/// [`initial_headers`](Self::initial_headers), [`headers`](Self::headers) and
/// [`on_connection_error`](Self::on_connection_error).
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
    /// Whether the path is served only with a slash behind it. Default: `true`.
    pub add_trailing_slash: bool,
    /// Whether clients of revision 3 are served as well, which are those of
    /// Socket.IO 1.x and 2.x. Default: `false`.
    pub allow_revision_3: bool,
    /// Whether a polling client is offered the upgrade to websocket.
    /// Default: `true`.
    pub allow_upgrades: bool,
    /// The cookie that a polling handshake sets. Default: none.
    #[cfg(feature = "server")]
    pub cookie: Option<SessionCookie>,
    /// Files that are served below the path. Default: none.
    #[cfg(feature = "server")]
    pub files: Option<std::sync::Arc<dyn crate::Files>>,
    #[cfg(feature = "server")]
    pub(crate) hooks: Hooks,
    /// A message that every client gets right behind the open packet: in the
    /// same payload on polling, as the second frame on a websocket.
    /// Default: none.
    pub initial_packet: Option<Message>,
    /// Limits on what a peer can make longer.
    pub limits: Limits,
    /// The largest body of a POST, and the largest websocket message, in
    /// bytes. Clients are told in the handshake. Default: 1,000,000.
    pub max_payload: usize,
    /// Which origins may open a session. Default: any, as the reference.
    pub origins: Origins,
    /// Where the engine answers, without a trailing slash; requests come to
    /// the path with one, see [`add_trailing_slash`](Self::add_trailing_slash).
    /// Default: `/engine.io`.
    pub path: String,
    /// How long after the last pong the next ping is sent. Default: 25 s.
    pub ping_interval: Duration,
    /// How long a client has to answer a ping. Default: 20 s; less than a
    /// millisecond is taken as one.
    pub ping_timeout: Duration,
    /// The transports that are served. Default: both.
    pub transports: Vec<Transport>,
    /// How long an upgrade may take before the candidate is closed; the
    /// session stays on polling then. Default: 10 s.
    pub upgrade_timeout: Duration,
}

impl Config {
    /// Sets [`add_trailing_slash`](Self::add_trailing_slash).
    pub fn add_trailing_slash(mut self, add: bool) -> Self {
        self.add_trailing_slash = add;
        self
    }

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

    /// Sets [`cookie`](Self::cookie).
    #[cfg(feature = "server")]
    pub fn cookie(mut self, cookie: SessionCookie) -> Self {
        self.cookie = Some(cookie);
        self
    }

    /// Sets [`files`](Self::files).
    #[cfg(feature = "server")]
    pub fn files(mut self, files: impl crate::Files + 'static) -> Self {
        self.files = Some(std::sync::Arc::new(files));
        self
    }

    /// Sets [`initial_packet`](Self::initial_packet).
    pub fn initial_packet(mut self, message: impl Into<Message>) -> Self {
        self.initial_packet = Some(message.into());
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
    pub(crate) fn normalized(mut self) -> Self {
        // With none at all a session would be over before it begins.
        self.ping_timeout = self.ping_timeout.max(Duration::from_millis(1));
        let path = self.path.clone();
        self.path(path)
    }

    /// Whether a request for this path is for the engine: the path itself with
    /// its slash, or anything below it; without
    /// [`add_trailing_slash`](Self::add_trailing_slash) the bare path as well.
    ///
    /// ```
    /// # use engineio::Config;
    /// let config = Config::default();
    /// assert!(config.serves("/engine.io/") && !config.serves("/engine.io"));
    /// ```
    pub fn serves(&self, path: &str) -> bool {
        path.strip_prefix(self.path.as_str())
            .is_some_and(|rest| match rest {
                "" => !self.add_trailing_slash,
                rest => rest.starts_with('/'),
            })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            add_trailing_slash: true,
            allow_revision_3: false,
            allow_upgrades: true,
            #[cfg(feature = "server")]
            cookie: None,
            #[cfg(feature = "server")]
            files: None,
            #[cfg(feature = "server")]
            hooks: Hooks::default(),
            initial_packet: None,
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
///
/// The fields are public and have setters that chain.
///
/// ```
/// use engineio::{Config, Limits};
///
/// let limits = Limits::default().budget(1 << 20).high_water(256 << 10);
/// let config = Config::default().limits(limits);
/// assert_eq!(config.limits.packets, 131_072);
/// ```
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
    /// Open sessions of one address, those that are being opened included;
    /// further handshakes get a 429. An IPv6 client is counted by its network of
    /// 64 bits, which is the least that a provider gives away.
    ///
    /// Addresses are known only where the host tells them with
    /// [`PeerAddr`](crate::PeerAddr), which no host does by itself; behind a proxy it should tell the client's,
    /// or all clients share the limit. Default: no limit (`usize::MAX`).
    pub sessions_per_address: usize,
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

    /// Sets [`sessions_per_address`](Self::sessions_per_address).
    pub fn sessions_per_address(mut self, sessions: usize) -> Self {
        self.sessions_per_address = sessions;
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
            sessions_per_address: usize::MAX,
        }
    }
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
    fn the_bare_path_is_served_where_no_slash_is_added() {
        let config = Config::default().add_trailing_slash(false);
        for path in ["/engine.io", "/engine.io/", "/engine.io/foo"] {
            assert!(config.serves(path), "{path}");
        }
        for path in ["/engine.ioX", "/engine.i", "/"] {
            assert!(!config.serves(path), "{path}");
        }
    }
}
