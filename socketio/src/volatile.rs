//! Emitting to one client what may be lost.

use engineio::Class;

use crate::{Emit, EmitError, IntoArgs, Socket};

/// Emits to one client that are dropped where it cannot take them at once:
/// something is queued for it, or its transport is busy.
#[derive(Clone, Debug)]
pub struct Volatile(Socket);

impl Volatile {
    pub(crate) fn new(socket: Socket) -> Self {
        Self(socket)
    }

    /// Emits an event, or drops it.
    ///
    /// # Errors
    ///
    /// As [`Socket::emit`]. That it was dropped is one as well:
    /// [`SendError::Dropped`](engineio::SendError::Dropped).
    pub fn emit<P: IntoArgs>(&self, event: impl Emit<P>, args: P) -> Result<(), EmitError> {
        self.0.emit_as(Class::Volatile, event.as_str(), &args)
    }
}
