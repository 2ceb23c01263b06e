//! An Engine.IO server: messages over HTTP long-polling or a websocket, with
//! the upgrade from one to the other, and a heartbeat.
//!
//! It speaks revision 4 of the protocol, as the official JavaScript clients
//! do, and revision 3, which those of Socket.IO 2.x do, where it is
//! [allowed](Config::allow_revision_3). An [`Engine`] answers the requests of
//! any hyper or tower server; this is a whole echo server, beside the routes of
//! axum:
//!
//! ```no_run
//! use engineio::{Config, Engine};
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
//!     let app = axum::Router::new().layer(engine.layer());
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app).await
//! }
//! ```
//!
//! With hyper alone it is [`Engine::service`] or [`Engine::handle`]; see the
//! example `echo`.
//!
//! # A session
//!
//! The handler runs once for each session, and its [`Socket`] outlives every
//! change of the transport. [`recv`](Socket::recv) gives the messages in their
//! order, text or binary, and `None` once the session is closed;
//! [`close_reason`](Socket::close_reason) tells why. The session ends when its
//! handler returns, when somebody [closes](Socket::close) it, or when the client
//! is gone.
//!
//! # Sending, and clients that do not read
//!
//! [`send`](Socket::send) never waits. What a client has not taken is counted:
//! [`buffered`](Socket::buffered) tells how much it is, [`ready`](Socket::ready)
//! waits until it is less than the high-water mark, and a client that leaves more
//! than the budget unread is closed as a slow consumer. See [`Limits`].
//!
//! What may be lost need not wait: [`send_volatile`](Socket::send_volatile) drops
//! what cannot leave now, and [`send_keyed`](Socket::send_keyed) keeps only the newest
//! of each key.
//!
//! ```
//! # use engineio::Socket;
//! # async fn download(socket: Socket, chunks: Vec<Vec<u8>>) {
//! for chunk in chunks {
//!     if !socket.ready().await || socket.send(chunk).is_err() {
//!         return; // The client is gone.
//!     }
//! }
//! println!("{} bytes are still on their way", socket.buffered());
//! socket.close(engineio::Close::Flush);
//! # }
//! ```
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
//! The recorder has to be of the version of `metrics` that is used here, 0.24.
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
mod origins;
mod proto;

#[cfg(feature = "server")]
mod body;
#[cfg(feature = "server")]
mod connection_error;
#[cfg(feature = "server")]
mod driver;
#[cfg(feature = "server")]
mod engine;
#[cfg(feature = "server")]
mod figures;
#[cfg(feature = "server")]
mod files;
#[cfg(feature = "server")]
mod handshake;
#[cfg(feature = "server")]
mod hooks;
#[cfg(feature = "server")]
mod requests;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod session_cookie;
#[cfg(feature = "server")]
mod shared;
#[cfg(feature = "server")]
mod socket;
#[cfg(feature = "server")]
mod websocket;

pub use config::{Config, Limits};
pub use error::{CloseReason, PacketError, Refused, SendError};
pub use origins::Origins;
pub use proto::jsonp::{decode_jsonp, encode_jsonp};
pub use proto::packet::{Message, Packet};
pub use proto::payload::{PayloadBody, decode_payload, encode_payload};
pub use proto::request::Request;
pub use proto::revision::Revision;
pub use proto::session::{
    Class, Close, Delivery, Event, Fault, Hello, Payload, ProbeId, ProbeStep, Session,
};
pub use proto::sid::{InvalidSid, Sid};
pub use proto::text::Text;
pub use proto::transport::Transport;

#[cfg(feature = "server")]
pub use body::Body;
#[cfg(feature = "server")]
pub use connection_error::ConnectionError;
#[cfg(feature = "server")]
pub use cookie;
#[cfg(feature = "server")]
pub use engine::Engine;
#[cfg(feature = "server")]
pub use files::Files;
#[cfg(feature = "server")]
pub use handshake::{Handshake, PeerAddr};
#[cfg(feature = "server")]
pub use service::{EngineLayer, EngineService, Layered, LayeredBody};
#[cfg(feature = "server")]
pub use session_cookie::{InvalidCookie, SessionCookie};
#[cfg(feature = "server")]
pub use shared::Wake;
#[cfg(feature = "server")]
pub use socket::Socket;
