//! Emitting to one client what may be lost.

use engineio::Class;

use crate::{Ask, Emit, EmitError, FromArgs, IntoArgs, Request, Socket};

/// Emits to one client that are dropped where it cannot take them at once:
/// something is queued for it, or its transport is busy. With its binary data an
/// event is sent as a whole or not at all. Made by [`Socket::volatile`].
///
/// ```
/// # use socketio::{Config, Server};
/// # let io = Server::new(Config::default());
/// io.of("/").on("cursor?", async |socket, ()| {
///     let cursor = socket.volatile();
///     cursor.emit("cursor", (0.5, 0.25))
/// });
/// ```
#[derive(Clone, Debug)]
pub struct Volatile(Socket);

impl Volatile {
    pub(crate) fn new(socket: Socket) -> Self {
        Self(socket)
    }

    /// Emits an event, or drops it.
    ///
    /// ```
    /// # use socketio::{Config, EmitError, Server, engineio::SendError};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("score?", async |socket, ()| match socket.volatile().emit("score", 7) {
    ///     // The next one says more.
    ///     Err(EmitError::Send(SendError::Dropped)) => Ok(()),
    ///     sent => sent,
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Socket::emit`]. That it was dropped is one as well:
    /// [`SendError::Dropped`](engineio::SendError::Dropped).
    pub fn emit<P: IntoArgs>(&self, event: impl Emit<P>, args: P) -> Result<(), EmitError> {
        self.0.emit_as(Class::Volatile, event.as_str(), &args)
    }

    /// Emits an event that the client is to answer, or drops it: then the
    /// [`Request`] ends at once, with the error of [`emit`](Self::emit).
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("measure", async |socket, ()| {
    ///     let start = std::time::Instant::now();
    ///     socket.volatile().emit_with_ack::<_, ()>("echo", ()).await?;
    ///     println!("{} is {:?} away", socket.id(), start.elapsed());
    ///     Ok::<_, socketio::AckError>(())
    /// });
    /// ```
    pub fn emit_with_ack<P: IntoArgs, T: FromArgs>(
        &self,
        event: impl Emit<P> + Ask<T>,
        args: P,
    ) -> Request<T> {
        self.0.ask_as(Class::Volatile, event.as_str(), &args)
    }
}
