//! Emitting to many.

use std::sync::Arc;

use engineio::Class;

use crate::ack::Pending;
use crate::delivery::Outgoing;
use crate::rooms::Selection;
use crate::{
    Ask, Emit, EmitError, EncodeError, FromArgs, IntoArgs, JoinError, Namespace, Replies, Socket,
};

/// Some of the sockets of a namespace, to emit to.
///
/// A room is named by any text. The id of a socket is a name for that socket,
/// beside the room of that name; so `to(id)` is a private message. Several
/// `to` add up, and nobody is reached twice; without any it is everyone. Who is
/// in one of several `except` is left out, whatever the `to` say.
///
/// It holds its namespace, and no sockets: who is meant is looked up each
/// time. Dropping it does nothing.
///
/// ```
/// # use socketio::{Config, EncodeError, Server};
/// # fn main() -> Result<(), EncodeError> {
/// # let io = Server::new(Config::default());
/// let players = io.of("/game").to("red").to("blue").except("resting");
/// players.emit("round", 1)?;
/// players.volatile().emit("position", (0.5, 0.25))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Broadcast {
    class: Class<'static>,
    namespace: Namespace,
    selection: Selection,
}

impl Broadcast {
    /// Everyone.
    pub(crate) fn new(namespace: Namespace) -> Self {
        Self {
            class: Class::Reliable,
            namespace,
            selection: Selection::default(),
        }
    }

    /// Everyone but the sender.
    pub(crate) fn without(mut self, sender: Arc<str>) -> Self {
        self.selection.sender = Some(sender);
        self
    }

    /// Adds the members of a room, or the socket of that id.
    pub fn to(mut self, room: impl AsRef<str>) -> Self {
        self.selection.rooms.push(room.as_ref().into());
        self
    }

    /// Leaves out the members of a room, or the socket of that id.
    pub fn except(mut self, room: impl AsRef<str>) -> Self {
        self.selection.except.push(room.as_ref().into());
        self
    }

    /// Leaves out who cannot take the event at once, each time.
    pub fn volatile(mut self) -> Self {
        self.class = Class::Volatile;
        self
    }

    /// Emits an event. It is written once, whatever the number of sockets.
    ///
    /// # Errors
    ///
    /// If the event cannot be written. A client that does not get it concerns
    /// nobody else: it left meanwhile, or it reads so slowly that the
    /// connection's budget is spent, which closes the connection, or the
    /// broadcast is [`volatile`](Self::volatile).
    pub fn emit<P: IntoArgs>(&self, event: impl Emit<P>, args: P) -> Result<(), EncodeError> {
        let event = Outgoing {
            ack: None,
            args: &args,
            class: self.class,
            name: event.as_str(),
        };
        self.namespace.deliver(&self.selection, &event)
    }

    /// Emits an event that each socket is to answer. It is sent when this
    /// returns; the answers come from the [`Replies`].
    pub fn emit_with_ack<P: IntoArgs, T: FromArgs>(
        &self,
        event: impl Emit<P> + Ask<T>,
        args: P,
    ) -> Replies<T> {
        Replies::new(self.ask(event.as_str(), &args))
    }

    /// The sockets that are meant now.
    pub fn sockets(&self) -> Vec<Socket> {
        let mut sockets = Vec::new();
        self.namespace
            .for_each(&self.selection, |socket| sockets.push(socket.clone()));
        sockets
    }

    /// Puts the sockets into a room.
    ///
    /// # Errors
    ///
    /// The first of [`Socket::join`]; the other sockets join all the same.
    pub fn join(&self, room: impl AsRef<str>) -> Result<(), JoinError> {
        let mut outcome = Ok(());
        for socket in self.sockets() {
            let joined = socket.join(room.as_ref());
            outcome = outcome.and(joined);
        }
        outcome
    }

    /// Takes the sockets out of a room.
    pub fn leave(&self, room: impl AsRef<str>) {
        for socket in self.sockets() {
            socket.leave(room.as_ref());
        }
    }

    /// Disconnects the sockets from the namespace. Those of them that are away do
    /// not come back as who they were, see [`Recovery`](crate::Recovery).
    pub fn disconnect(&self) {
        self.namespace.forget_absent(&self.selection);
        for socket in self.sockets() {
            socket.disconnect();
        }
    }

    /// Disconnects the clients of the sockets from all their namespaces, and
    /// closes their connections: [`Socket::close`].
    pub fn close(&self) {
        self.namespace.forget_absent(&self.selection);
        for socket in self.sockets() {
            socket.close();
        }
    }

    fn ask(&self, name: &str, args: &impl IntoArgs) -> Result<Pending, EmitError> {
        let id = self.namespace.next_ack();
        let event = Outgoing {
            ack: Some(id),
            args,
            class: self.class,
            name,
        };
        let mut pending = Pending::new(id);
        self.namespace
            .ask_all(&self.selection, &event, &mut pending)?;
        Ok(pending)
    }
}
