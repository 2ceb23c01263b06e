//! Engine.IO, revision 4.

mod bad_input;
mod handshake;
mod heartbeat;
mod hosts;
mod jsonp;
mod keyed;
mod lifecycle;
mod polling;
mod revision_3;
mod slow;
mod storms;
mod threads;
mod upgrade;
mod websocket;
