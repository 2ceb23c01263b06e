//! The protocol without I/O: no socket, no clock, no randomness.

pub(crate) mod args;
pub(crate) mod binary;
pub(crate) mod connection;
pub(crate) mod decoder;
#[cfg(feature = "server")]
pub(crate) mod draft;
pub(crate) mod encoder;
mod json;
pub(crate) mod packet;
#[cfg(test)]
mod testing;
