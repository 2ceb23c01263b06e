//! The rooms of a socket, and those whom it reaches through them.

use std::sync::Arc;

use super::Socket;
use crate::sync::{read, write};
use crate::{Broadcast, JoinError};

impl Socket {
    /// Puts the socket into a room, which is any text. Its own id is no room that it
    /// can join; a socket that is in the room already, or that has left, joins
    /// nothing, which is no error. It leaves its rooms when it leaves the namespace.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("join", async |socket, room: String| {
    ///     socket.join(format!("room:{room}"))
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// If the name is longer than [`Limits::room_length`](crate::Limits::room_length),
    /// or the socket is in as many rooms as [`Limits::rooms`](crate::Limits::rooms):
    /// 1024 each by default.
    pub fn join(&self, room: impl AsRef<str>) -> Result<(), JoinError> {
        let (room, limits) = (room.as_ref(), &self.0.namespace.config().limits);
        if room.len() > limits.room_length {
            return Err(JoinError::NameLength(limits.room_length));
        }
        // The client that comes back has a socket of the same id.
        let joined = self
            .0
            .line
            .unless_left(|| write(self.0.namespace.index()).join(&self.0.id, room, limits.rooms));
        self.0.namespace.tell_rooms();
        joined
            .unwrap_or(true)
            .then_some(())
            .ok_or(JoinError::TooManyRooms(limits.rooms))
    }

    /// Takes the socket out of a room. Does nothing if it is not in it, or has left
    /// the namespace.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("leave", async |socket, room: String| socket.leave(format!("room:{room}")));
    /// ```
    pub fn leave(&self, room: impl AsRef<str>) {
        self.0.line.unless_left(|| {
            write(self.0.namespace.index()).leave(&self.0.id, room.as_ref());
        });
        self.0.namespace.tell_rooms();
    }

    /// The rooms that the socket is in, in the order in which it joined them;
    /// its id is not among them. While
    /// [`Namespace::on_disconnect`](crate::Namespace::on_disconnect) runs, those that it
    /// was in.
    ///
    /// ```
    /// # use socketio::{Config, EncodeError, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_disconnect(async |socket, _| -> Result<(), EncodeError> {
    ///     let rooms = socket.rooms();
    ///     rooms.iter().try_for_each(|room| socket.to(room).emit("left", socket.id()))
    /// });
    /// ```
    pub fn rooms(&self) -> Vec<Arc<str>> {
        let left = self.0.line.left_rooms();
        left.unwrap_or_else(|| read(self.0.namespace.index()).rooms_of(&self.0.id))
    }

    /// Whether the socket is in a room; its id is none.
    ///
    /// ```
    /// # use socketio::{BoxError, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("say", async |socket, (room, text): (String, String)| {
    ///     if !socket.is_in(&room) {
    ///         return Err::<(), BoxError>("join first".into());
    ///     }
    ///     Ok(socket.to(room).emit("said", text)?)
    /// });
    /// ```
    pub fn is_in(&self, room: impl AsRef<str>) -> bool {
        let room = room.as_ref();
        match self.0.line.left_rooms() {
            Some(left) => left.iter().any(|name| **name == *room),
            None => read(self.0.namespace.index()).has(&self.0.id, room),
        }
    }

    /// The members of a room, or the socket of that id; without this socket.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("typing", async |socket, room: String| {
    ///     socket.to(&room).volatile().emit("typing", (room, socket.id()))
    /// });
    /// ```
    pub fn to(&self, room: impl AsRef<str>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Everyone but this socket and the members of a room, or the socket of
    /// that id.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("say", async |socket, text: String| {
    ///     socket.except("muted").emit("said", text)
    /// });
    /// ```
    pub fn except(&self, room: impl AsRef<str>) -> Broadcast {
        self.broadcast().except(room)
    }

    /// Everyone in the namespace but this socket.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| socket.broadcast().emit("joined", socket.id()));
    /// ```
    pub fn broadcast(&self) -> Broadcast {
        self.0.namespace.everyone().without(self.0.id.clone())
    }
}
