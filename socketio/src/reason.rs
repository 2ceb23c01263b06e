//! Why a socket left.

use std::fmt;

use engineio::CloseReason;

/// Why a socket left its namespace. Its `Display` is the reference's string.
///
/// ```
/// use engineio::CloseReason;
/// use socketio::DisconnectReason;
///
/// let reason = DisconnectReason::Closed(CloseReason::PingTimeout);
/// assert_eq!(reason.to_string(), "ping timeout");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The client left the namespace: `client namespace disconnect`.
    Client,
    /// The whole connection ended, for this reason. A client that breaks the
    /// rules of the protocol is disconnected with `forced close`.
    Closed(CloseReason),
    /// The server disconnected the socket: `server namespace disconnect`.
    Server,
    /// The server closes: `server shutting down`.
    Shutdown,
}

impl DisconnectReason {
    /// The reference's name of the reason.
    ///
    /// ```
    /// # use socketio::DisconnectReason;
    /// assert_eq!(DisconnectReason::Client.as_str(), "client namespace disconnect");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client namespace disconnect",
            Self::Closed(reason) => reason.as_str(),
            Self::Server => "server namespace disconnect",
            Self::Shutdown => "server shutting down",
        }
    }

    /// Whether the client may come back as who it was, see
    /// [`Recovery`](crate::Recovery): nobody wanted it to leave.
    pub(crate) fn is_recoverable(self) -> bool {
        match self {
            Self::Client | Self::Closed(CloseReason::ParseError) | Self::Server => false,
            Self::Closed(_) | Self::Shutdown => true,
        }
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As its text, so that others can be told why somebody left.
impl serde::Serialize for DisconnectReason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
