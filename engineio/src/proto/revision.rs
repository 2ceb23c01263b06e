//! The revisions of the protocol.

use std::fmt;

/// A revision of the protocol, which a client names with `EIO`.
///
/// ```
/// use engineio::Revision;
///
/// assert_eq!(Revision::default().as_str(), "4");
/// assert!(Revision::V3 < Revision::V4);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Revision {
    /// Revision 3: the client pings, and a payload counts the length of each
    /// packet. Spoken by the clients of Socket.IO 1.x and 2.x.
    V3,
    /// Revision 4: the server pings, and a payload separates its packets.
    /// Spoken by the clients of Socket.IO 3.x and 4.x.
    #[default]
    V4,
}

impl Revision {
    /// The revision's number.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V3 => "3",
            Self::V4 => "4",
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
