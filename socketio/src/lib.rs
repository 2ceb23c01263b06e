//! A Socket.IO server: events with acknowledgements, namespaces, rooms, and
//! binary data, for the official clients of the protocol's revision 5, and of
//! revision 4 if [`allow_revision_3`](engineio::Config::allow_revision_3) says so.
//!
//! A [`Server`] answers the requests of any hyper or tower server; this is a
//! whole chat:
//!
//! ```no_run
//! use socketio::{Ack, Config, Server};
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let io = Server::new(Config::default());
//!     let chat = io.of("/");
//!     chat.on_connect(async |socket| socket.join("lobby"));
//!     chat.on("say", async |socket, text: String| {
//!         let said = socket.to("lobby").emit("said", (socket.id(), text));
//!         Ack(said.is_ok())
//!     });
//!     chat.on_disconnect(async |socket, reason| println!("{} left: {reason}", socket.id()));
//!
//!     let app = axum::Router::new().layer(io.layer());
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app).await
//! }
//! ```
//!
//! With hyper alone it is [`Server::service`] or [`Server::handle`]; see the
//! examples `hello` and `axum`.
//!
//! # Events
//!
//! An event has a name and carries arguments. Where they are sent, a tuple is
//! several arguments, `()` none and anything else one; the same rule holds for
//! what a handler takes, and for answers. Payloads are any types with `serde`'s
//! traits. Binary data is [`Binary`], or any type that is bytes to serde, at any
//! depth. [`Value`] holds any payload.
//!
//! What a handler returns is the answer, where the client asked for one: see
//! [`Reply`]. To ask a client, see [`Socket::emit_with_ack`]; to ask many,
//! [`Broadcast::emit_with_ack`].
//!
//! A string names any event. An [`Event`] is a name with types; whoever handles
//! or emits it otherwise does not compile:
//!
//! ```
//! # use socketio::{Ack, Config, Server};
//! use socketio::Event;
//!
//! const SAY: Event<String, u64> = Event::new("say");
//!
//! # let io = Server::new(Config::default());
//! io.of("/").on(SAY, async |_, text| Ack(text.len() as u64));
//! ```
//!
//! # When things go wrong
//!
//! A payload that does not fit, an `Err`, a panic: each is a [`Failure`] of one
//! event, which is logged and touches nothing else. [`Namespace::on_error`]
//! decides what else happens, and what the client hears. A client that breaks
//! the rules of the protocol is disconnected, with the reason `forced close`.
//!
//! # Order
//!
//! Handlers of one socket start in the order of its events. One that waits
//! does not hold up the next, up to [`Limits::max_in_flight`] on a connection;
//! then events wait their turn. With [`Config::serial_handlers`] they run one
//! after the other. What one task emits arrives in that order.
//!
//! # Three ways to send
//!
//! `emit` is reliable and never waits: what a client does not read is queued,
//! and a client that leaves too much unread is disconnected.
//! [`Socket::ready`] waits until there is room. `volatile` drops what a client
//! cannot take at once.
//!
//! # Short interruptions
//!
//! A client that was disconnected comes back by itself, as a new one. With
//! [`Config::recovery`] it is who it was if it comes back soon, and gets what
//! it missed: see [`Recovery`].
//!
//! # MessagePack
//!
//! With the feature `msgpack` a server can have another [`Parser`], for clients
//! with the official `socket.io-msgpack-parser`. Handlers and payloads are the
//! same.
//!
//! # More than one server
//!
//! Servers with an [`Adapter`], the wire between them, are one to their clients:
//! what is emitted, joined or disconnected concerns the sockets of all of them,
//! unless it is [`local`](Broadcast::local).
//!
//! # Figures
//!
//! With the feature `metrics` (off by default) a server tells these figures to the
//! recorder of the crate `metrics`, one set for all servers of a process, beside
//! [those of `engineio`](engineio#figures) about its connections:
//!
//! | name | kind | labels | what |
//! |---|---|---|---|
//! | `socketio_sockets` | gauge | | connected sockets, one for each namespace of a client |
//! | `socketio_sockets_refused_total` | counter | | clients that a namespace did not let in |
//! | `socketio_events_received_total` | counter | | events from clients, also those that nobody handles |
//! | `socketio_failures_total` | counter | `cause`: `payload`, `handler`, `panic`, `answer` or `refused` | what [`Namespace::on_error`] is told or would be, see [`Cause`] |
//! | `socketio_unexpected_answers_total` | counter | | answers that nobody waits for, or waits for no more |
//! | `socketio_violations_total` | counter | | connections closed as their client broke the rules, see [`Violation`] |
//!
//! No label comes from a client: neither events nor namespaces have one. The
//! handles are registered by [`Server::new`].
//!
//! # Logs
//!
//! What is logged through `tracing` stands in the span of the connection, see
//! [`engineio`](engineio#logs). Payloads are not logged: of one that does not fit
//! its handler only the kinds of its arguments, and the type that was expected.
//! Names that a client chose are escaped and cut; so is what an error or a panic
//! of the application says, which keeps secrets out of it by itself.
//!
//! # Without the network
//!
//! Without the feature `server` (which is on by default) the crate is the
//! protocol alone: [`Connection`], the codec of [`Packet`], and what events are
//! made of. It has no socket, no clock and no randomness then, and no tokio
//! below it.

mod config;
mod error;
mod event;
// Without the server there is nobody who makes failures and events.
#[cfg_attr(not(feature = "server"), expect(dead_code))]
mod failure;
#[cfg_attr(not(feature = "server"), expect(dead_code))]
mod incoming;
mod proto;
mod reply;
mod told;

#[cfg(feature = "server")]
mod ack;
#[cfg(feature = "server")]
mod adapter;
#[cfg(feature = "server")]
mod behaviour;
#[cfg(feature = "server")]
mod broadcast;
#[cfg(feature = "server")]
mod children;
#[cfg(feature = "server")]
mod client_files;
#[cfg(feature = "server")]
mod cluster;
#[cfg(feature = "server")]
mod delivery;
#[cfg(feature = "server")]
mod extensions;
#[cfg(feature = "server")]
mod figures;
#[cfg(feature = "server")]
mod forward;
#[cfg(feature = "__fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "server")]
mod handler;
#[cfg(feature = "server")]
mod handshake;
#[cfg(feature = "server")]
mod hooks;
#[cfg(feature = "server")]
mod line;
#[cfg(feature = "server")]
mod link;
#[cfg(feature = "server")]
mod namespace;
#[cfg(feature = "server")]
mod namespaces;
#[cfg(feature = "server")]
mod observers;
#[cfg(feature = "server")]
mod reason;
#[cfg(feature = "server")]
mod recovery;
#[cfg(feature = "server")]
mod remote;
#[cfg(feature = "server")]
mod replies;
#[cfg(feature = "server")]
mod request;
#[cfg(feature = "server")]
mod rooms;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod server_side;
#[cfg(feature = "server")]
mod session;
#[cfg(feature = "server")]
mod socket;
#[cfg(feature = "server")]
mod sync;
#[cfg(feature = "server")]
mod unwind;
#[cfg(feature = "server")]
mod volatile;

/// The crate below, whose types are a part of this one's API: the messages, the
/// reasons, the configuration of the connection.
pub use engineio;

pub use config::Limits;
pub use error::{DecodeError, EmitError, EncodeError, JoinError, PacketError, Violation};
pub use event::{Ask, Emit, Event, FromEvent, Listen, Name};
pub use failure::{BoxError, Cause, Failure};
pub use incoming::{Acker, Incoming};
pub use proto::args::{Args, FromArgs, IntoArgs};
pub use proto::binary::{Binary, Value};
pub use proto::connection::{Connection, Input};
pub use proto::decoder::Decoder;
pub use proto::encoder::Encoded;
pub use proto::packet::{ConnectError, Data, Packet};
pub use proto::parser::Parser;
pub use proto::protocol::Protocol;
pub use reply::{Ack, Reply};

#[cfg(feature = "server")]
pub use adapter::{Adapter, Inbox, NodeId, Publication, Route};
#[cfg(feature = "server")]
pub use broadcast::Broadcast;
#[cfg(feature = "server")]
pub use client_files::ClientFiles;
#[cfg(feature = "server")]
pub use cluster::ClusterStatus;
#[cfg(feature = "server")]
pub use config::Config;
#[cfg(feature = "server")]
pub use extensions::Extensions;
#[cfg(feature = "server")]
pub use handshake::{Handshake, Secure};
#[cfg(feature = "server")]
pub use namespace::Namespace;
#[cfg(feature = "server")]
pub use reason::DisconnectReason;
#[cfg(feature = "server")]
pub use recovery::{
    Absentee, Audience, EventId, KeptEvent, KeptSession, Recovery, RecoveryStatus, RecoveryStore,
};
#[cfg(feature = "server")]
pub use remote::{Fetch, RemoteSocket};
#[cfg(feature = "server")]
pub use replies::{Incomplete, Replies};
#[cfg(feature = "server")]
pub use request::{AckError, Request};
#[cfg(feature = "server")]
pub use server::Server;
#[cfg(feature = "server")]
pub use socket::Socket;
#[cfg(feature = "server")]
pub use volatile::Volatile;

/// Compiles the snippets of the documents.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../../docs/hosting.md")]
#[doc = include_str!("../../docs/scaling.md")]
#[doc = include_str!("../../docs/from-node.md")]
#[doc = include_str!("../../docs/tutorial.md")]
#[doc = include_str!("../../docs/compiler-errors.md")]
#[doc = include_str!("../../docs/from-socketioxide.md")]
struct Documents;
