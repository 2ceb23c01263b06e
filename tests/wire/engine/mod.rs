//! Engine.IO, revision 4.

mod bad_input;
#[cfg(feature = "metrics")]
mod figures;
mod handshake;
mod heartbeat;
mod hosts;
mod lifecycle;
mod logs;
mod polling;
mod threads;
mod upgrade;
mod websocket;
