//! The revisions of Socket.IO's protocol.

use engineio::Revision;

/// A revision of Socket.IO's protocol, which a client chooses with the revision
/// of the engine's.
///
/// ```
/// use socketio::{Protocol, engineio::Revision};
///
/// assert_eq!(Protocol::from(Revision::V3), Protocol::V4);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Protocol {
    /// Protocol 4, of clients of Socket.IO 1.x and 2.x: they are connected to
    /// `/` without asking, and bring an auth payload as the query of a
    /// namespace's name.
    V4,
    /// Protocol 5, of clients of Socket.IO 3.x and 4.x.
    #[default]
    V5,
}

impl From<Revision> for Protocol {
    fn from(revision: Revision) -> Self {
        match revision {
            Revision::V3 => Self::V4,
            _ => Self::V5,
        }
    }
}
