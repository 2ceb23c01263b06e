//! The server as its users see it: handlers on one side, packets of a scripted
//! client on the other. Nothing here opens a port, and time is tokio's paused
//! clock, except where threads race.

mod acks;
mod bus;
mod cluster;
mod cluster_model;
mod connect;
mod crowd;
mod disconnect;
mod dynamic;
mod events;
mod failures;
mod logs;
#[cfg(feature = "msgpack")]
mod msgpack;
mod observers;
mod pressure;
mod recovery;
mod remote;
mod rooms;
mod serial;
mod server_side;
mod shared_store;
mod shutdown;
mod support;
mod threads;
mod wakers;
mod websocket;
