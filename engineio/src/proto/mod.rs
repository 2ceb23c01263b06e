//! The protocol without I/O: no socket, no clock, no randomness.

pub(crate) mod heartbeat;
pub(crate) mod inbox;
pub(crate) mod jsonp;
pub(crate) mod outbox;
pub(crate) mod packet;
pub(crate) mod payload;
pub(crate) mod request;
pub(crate) mod revision;
pub(crate) mod session;
pub(crate) mod sid;
pub(crate) mod text;
pub(crate) mod transport;
