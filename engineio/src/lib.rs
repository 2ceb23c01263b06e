//! An Engine.IO server: messages over HTTP long-polling or a websocket, with
//! the upgrade from one to the other, and a heartbeat.
//!
//! It speaks revision 4 of the protocol, as the official JavaScript clients
//! do, and revision 3, which those of Socket.IO 2.x do, where it is
//! [allowed](Config::allow_revision_3). An [`Engine`] answers the requests of any hyper or tower server; this is
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
pub use handshake::{Handshake, PeerAddr};
#[cfg(feature = "server")]
pub use service::{EngineLayer, EngineService, Layered, LayeredBody};
#[cfg(feature = "server")]
pub use session_cookie::{InvalidCookie, SessionCookie};
#[cfg(feature = "server")]
pub use shared::Wake;
#[cfg(feature = "server")]
pub use socket::Socket;
