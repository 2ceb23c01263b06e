//! What goes wrong.

/// Why arguments are not of the type that was asked for.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DecodeError(#[from] serde_json::Error);

impl DecodeError {
    /// An error of a hand-written [`FromArgs`](crate::FromArgs).
    pub fn custom(message: impl std::fmt::Display) -> Self {
        Self(serde::de::Error::custom(message))
    }
}

/// Why an event, an answer or a packet was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The payload of a packet made by hand is not what its type carries.
    #[error("the payload does not fit the type of the packet")]
    Payload,
    /// The event's name has a meaning of its own in the protocol: `connect`,
    /// `connect_error`, `disconnect`, `disconnecting`, `newListener` or
    /// `removeListener`.
    #[error("{0:?} is a reserved event name")]
    ReservedName(String),
    /// An argument's `Serialize` failed.
    #[error(transparent)]
    Serialize(#[from] serde_json::Error),
}

/// Why a message is not a packet, or not the next part of one.
///
/// Its `Display` is the reference's message where it has one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// The acknowledgement id is no number, or above [`u64::MAX`].
    #[error("invalid acknowledgement id")]
    AckId,
    /// The attachments of a packet have too many bytes.
    #[error("attachments too large")]
    AttachmentBytes,
    /// The number of attachments is missing or zero.
    #[error("Illegal attachments")]
    AttachmentCount,
    /// The auth payload of a CONNECT has too many bytes.
    #[error("auth payload too large")]
    AuthBytes,
    /// The payload is nested too deep.
    #[error("payload nested too deep")]
    Depth,
    /// The message is empty.
    #[error("empty packet")]
    Empty,
    /// The namespace is missing, or no string. Only in MessagePack.
    #[error("invalid namespace")]
    Namespace,
    /// A namespace's name is too long.
    #[error("namespace too long")]
    NamespaceLength,
    /// The payload is no JSON, the message no MessagePack, or not what this type of packet carries.
    #[error("invalid payload")]
    Payload,
    /// A placeholder names an attachment that is not there.
    #[error("illegal attachments")]
    Placeholder,
    /// The packet announces more attachments than the limit.
    #[error("too many attachments")]
    TooManyAttachments,
    /// The first character is no packet type.
    #[error("unknown packet type {0}")]
    Type(char),
    /// The packet's type is missing, or none of the numbers that there are. Only
    /// in MessagePack.
    #[error("invalid packet type")]
    TypeNumber,
    /// A binary message that no packet announced.
    #[error("got binary data when not reconstructing a packet")]
    UnexpectedBinary,
    /// A text message while attachments are still due, or where all packets are
    /// binary.
    #[error("got plaintext data when reconstructing a packet")]
    UnexpectedText,
}

/// What a client did that ends its connection.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// It connected to a namespace twice.
    #[error("second CONNECT to a namespace")]
    AlreadyJoined,
    /// The attachments that it announced did not come in time.
    #[error("attachments did not arrive in time")]
    AttachmentTimeout,
    /// It sent a packet that only servers send.
    #[error("CONNECT_ERROR from a client")]
    ConnectError,
    /// It joined no namespace in time.
    #[error("no namespace was joined in time")]
    ConnectTimeout,
    /// It sent a packet to a namespace that it has not joined.
    #[error("packet for a namespace that is not joined")]
    NotJoined,
    /// It sent something that is no packet.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// It joined more namespaces than the limit.
    #[error("too many namespaces")]
    TooManyNamespaces,
}

/// Why an event or an answer was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// It cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The socket is not connected: its middleware still runs, or it has left.
    #[error("the socket is not connected")]
    NotConnected,
    /// The connection did not take it.
    #[error(transparent)]
    Send(#[from] engineio::SendError),
}

/// Why a room was not joined.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The room's name is longer than [`Limits::room_length`](crate::Limits).
    #[error("the room's name is longer than {0} bytes")]
    NameLength(usize),
    /// The socket is in as many rooms as [`Limits::rooms`](crate::Limits).
    #[error("the socket is in {0} rooms already")]
    TooManyRooms(usize),
}
