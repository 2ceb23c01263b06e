//! Engine.IO, revision 4.

mod allow;
mod bad_input;
mod connection_error;
#[cfg(feature = "metrics")]
mod figures;
mod handshake;
mod headers;
mod heartbeat;
mod hosts;
mod jsonp;
mod keyed;
mod lifecycle;
mod logs;
mod middleware;
mod options;
mod polling;
mod refusals;
mod revision_3;
mod slow;
mod storms;
mod threads;
mod upgrade;
mod websocket;
