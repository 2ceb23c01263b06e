//! An event that is kept for those who miss it.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use engineio::Message;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::cluster::To;
use crate::proto::draft::{Draft, is_offset};
use crate::rooms::Selection;
use crate::{Encoded, NodeId};

/// An event that is kept for those who miss it, with its offset.
///
/// A clone copies nothing. With `serde` it becomes bytes for another server, which
/// has to speak with the same [`Parser`](crate::Parser).
///
/// ```
/// use socketio::KeptEvent;
///
/// fn describe(event: &KeptEvent) -> String {
///     let parts = event.packet().parts().len();
///     let whom = event.audience().socket().unwrap_or("several");
///     let reach = if event.id().is_some() { "everywhere" } else { "here" };
///     format!("{} in {}: {parts} parts for {whom}, {reach}", event.offset(), event.nsp())
/// }
///
/// /// What an event of another server becomes when its client comes to this one.
/// fn moved(event: &KeptEvent, sid: &str, offset: &str) -> KeptEvent {
///     event.for_socket(sid, offset)
/// }
/// ```
#[derive(Clone)]
pub struct KeptEvent {
    audience: Audience,
    /// Where the offset stands in the first message.
    gap: usize,
    id: Option<EventId>,
    nsp: Arc<str>,
    packet: Encoded,
}

impl KeptEvent {
    pub(crate) fn new(
        nsp: Arc<str>,
        audience: Audience,
        id: Option<EventId>,
        draft: Draft,
        offset: &str,
    ) -> Self {
        let (packet, gap) = draft.with_offset(offset);
        Self {
            audience,
            gap,
            id,
            nsp,
            packet,
        }
    }

    /// The same event once more, for the socket of this id and with another offset.
    /// Its first message is copied.
    ///
    /// # Panics
    ///
    /// If this is no offset: see
    /// [`RecoveryStore::next_offset`](crate::RecoveryStore::next_offset).
    pub fn for_socket(&self, sid: &str, offset: &str) -> Self {
        assert!(is_offset(offset), "16 printable characters");
        let draft = Draft::of(self.packet.clone(), self.gap);
        let (nsp, audience) = (self.nsp.clone(), Audience::one(sid.into()));
        Self::new(nsp, audience, self.id.clone(), draft, offset)
    }

    /// Whom it was for.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// What it is called at every server that has it; `None` if only this one has
    /// it, and no other is ever to get it.
    pub fn id(&self) -> Option<&EventId> {
        self.id.as_ref()
    }

    /// The name of its namespace.
    pub fn nsp(&self) -> &str {
        &self.nsp
    }

    /// Its offset.
    pub fn offset(&self) -> &str {
        let frame = match &self.packet.parts()[0] {
            Message::Binary(data) => data,
            Message::Text(text) => text.frame().as_bytes(),
        };
        let offset = &frame[self.gap..self.gap + OFFSET];
        str::from_utf8(offset).expect("an offset is ASCII")
    }

    /// What is sent to clients.
    pub fn packet(&self) -> &Encoded {
        &self.packet
    }

    pub(super) fn into_parts(self) -> (Arc<str>, Audience, Encoded) {
        (self.nsp, self.audience, self.packet)
    }
}

impl fmt::Debug for KeptEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptEvent")
            .field("nsp", &self.nsp)
            .field("id", &self.id)
            .field("offset", &self.offset())
            .finish_non_exhaustive()
    }
}

impl Serialize for KeptEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            audience: self.audience.clone(),
            gap: self.gap,
            id: self.id.clone(),
            nsp: self.nsp.to_string(),
            parts: self.packet.parts().iter().map(Part::from).collect(),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KeptEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written {
            audience,
            gap,
            id,
            nsp,
            parts,
        } = Written::deserialize(deserializer)?;
        let parts: Vec<_> = parts.into_iter().map(Message::from).collect();
        let offset = parts.first().and_then(|first| match first {
            Message::Binary(data) => data.get(gap..gap.checked_add(OFFSET)?),
            // The place of the frame's first character is its own.
            Message::Text(text) => {
                let end = gap.checked_add(OFFSET)?;
                text.frame().as_bytes().get(gap..end).filter(|_| gap > 0)
            }
        });
        let is_good = offset.is_some_and(|offset| str::from_utf8(offset).is_ok_and(is_offset));
        if !is_good {
            return Err(de::Error::custom("an event without its offset"));
        }
        Ok(Self {
            audience,
            gap,
            id,
            nsp: nsp.into(),
            packet: Encoded::of(parts)
                .ok_or_else(|| de::Error::custom("an event without parts"))?,
        })
    }
}

#[derive(Deserialize, Serialize)]
struct Written {
    audience: Audience,
    gap: usize,
    id: Option<EventId>,
    nsp: String,
    parts: Vec<Part>,
}

#[derive(Deserialize, Serialize)]
enum Part {
    Binary(Vec<u8>),
    Text(String),
}

impl From<&Message> for Part {
    fn from(message: &Message) -> Self {
        match message {
            Message::Binary(data) => Self::Binary(data.to_vec()),
            Message::Text(text) => Self::Text(text.as_str().to_owned()),
        }
    }
}

impl From<Part> for Message {
    fn from(part: Part) -> Self {
        match part {
            Part::Binary(data) => Self::Binary(Bytes::from(data)),
            Part::Text(text) => Self::from(text),
        }
    }
}

/// What an event is called at every server of a cluster: it has a number at the
/// server where it was emitted.
///
/// ```
/// use std::collections::HashMap;
/// use socketio::{EventId, KeptEvent};
///
/// /// Which events of another server this one has as well.
/// fn both<'a>(theirs: &'a [KeptEvent], ours: &HashMap<EventId, u64>) -> Vec<&'a KeptEvent> {
///     let is_ours = |event: &&KeptEvent| event.id().is_some_and(|id| ours.contains_key(id));
///     theirs.iter().filter(is_ours).collect()
/// }
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct EventId {
    /// The server where it was emitted.
    pub node: NodeId,
    /// Its number there, which is higher than those before it.
    pub number: u64,
}

impl EventId {
    pub(crate) fn new(node: NodeId, number: u64) -> Self {
        Self { node, number }
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.node.as_str(), self.number).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (node, number) = <(String, u64)>::deserialize(deserializer)?;
        Ok(Self::new(NodeId::from(&*node), number))
    }
}

/// Whom an event was for, or who is to be forgotten.
///
/// ```
/// use socketio::{Audience, KeptSession};
///
/// fn is_meant(who: &Audience, session: &KeptSession) -> bool {
///     let rooms = session.rooms().iter().map(AsRef::as_ref).collect();
///     who.includes(session.sid(), &rooms)
/// }
///
/// fn is_private(who: &Audience) -> bool {
///     who.socket().is_some()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Audience(Whom);

#[derive(Clone, Debug)]
enum Whom {
    Selection(Selection),
    /// The socket of this id.
    Socket(Arc<str>),
}

impl Audience {
    pub(crate) fn selection(selection: &Selection) -> Self {
        Self(Whom::Selection(selection.clone()))
    }

    pub(crate) fn one(id: Arc<str>) -> Self {
        Self(Whom::Socket(id))
    }

    /// Whether somebody of this id who was in these rooms was meant.
    pub fn includes(&self, sid: &str, rooms: &HashSet<&str>) -> bool {
        match &self.0 {
            Whom::Selection(selection) => selection.means(sid, rooms),
            Whom::Socket(id) => **id == *sid,
        }
    }

    /// The one socket that is meant, if it was named by itself.
    pub fn socket(&self) -> Option<&str> {
        match &self.0 {
            Whom::Selection(_) => None,
            Whom::Socket(id) => Some(id),
        }
    }

    /// What it takes.
    pub(super) fn bytes(&self) -> usize {
        match &self.0 {
            Whom::Selection(Selection { rooms, except, .. }) => {
                let names = rooms.iter().chain(except);
                names.map(|name| name.len() + size_of::<Arc<str>>()).sum()
            }
            Whom::Socket(_) => 0,
        }
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Whom::Selection(selection) => WrittenAudience::Selection(selection.into()),
            Whom::Socket(id) => WrittenAudience::Socket(id.to_string()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match WrittenAudience::deserialize(deserializer)? {
            WrittenAudience::Selection(to) => Whom::Selection(to.into()),
            WrittenAudience::Socket(id) => Whom::Socket(id.into()),
        }))
    }
}

#[derive(Deserialize, Serialize)]
enum WrittenAudience {
    Selection(To),
    Socket(String),
}

/// Characters of an offset.
const OFFSET: usize = 16;
