//! The clients of the load generator, on raw sockets.

mod connection;
mod dialect;
mod http;
mod websocket;

pub(crate) use connection::{Connection, payload};
pub(crate) use dialect::{Dialect, Kind, Reply, Request};
pub(crate) use http::Http;
