//! Engine.IO, revision 4.

mod bad_input;
mod handshake;
mod headers;
mod heartbeat;
mod hosts;
mod jsonp;
mod lifecycle;
mod options;
mod polling;
mod refusals;
mod revision_3;
mod threads;
mod upgrade;
mod websocket;
