//! The transports.

use std::fmt;

/// How a session is reached.
///
/// ```
/// use engineio::Transport;
///
/// assert_eq!(Transport::Polling.as_str(), "polling");
/// assert_eq!(Transport::from_name("websocket"), Some(Transport::Websocket));
/// assert_eq!(Transport::from_name("webtransport"), None);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Transport {
    /// Long-polling over HTTP: a GET waits for packets, a POST brings some.
    Polling,
    /// A websocket: one packet for each message.
    Websocket,
}

impl Transport {
    /// The transport's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::Websocket => "websocket",
        }
    }

    /// The transport of that name on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "polling" => Some(Self::Polling),
            "websocket" => Some(Self::Websocket),
            _ => None,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
