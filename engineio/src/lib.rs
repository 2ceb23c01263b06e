//! An Engine.IO server: messages over HTTP long-polling or a websocket, with
//! the upgrade from one to the other, and a heartbeat.

mod config;
mod error;
mod proto;

pub use config::{Config, Limits, Origins};
pub use error::{CloseReason, PacketError, Refused, SendError};
pub use proto::packet::{Message, Packet};
pub use proto::payload::{decode_payload, encode_payload};
pub use proto::session::{
    Class, Close, Delivery, Event, Fault, Payload, ProbeId, ProbeStep, Session,
};
pub use proto::sid::Sid;
pub use proto::text::Text;
pub use proto::transport::Transport;
