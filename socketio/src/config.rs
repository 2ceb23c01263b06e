//! What can be configured.

#[cfg(feature = "server")]
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "server")]
use crate::Adapter;

/// The configuration of a server.
///
/// The fields are public and have setters that chain; the defaults are those
/// of the reference server.
///
/// ```
/// use std::time::Duration;
/// use socketio::{Config, Limits};
///
/// let config = Config::default()
///     .engine(|engine| engine.ping_interval(Duration::from_secs(10)))
///     .connect_timeout(Duration::from_secs(5))
///     .limits(Limits::default().max_in_flight(8));
/// assert_eq!(config.engine.path, "/socket.io");
/// ```
#[cfg(feature = "server")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How long an answer of a client is waited for where the question has no
    /// [`timeout`](crate::Request::timeout) of its own. Default: `None`, until
    /// the client leaves.
    pub ack_timeout: Option<Duration>,
    /// The wire to the other servers of a cluster. It belongs to one server:
    /// another one needs one of its own. See [`Adapter`] for how to write one.
    /// Default: none, the server is alone.
    pub adapter: Option<Arc<dyn Adapter>>,
    /// The files of the client, which are served below the path, in the place of
    /// the [`files`](engineio::Config::files) of the engine. Default: none.
    pub client_files: Option<crate::ClientFiles>,
    /// How long a client has, from the opening of its connection, to be let
    /// into a first namespace; then the connection is closed. What middleware
    /// takes counts. Zero is taken as it is, no time at all. Default: 45 s.
    pub connect_timeout: Duration,
    /// The configuration of the engine, which is the connection: path,
    /// transports, heartbeat. Default: that of the engine, with the path
    /// `/socket.io`.
    pub engine: engineio::Config,
    /// How long the handlers of [`on_connect`](crate::Namespace::on_connect) and
    /// [`on_event`](crate::Namespace::on_event) that still run when their socket
    /// leaves are waited for. Then they are dropped where they wait, for
    /// [`on_disconnect`](crate::Namespace::on_disconnect) to run. More than half
    /// of [`shutdown_timeout`](Self::shutdown_timeout) is taken as half of it.
    /// Default: 5 s.
    pub leave_timeout: Duration,
    /// Limits on what a client can make longer.
    pub limits: Limits,
    /// Bytes of a message between servers: larger ones are neither published
    /// nor taken. Only with an [`adapter`](Self::adapter). Default: 16 MiB.
    pub node_limit: usize,
    /// How packets are written. All clients of the server have to be set to the
    /// same. Default: [`Parser::Json`](crate::Parser::Json), as in all clients.
    pub parser: crate::Parser,
    /// Whether clients that come back after a short interruption of the network
    /// are who they were, and get what they missed. Default: `None`, they are
    /// new.
    pub recovery: Option<crate::Recovery>,
    /// Whether the handlers of one socket run strictly one after the other: each
    /// is done, with [`on_error`](crate::Namespace::on_error) if it failed,
    /// before the next one starts. Default: `false`, where one that waits holds
    /// up no other.
    ///
    /// Answers of the client still pass, so that a handler can
    /// [ask it](crate::Socket::emit_with_ack), and so do heartbeats. A handler
    /// that still runs when its socket leaves is waited for no longer than
    /// [`leave_timeout`](Self::leave_timeout); then it is dropped where it waits,
    /// for [`on_disconnect`](crate::Namespace::on_disconnect) to run.
    pub serial_handlers: bool,
    /// How long [`Server::close`](crate::Server::close) takes at most: half of
    /// it for clients to take what was sent to them, all of it for handlers that
    /// still run. Default: 10 s.
    pub shutdown_timeout: Duration,
}

#[cfg(feature = "server")]
impl Config {
    /// Sets [`ack_timeout`](Self::ack_timeout).
    pub fn ack_timeout(mut self, timeout: Duration) -> Self {
        self.ack_timeout = Some(timeout);
        self
    }

    /// Sets [`adapter`](Self::adapter).
    pub fn adapter(mut self, adapter: Arc<dyn Adapter>) -> Self {
        self.adapter = Some(adapter);
        self
    }

    /// Sets [`client_files`](Self::client_files).
    pub fn client_files(mut self, files: crate::ClientFiles) -> Self {
        self.client_files = Some(files);
        self
    }

    /// Sets [`connect_timeout`](Self::connect_timeout).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Changes the configuration of the [`engine`](Self::engine), which is
    /// given with its path already set.
    pub fn engine(mut self, change: impl FnOnce(engineio::Config) -> engineio::Config) -> Self {
        self.engine = change(self.engine);
        self
    }

    /// Sets [`leave_timeout`](Self::leave_timeout).
    pub fn leave_timeout(mut self, timeout: Duration) -> Self {
        self.leave_timeout = timeout;
        self
    }

    /// Sets [`limits`](Self::limits).
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`node_limit`](Self::node_limit).
    pub fn node_limit(mut self, bytes: usize) -> Self {
        self.node_limit = bytes;
        self
    }

    /// Sets [`parser`](Self::parser).
    pub fn parser(mut self, parser: crate::Parser) -> Self {
        self.parser = parser;
        self
    }

    /// Sets [`recovery`](Self::recovery).
    pub fn recovery(mut self, recovery: crate::Recovery) -> Self {
        self.recovery = Some(recovery);
        self
    }

    /// Sets [`serial_handlers`](Self::serial_handlers).
    pub fn serial_handlers(mut self, serial: bool) -> Self {
        self.serial_handlers = serial;
        self
    }

    /// Sets [`shutdown_timeout`](Self::shutdown_timeout).
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    pub(crate) fn skips_middleware(&self) -> bool {
        let recovery = self.recovery.as_ref();
        recovery.is_some_and(|recovery| recovery.skip_middleware)
    }

    /// How long a farewell is put off, to be in time when the server closes.
    pub(crate) fn farewell_delay(&self) -> Duration {
        self.leave_timeout.min(self.shutdown_timeout / 2)
    }
}

#[cfg(feature = "server")]
impl Default for Config {
    fn default() -> Self {
        Self {
            ack_timeout: None,
            adapter: None,
            client_files: None,
            connect_timeout: Duration::from_secs(45),
            engine: engineio::Config::default().path("/socket.io"),
            leave_timeout: Duration::from_secs(5),
            limits: Limits::default(),
            node_limit: 16 << 20,
            parser: crate::Parser::default(),
            recovery: None,
            serial_handlers: false,
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

/// Limits on everything that a client can make longer.
///
/// The fields are public and have setters that chain.
///
/// ```
/// use socketio::Limits;
///
/// let limits = Limits::default().attachments(3).depth(20);
/// assert_eq!(limits.namespaces, 64);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of all attachments of one packet. Default: 10,000,000, ten
    /// attachments of the largest message that an engine takes by default.
    pub attachment_bytes: usize,
    /// How long the attachments of a packet may take to arrive before the
    /// connection is closed. Default: 30 s.
    pub attachment_timeout: Duration,
    /// Binary attachments, and references to them, in one packet.
    /// Default: 10, as the reference. Not for MessagePack, see
    /// [`binaries`](Self::binaries).
    pub attachments: usize,
    /// Bytes of the auth payload that a client connects to a namespace with.
    /// Default: 64 KiB.
    pub auth_bytes: usize,
    /// Binary values in one packet of MessagePack, which holds them in itself: a
    /// few bytes of it could ask for many. Default: 10,000.
    pub binaries: usize,
    /// Levels of arrays and objects in a packet's data, the array of its
    /// arguments included. Default: 100; more than 127 is taken as 127, the
    /// most that serde_json reads.
    pub depth: usize,
    /// Events of one connection that are handled at a time, from
    /// [`on_event`](crate::Namespace::on_event) to the end of the handler;
    /// further events wait in the order of their arrival. And twice as many
    /// sockets may have left whose last handlers are not done, before the
    /// connection is read no further. Default: 64.
    pub max_in_flight: usize,
    /// How long reading may pause without any handler of the connection getting
    /// done, see [`pending_bytes`](Self::pending_bytes) and
    /// [`running_bytes`](Self::running_bytes). What they wait for may be what is
    /// not read, so the connection is closed as `stalled` then. Default: 30 s.
    pub max_pause: Duration,
    /// Bytes of a namespace's name as a client writes it. Default: 256.
    pub name_length: usize,
    /// Namespaces of one connection, pending ones included. Default: 64.
    pub namespaces: usize,
    /// Bytes of events of one connection that wait for their handlers, before
    /// the connection is read no further. Each is counted with what it takes
    /// beside its content. One event of any size is always taken.
    ///
    /// While the server waits for an answer of the client, which can be behind
    /// such events, twice as much is read. Default: 1 MiB.
    pub pending_bytes: usize,
    /// Bytes of the packets of the whole server that are kept for those who miss
    /// them, see [`Config::recovery`]. Each is counted with what it takes beside
    /// its content. The oldest go first; who missed one that is gone is not
    /// recovered. To be below the engine's
    /// [`budget`](engineio::Limits::budget), as a client that comes back gets all
    /// it missed at once. Default: 4 MiB.
    pub recovery_bytes: usize,
    /// Bytes of the sessions of the whole server whose clients may come back,
    /// see [`Config::recovery`]: their rooms, and 512 bytes for each; where a
    /// pattern made the namespace, 1024 for that as well, and its name twice. The
    /// oldest go first. What the application keeps with a socket is not counted.
    /// Default: 16 MiB.
    pub recovery_session_bytes: usize,
    /// Bytes of a room's name. Default: 1024.
    pub room_length: usize,
    /// Rooms that one socket is in. Default: 1024.
    pub rooms: usize,
    /// Bytes of events of one connection whose handlers are not done, before
    /// the connection is read no further. Default: 16 MiB.
    pub running_bytes: usize,
}

impl Limits {
    /// Sets [`attachment_bytes`](Self::attachment_bytes).
    pub fn attachment_bytes(mut self, bytes: usize) -> Self {
        self.attachment_bytes = bytes;
        self
    }

    /// Sets [`attachment_timeout`](Self::attachment_timeout).
    pub fn attachment_timeout(mut self, timeout: Duration) -> Self {
        self.attachment_timeout = timeout;
        self
    }

    /// Sets [`attachments`](Self::attachments).
    pub fn attachments(mut self, attachments: usize) -> Self {
        self.attachments = attachments;
        self
    }

    /// Sets [`auth_bytes`](Self::auth_bytes).
    pub fn auth_bytes(mut self, bytes: usize) -> Self {
        self.auth_bytes = bytes;
        self
    }

    /// Sets [`binaries`](Self::binaries).
    pub fn binaries(mut self, binaries: usize) -> Self {
        self.binaries = binaries;
        self
    }

    /// Sets [`depth`](Self::depth).
    pub fn depth(mut self, levels: usize) -> Self {
        self.depth = levels;
        self
    }

    /// Sets [`max_in_flight`](Self::max_in_flight).
    pub fn max_in_flight(mut self, handlers: usize) -> Self {
        self.max_in_flight = handlers;
        self
    }

    /// Sets [`max_pause`](Self::max_pause).
    pub fn max_pause(mut self, pause: Duration) -> Self {
        self.max_pause = pause;
        self
    }

    /// Sets [`name_length`](Self::name_length).
    pub fn name_length(mut self, bytes: usize) -> Self {
        self.name_length = bytes;
        self
    }

    /// Sets [`namespaces`](Self::namespaces).
    pub fn namespaces(mut self, namespaces: usize) -> Self {
        self.namespaces = namespaces;
        self
    }

    /// Sets [`pending_bytes`](Self::pending_bytes).
    pub fn pending_bytes(mut self, bytes: usize) -> Self {
        self.pending_bytes = bytes;
        self
    }

    /// Sets [`recovery_bytes`](Self::recovery_bytes).
    pub fn recovery_bytes(mut self, bytes: usize) -> Self {
        self.recovery_bytes = bytes;
        self
    }

    /// Sets [`recovery_session_bytes`](Self::recovery_session_bytes).
    pub fn recovery_session_bytes(mut self, bytes: usize) -> Self {
        self.recovery_session_bytes = bytes;
        self
    }

    /// Sets [`room_length`](Self::room_length).
    pub fn room_length(mut self, bytes: usize) -> Self {
        self.room_length = bytes;
        self
    }

    /// Sets [`rooms`](Self::rooms).
    pub fn rooms(mut self, rooms: usize) -> Self {
        self.rooms = rooms;
        self
    }

    /// Sets [`running_bytes`](Self::running_bytes).
    pub fn running_bytes(mut self, bytes: usize) -> Self {
        self.running_bytes = bytes;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attachment_bytes: 10_000_000,
            attachment_timeout: Duration::from_secs(30),
            attachments: 10,
            auth_bytes: 64 << 10,
            binaries: 10_000,
            depth: 100,
            max_in_flight: 64,
            max_pause: Duration::from_secs(30),
            name_length: 256,
            namespaces: 64,
            pending_bytes: 1 << 20,
            recovery_bytes: 4 << 20,
            recovery_session_bytes: 16 << 20,
            room_length: 1024,
            rooms: 1024,
            running_bytes: 16 << 20,
        }
    }
}
