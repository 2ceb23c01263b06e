//! The protocol without I/O: no socket, no clock, no randomness.

pub(crate) mod args;
pub(crate) mod binary;
pub(crate) mod connection;
pub(crate) mod decoder;
#[cfg(feature = "server")]
pub(crate) mod draft;
pub(crate) mod encoder;
mod json;
#[cfg(feature = "msgpack")]
mod msgpack;
pub(crate) mod packet;
pub(crate) mod parser;
pub(crate) mod protocol;
#[cfg(test)]
pub(crate) mod testing;
