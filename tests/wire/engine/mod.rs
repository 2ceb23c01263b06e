//! Engine.IO, revision 4.

mod bad_input;
mod handshake;
mod heartbeat;
mod hosts;
mod lifecycle;
mod options;
mod polling;
mod refusals;
mod threads;
mod upgrade;
mod websocket;
