//! How a socket ends.

use super::Socket;
use crate::DisconnectReason;
use crate::sync::write;

impl Socket {
    /// Disconnects the client from this namespace. Its other namespaces and
    /// the connection stay. Does nothing while the middleware runs, which
    /// refuses with an error, or when the socket has left; but a client that
    /// is away does not come back then as who it was, see
    /// [`Recovery`](crate::Recovery).
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("leave", async |socket, ()| socket.disconnect());
    /// ```
    pub fn disconnect(&self) {
        if self.is_connected() && self.end(DisconnectReason::Server) {
            self.0.line.link().left(self.0.id.clone());
        } else {
            self.forget_session(false);
        }
    }

    /// Disconnects the client from all its namespaces, and closes the
    /// connection once what is queued is sent. As [`disconnect`](Self::disconnect),
    /// it does nothing while the middleware runs, or when the socket has left:
    /// the client may be in other namespaces. But a client that is away comes back
    /// to none of them as who it was.
    ///
    /// ```
    /// # use socketio::{Cause, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_error(async |socket, failure| {
    ///     if matches!(failure.cause(), Cause::Decode(_)) {
    ///         socket.close();
    ///     }
    /// });
    /// ```
    pub fn close(&self) {
        let is_away = self.reason().is_some_and(DisconnectReason::is_recoverable);
        if self.is_connected() || is_away {
            self.close_connection();
        }
        if self.is_connected() {
            self.disconnect();
        } else {
            self.forget_session(true);
        }
    }

    /// Closes the connection, whatever the socket is doing.
    pub(crate) fn close_connection(&self) {
        self.0.line.link().close();
    }

    /// Whether the socket is connected: it passed the middleware and has not
    /// left.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| {
    ///     tokio::spawn(async move {
    ///         while socket.is_connected() && socket.emit("tick", ()).is_ok() {
    ///             tokio::time::sleep(Duration::from_secs(1)).await;
    ///         }
    ///     });
    /// });
    /// ```
    pub fn is_connected(&self) -> bool {
        self.0.line.is_open()
    }

    /// Waits until the socket has left, and tells why.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.on_connect(async |socket| {
    ///     tokio::spawn(async move { println!("left: {}", socket.closed().await) });
    /// });
    /// ```
    pub async fn closed(&self) -> DisconnectReason {
        loop {
            // Registered before the check, so that none is missed in between.
            let left = self.0.left.notified();
            if let Some(reason) = self.reason() {
                return reason;
            }
            left.await;
        }
    }

    /// Why the socket left; `None` if it has not.
    pub(crate) fn reason(&self) -> Option<DisconnectReason> {
        self.0.line.reason()
    }

    /// Takes the socket out of its rooms and its namespace. `false` if it has
    /// left already: the first reason stays.
    pub(crate) fn end(&self, reason: DisconnectReason) -> bool {
        let is_first = self.end_line(reason);
        if is_first {
            self.settle();
        }
        is_first
    }

    /// Takes the socket out of its rooms and its namespace. `false` if it has
    /// left already.
    pub(crate) fn close_line(&self, reason: DisconnectReason) -> bool {
        let leave = || write(self.0.namespace.index()).remove(&self.0.id);
        self.0.line.close(reason, leave)
    }

    /// Tells those who wait for something of the socket that it has left.
    pub(crate) fn settle(&self) {
        self.0.namespace.tell_rooms();
        self.0.acks.close();
        self.0.left.notify_waiters();
    }

    /// Drops what only the handlers of a socket need. They are all done.
    pub(crate) fn forget(&self) {
        self.0.handlers.clear();
        self.0.observers.clear();
        self.0.line.forget_rooms();
        if let Some(ticket) = self.ticket() {
            ticket.finish();
        }
    }
}
