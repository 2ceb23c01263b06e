//! A Socket.IO server: events with acknowledgements, namespaces, rooms, and
//! binary data, for the official clients of the protocol's revision 5.
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

pub use config::Limits;
pub use error::{DecodeError, EmitError, EncodeError, JoinError, PacketError, Violation};
pub use event::{Ask, Emit, Event, FromEvent, Listen, Name};
pub use failure::{BoxError, Cause, Failure};
pub use incoming::{Acker, Incoming};
pub use proto::args::{Args, FromArgs, IntoArgs};
pub use proto::binary::{Binary, Value};
pub use proto::connection::{Connection, Input};
pub use proto::decoder::Decoder;
pub use proto::encoder::{
    Encoded, encode_ack, encode_connect, encode_connect_error, encode_disconnect, encode_event,
};
pub use proto::packet::{ConnectError, Data, Packet};
pub use reply::{Ack, Reply};
