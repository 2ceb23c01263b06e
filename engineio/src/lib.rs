//! An Engine.IO server: messages over HTTP long-polling or a websocket, with
//! the upgrade from one to the other, and a heartbeat.
//!
//! It speaks revision 4 of the protocol, as the official JavaScript clients
//! do. An [`Engine`] answers the requests of any hyper or tower server; this is
//! a whole echo server:
//!
//! ```no_run
//! use engineio::{Config, Engine};
//! use hyper::server::conn::http1;
//! use hyper_util::rt::{TokioIo, TokioTimer};
//! use tokio::net::TcpListener;
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let engine = Engine::new(Config::default(), async |socket| {
//!         while let Some(message) = socket.recv().await {
//!             if socket.send(message).is_err() {
//!                 break;
//!             }
//!         }
//!     });
//!     let listener = TcpListener::bind("127.0.0.1:3000").await?;
//!     loop {
//!         let (stream, _) = listener.accept().await?;
//!         stream.set_nodelay(true)?;
//!         let connection = http1::Builder::new()
//!             .timer(TokioTimer::new())
//!             .serve_connection(TokioIo::new(stream), engine.service())
//!             .with_upgrades();
//!         tokio::spawn(connection);
//!     }
//! }
//! ```
//!
//! # Sending, and clients that do not read
//!
//! [`Socket::send`] never waits. What a client has not taken is counted:
//! [`Socket::buffered`] tells how much it is, [`Socket::ready`] waits until it
//! is less than the high-water mark, and a client that leaves more than the
//! budget unread is closed as a slow consumer. See [`Limits`].
//!
//! # Figures
//!
//! With the feature `metrics` (off by default) an engine tells these figures to
//! the recorder of the crate `metrics`, one set for all engines of a process:
//!
//! | name | kind, unit | labels | what |
//! |---|---|---|---|
//! | `engineio_sessions` | gauge | `transport`, `revision` | open sessions |
//! | `engineio_sessions_opened_total` | counter | `transport`, `revision` | sessions opened, by their first transport |
//! | `engineio_sessions_closed_total` | counter | `reason` | sessions that ended, see [`CloseReason`] |
//! | `engineio_upgrades_total` | counter | | sessions that moved to a websocket |
//! | `engineio_upgrade_failures_total` | counter | | websockets that were to take over a session and did not |
//! | `engineio_packets_received_total` | counter | `transport` | packets that came |
//! | `engineio_packets_sent_total` | counter | `transport` | packets given to a connection or a response |
//! | `engineio_bytes_received_total` | counter, bytes | `transport` | polling: bodies; websocket: payloads of frames |
//! | `engineio_bytes_sent_total` | counter, bytes | `transport` | the same, before any compression |
//! | `engineio_requests_refused_total` | counter | `code`, or `status` where there is no code | requests refused, see [`Refused`] |
//! | `engineio_outbox_bytes` | gauge, bytes | | what is charged to all sessions, as [`Socket::buffered`] is to one |
//!
//! No label comes from a client. The handles are registered by [`Engine::new`],
//! so a recorder has to be installed before it; what has not happened yet is
//! there at zero.
//!
//! # Logs
//!
//! What is logged through `tracing` about a session is in its span, `session`,
//! whose field `sid` is the beginning of the id. Ids are not logged whole, and
//! what clients send is not logged at all. Crates below log by themselves:
//! `tungstenite` writes frames with their payload at level trace, and why a
//! client closed at level debug.
//!
//! # Without the network
//!
//! Without the feature `server` (which is on by default) the crate is the
//! protocol alone: [`Session`], the codecs of [`Packet`] and of payloads. It
//! has no socket, no clock and no randomness then, and no tokio below it.

mod config;
mod error;
mod proto;

#[cfg(feature = "server")]
mod body;
#[cfg(feature = "server")]
mod driver;
#[cfg(feature = "server")]
mod engine;
#[cfg(feature = "server")]
mod figures;
#[cfg(feature = "server")]
mod handshake;
#[cfg(feature = "server")]
mod requests;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod shared;
#[cfg(feature = "server")]
mod socket;
#[cfg(feature = "server")]
mod websocket;

pub use config::{Config, Limits, Origins};
pub use error::{CloseReason, PacketError, Refused, SendError};
pub use proto::packet::{Message, Packet};
pub use proto::payload::{decode_payload, encode_payload};
pub use proto::request::Request;
pub use proto::session::{
    Class, Close, Delivery, Event, Fault, Payload, ProbeId, ProbeStep, Session,
};
pub use proto::sid::Sid;
pub use proto::text::Text;
pub use proto::transport::Transport;

#[cfg(feature = "server")]
pub use body::Body;
#[cfg(feature = "server")]
pub use engine::Engine;
#[cfg(feature = "server")]
pub use handshake::{Handshake, PeerAddr};
#[cfg(feature = "server")]
pub use service::{EngineLayer, EngineService, Layered, LayeredBody};
#[cfg(feature = "server")]
pub use shared::Wake;
#[cfg(feature = "server")]
pub use socket::Socket;
