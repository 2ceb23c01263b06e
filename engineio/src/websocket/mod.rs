//! The websocket transport: the handshake, the two directions of a
//! connection, and the probe of an upgrade.

pub(crate) mod connection;
pub(crate) mod handshake;
pub(crate) mod probe;
mod reader;
mod writer;
