//! What runs inside of the crate of Socket.IO.

use socketio::fuzzing;

/// Reads bytes as operations on rooms: they do what a search through all members
/// does.
pub fn socketio_rooms(data: &[u8]) {
    fuzzing::rooms(data);
}

/// Reads bytes as a message of another server.
pub fn socketio_nodes(data: &[u8]) {
    fuzzing::nodes(data);
}
