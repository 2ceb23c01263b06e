//! The server as its users see it: handlers on one side, packets of a scripted
//! client on the other. Nothing here opens a port, and time is tokio's paused
//! clock, except where threads race.

mod acks;
mod connect;
mod disconnect;
mod dynamic;
mod events;
mod logs;
mod pressure;
mod recovery;
mod rooms;
mod support;
mod threads;
mod wakers;
mod websocket;
