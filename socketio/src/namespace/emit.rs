//! What the sockets of a namespace are sent.

use super::Namespace;
use crate::{Ask, Broadcast, Emit, EncodeError, FromArgs, IntoArgs, Replies};

impl Namespace {
    /// Everyone in the namespace, to do something with all of them.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/chat").everyone().join("announcements")?;
    /// # Ok::<_, socketio::JoinError>(())
    /// ```
    pub fn everyone(&self) -> Broadcast {
        Broadcast::new(self.clone())
    }

    /// Emits an event to every socket of the namespace.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/chat").emit("moved", ("knight", "f3"))?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Broadcast::emit`].
    pub fn emit<P: IntoArgs>(&self, event: impl Emit<P>, args: P) -> Result<(), EncodeError> {
        self.everyone().emit(event, args)
    }

    /// Emits an event to every socket of the namespace and gathers their answers: see
    /// [`Broadcast::emit_with_ack`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use socketio::{Config, Incomplete, Server};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Incomplete<u8>> {
    /// # let io = Server::new(Config::default());
    /// let votes = io.of("/jury").emit_with_ack("points?", ());
    /// let votes: Vec<u8> = votes.timeout(Duration::from_secs(30)).collect().await?;
    /// assert!(votes.is_empty(), "nobody is there");
    /// # Ok(())
    /// # }
    /// ```
    pub fn emit_with_ack<P: IntoArgs, T: FromArgs>(
        &self,
        event: impl Emit<P> + Ask<T>,
        args: P,
    ) -> Replies<T> {
        self.everyone().emit_with_ack(event, args)
    }

    /// The members of a room, or the socket of that id.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/game").to("red").to("blue").emit("round", 1)?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn to(&self, room: impl AsRef<str>) -> Broadcast {
        self.everyone().to(room)
    }

    /// Everyone but the members of a room, or but the socket of that id.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/game").except("resting").emit("round", 1)?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn except(&self, room: impl AsRef<str>) -> Broadcast {
        self.everyone().except(room)
    }

    /// Everyone who can take an event at once.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/game").volatile().emit("clock", 59)?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn volatile(&self) -> Broadcast {
        self.everyone().volatile()
    }

    /// Everyone, with nothing changed: see [`Broadcast::compress`].
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/game").compress(false).emit("map", "incompressible")?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn compress(&self, compress: bool) -> Broadcast {
        self.everyone().compress(compress)
    }

    /// Everyone who is connected to this server: see [`Broadcast::local`].
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/game").local().emit("this server restarts", ())?;
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn local(&self) -> Broadcast {
        self.everyone().local()
    }
}
