//! The websocket transport: the handshake, the two directions of a
//! connection, and the probe of an upgrade.

pub(crate) mod accept;
mod border;
pub(crate) mod connection;
pub(crate) mod probe;
pub(crate) mod reader;
mod writer;
