//! What the fuzzers run, as plain functions: a test on a stable compiler
//! replays the corpus through them.

mod arguments;
mod attachments;
mod codecs;
mod inside;
mod namespaces;
mod packets;
mod rules;
mod server;
mod session;

use std::time::Instant;

pub use arguments::socketio_args;
pub use attachments::socketio_binary;
pub use codecs::{
    engineio_jsonp, engineio_payload, engineio_payload_binary, engineio_payload_counted,
    engineio_request,
};
pub use inside::{socketio_nodes, socketio_rooms};
pub use namespaces::{socketio_connection, socketio_connection_4, socketio_msgpack};
pub use packets::socketio_packet;
pub use rules::{Conversation, run_conversation, socketio_rules};
pub use server::{engineio_connection, engineio_websocket};
pub use session::{Scenario, engineio_session, run_scenario};

/// The origin of a clock that the fuzzers move.
#[expect(clippy::disallowed_methods, reason = "any origin will do")]
fn start() -> Instant {
    Instant::now()
}
