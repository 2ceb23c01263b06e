//! Who is where.
//!
//! Nothing is kept here: a namespace knows the members of its rooms, and a
//! socket carries the name that its user chose.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use socketio::Socket;

use crate::input::{Name, Room};

/// Held by the one socket that enters or leaves a room now, until the others
/// are told. Nothing may be awaited meanwhile.
///
/// Whoever comes is told who is there, and from then on who else comes and
/// goes. The two fit together only if nobody moves in between.
pub(crate) fn one_at_a_time() -> MutexGuard<'static, ()> {
    static DOOR: Mutex<()> = Mutex::new(());
    DOOR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Somebody in a room, as clients are told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    socket_id: String,
    name: Name,
}

impl Member {
    fn of(socket: &Socket) -> Self {
        Self {
            socket_id: socket.id().to_string(),
            name: name(socket),
        }
    }
}

/// The members of a room, no more than a page can show.
pub(crate) fn members(socket: &Socket, room: &Room) -> Vec<Member> {
    let sockets = socket.namespace().to(room).sockets();
    sockets
        .iter()
        .take(MEMBERS_LISTED)
        .map(Member::of)
        .collect()
}

/// The rooms that a socket is in.
pub(crate) fn rooms(socket: &Socket) -> Vec<Room> {
    socket
        .rooms()
        .iter()
        .filter_map(|room| Room::of(room))
        .collect()
}

/// Fails unless a socket is in this room.
pub(crate) fn is_in(socket: &Socket, room: &Room) -> Result<(), &'static str> {
    let is_in = socket.rooms().iter().any(|name| **name == *room.as_ref());
    is_in.then_some(()).ok_or("you are not in this room")
}

/// What the user of a socket is called.
pub(crate) fn name(socket: &Socket) -> Name {
    let chosen = socket.extensions().get();
    chosen.unwrap_or_else(|| Name::guest(socket.id()))
}

/// Changes what the user of a socket is called. Tells whether it is a change.
pub(crate) fn rename(socket: &Socket, name: Name) -> bool {
    let is_new = self::name(socket) != name;
    socket.extensions().insert(name);
    is_new
}

const MEMBERS_LISTED: usize = 500;
