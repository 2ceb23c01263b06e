//! Who is away, and what is kept of it.

use std::fmt;
use std::sync::Arc;

use engineio::Sid;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{AuthDigest, Away, Farewell, KeptEvent};
use crate::{Args, Extensions, Namespace};

/// What is kept of a client that is away.
///
/// With `serde` it becomes bytes for another server, but for what cannot travel: its
/// [extensions](crate::Socket::extensions), its last handlers, which may still run,
/// and its namespace, if a pattern made it. They stay with this value. So a client
/// that is given what was read has no extensions but its
/// [data](crate::Socket::data), and in a namespace of a pattern it is new.
///
/// It holds the application's values. What a store throws away is dropped in
/// [`RecoveryStore::sweep`](crate::RecoveryStore::sweep), or in
/// [`persist`](crate::RecoveryStore::persist) as soon as it is written, and in no other
/// method that is called in a turn.
///
/// It is secret: who knows the pid and the auth payload of the client can take the
/// session. Of the payload it holds a SHA-256 alone, which gives away one that can be
/// guessed.
///
/// ```
/// use socketio::{KeptEvent, KeptSession};
///
/// /// What sessions are kept under, which is as secret as they are.
/// fn key(session: &KeptSession) -> String {
///     format!("{},{}", session.nsp(), session.pid())
/// }
///
/// /// A session that another server kept, with what that sent to it alone since it came.
/// fn taken(session: KeptSession, mut events: Vec<KeptEvent>) -> KeptSession {
///     events.retain(|event| {
///         let is_own = event.audience().socket() == Some(session.sid());
///         is_own && event.offset() > session.entered()
///     });
///     println!("it was in {:?}", session.rooms());
///     session.with_earlier(events)
/// }
/// ```
pub struct KeptSession {
    pub(crate) auth: AuthDigest,
    pub(crate) data: Args,
    /// What it missed by the log of another server.
    pub(crate) earlier: Vec<KeptEvent>,
    /// An offset of the server where the client was last.
    pub(crate) entered: Arc<str>,
    pub(crate) local: Option<Local>,
    pub(crate) nsp: Arc<str>,
    pub(crate) pid: Sid,
    /// The rooms that the socket was in, without its id.
    pub(crate) rooms: Vec<Arc<str>>,
    pub(crate) sid: Arc<str>,
    /// An offset, from which on events were for the client.
    pub(crate) since: Arc<str>,
}

/// What stays at the server where the client was.
#[derive(Debug)]
pub(crate) struct Local {
    /// Those of the same connection.
    pub(crate) away: Arc<Away>,
    pub(crate) extensions: Extensions,
    /// The last handlers of the socket, which may still run.
    pub(crate) farewell: Farewell,
    /// It is there as long as somebody may come back to it, for what is emitted
    /// in it meanwhile.
    pub(crate) namespace: Namespace,
}

impl KeptSession {
    /// The offset at which the client was let in last. It is of the server where that
    /// was: what that sent to this one socket alone has one behind it.
    pub fn entered(&self) -> &str {
        &self.entered
    }

    /// The name of its namespace.
    pub fn nsp(&self) -> &str {
        &self.nsp
    }

    /// The secret by which the client takes it: never that of another.
    pub fn pid(&self) -> &str {
        self.pid.as_str()
    }

    /// The rooms that the client was in, without its id.
    pub fn rooms(&self) -> &[Arc<str>] {
        &self.rooms
    }

    /// The id of the client's socket.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// Gives what the client missed by the log of another server, or may have missed:
    /// it comes back in [`Absentee::earlier`].
    #[must_use]
    pub fn with_earlier(mut self, events: Vec<KeptEvent>) -> Self {
        self.earlier = events;
        self
    }
}

impl fmt::Debug for KeptSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptSession")
            .field("nsp", &self.nsp)
            .field("sid", &self.sid)
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}

impl Serialize for KeptSession {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let attachments = self.data.attachments().iter();
        let written = Written {
            attachments: attachments.map(|part| part.to_vec()).collect(),
            auth: self.auth,
            data: format!("[{}]", self.data.as_json()),
            entered: self.entered.to_string(),
            nsp: self.nsp.to_string(),
            pid: self.pid.as_str().to_owned(),
            rooms: self.rooms.iter().map(ToString::to_string).collect(),
            sid: self.sid.to_string(),
            since: self.since.to_string(),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KeptSession {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written {
            attachments,
            auth,
            data,
            entered,
            nsp,
            pid,
            rooms,
            sid,
            since,
        } = Written::deserialize(deserializer)?;
        let attachments = attachments.into_iter().map(Into::into).collect();
        let data = Args::from_text(data, attachments);
        Ok(Self {
            auth,
            data: data.ok_or_else(|| de::Error::custom("data that is no JSON array"))?,
            earlier: Vec::new(),
            entered: entered.into(),
            local: None,
            nsp: nsp.into(),
            pid: Sid::new(pid).map_err(de::Error::custom)?,
            rooms: rooms.into_iter().map(Into::into).collect(),
            sid: sid.into(),
            since: since.into(),
        })
    }
}

#[derive(Deserialize, Serialize)]
struct Written {
    attachments: Vec<Vec<u8>>,
    auth: AuthDigest,
    data: String,
    entered: String,
    nsp: String,
    pid: String,
    rooms: Vec<String>,
    sid: String,
    since: String,
}

/// Who missed something.
///
/// ```
/// use socketio::{Absentee, KeptEvent};
///
/// fn is_missed(event: &KeptEvent, who: &Absentee<'_>) -> bool {
///     let rooms = who.rooms.iter().map(AsRef::as_ref).collect();
///     event.offset() > who.offset && event.audience().includes(who.sid, &rooms)
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Absentee<'a> {
    /// What its session [was given](KeptSession::with_earlier) when it was taken.
    pub earlier: &'a [KeptEvent],
    /// The name of its namespace.
    pub nsp: &'a str,
    /// That of the last event that the client has, as it says.
    pub offset: &'a str,
    /// The rooms that it was in, and may still be in.
    pub rooms: &'a [Arc<str>],
    /// The id of its socket.
    pub sid: &'a str,
    /// An offset of the server that let it in first: what has another one before it,
    /// there, was not for the client.
    pub since: &'a str,
}
