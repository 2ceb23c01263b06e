//! What goes wrong.

/// Why arguments are not of the type that was asked for. The text quotes them.
///
/// ```
/// use socketio::{Args, DecodeError};
///
/// let args = Args::new("seven")?;
/// let error: DecodeError = args.parse::<u32>().unwrap_err();
/// println!("{error}");
/// # Ok::<_, socketio::EncodeError>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DecodeError(
    /// Its source, so that whoever looks for what quotes a payload finds it, also
    /// behind an error that is transparent.
    #[from]
    serde_json::Error,
);

impl DecodeError {
    /// An error of a hand-written [`FromArgs`](crate::FromArgs).
    ///
    /// ```
    /// use socketio::{Args, DecodeError, FromArgs};
    ///
    /// struct Even(u32);
    ///
    /// impl FromArgs for Even {
    ///     fn from_args(args: Args) -> Result<Self, DecodeError> {
    ///         match args.get(0)? {
    ///             number if number % 2 == 0 => Ok(Self(number)),
    ///             _ => Err(DecodeError::custom("expected an even number")),
    ///         }
    ///     }
    /// }
    /// ```
    pub fn custom(message: impl std::fmt::Display) -> Self {
        Self(serde::de::Error::custom(message))
    }
}

/// Why an event, an answer or a packet was not written.
///
/// ```
/// # use socketio::{Config, Server};
/// use socketio::EncodeError;
///
/// # let io = Server::new(Config::default());
/// let sent = io.emit("disconnect", ());
/// assert!(matches!(sent, Err(EncodeError::ReservedName(_))));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The payload of a packet made by hand is not what its type carries.
    #[error(
        "the payload does not fit the type of the packet: CONNECT carries nothing or one object, \
         CONNECT_ERROR nothing, one string or one object"
    )]
    Payload,
    /// The event's name has a meaning of its own in the protocol: `connect`,
    /// `connect_error`, `disconnect`, `disconnecting`, `newListener` or
    /// `removeListener`.
    #[error("{0:?} is a reserved event name, which has a meaning of its own: emit another")]
    ReservedName(String),
    /// An argument's `Serialize` failed.
    #[error(transparent)]
    Serialize(#[from] serde_json::Error),
}

/// Why a message is not a packet, or not the next part of one.
///
/// Its `Display` is the reference's message where it has one.
///
/// ```
/// use socketio::{Decoder, Limits, PacketError, Parser, engineio::Message};
///
/// let mut decoder = Decoder::new(Parser::Json, Limits::default());
/// let error = decoder.handle(Message::Binary(vec![7].into())).unwrap_err();
/// assert_eq!(error, PacketError::UnexpectedBinary);
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// The acknowledgement id is no number, or above [`u64::MAX`].
    #[error("invalid packet id")]
    AckId,
    /// The attachments of a packet have too many bytes.
    #[error("attachments too large: more bytes than `Limits::attachment_bytes`")]
    AttachmentBytes,
    /// The number of attachments is missing or zero.
    #[error("Illegal attachments")]
    AttachmentCount,
    /// The auth payload of a CONNECT has too many bytes.
    #[error("auth payload too large: more bytes than `Limits::auth_bytes`")]
    AuthBytes,
    /// The payload is nested too deep.
    #[error("payload nested too deep: more levels than `Limits::depth`")]
    Depth,
    /// The message is empty.
    #[error("empty packet")]
    Empty,
    /// The namespace is missing, or no string. Only in MessagePack.
    #[error("invalid namespace: expected a string as `nsp`")]
    Namespace,
    /// A namespace's name is too long.
    #[error("namespace too long: more bytes than `Limits::name_length`")]
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
    #[error("invalid packet type: expected a number from 0 to 4 as `type`")]
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
///
/// ```
/// # use std::time::{Duration, Instant};
/// use socketio::{Connection, Limits, Parser, Protocol, Violation};
///
/// # let (limits, timeout, now) = (Limits::default().into(), Duration::MAX, Instant::now());
/// let mut connection = Connection::new(Parser::Json, Protocol::V5, limits, timeout, now);
/// let error = connection.handle(r#"2["say","hello"]"#.into(), now).unwrap_err();
/// assert_eq!(error, Violation::NotJoined);
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// It connected to a namespace twice.
    #[error("second CONNECT to a namespace, which the client has not left")]
    AlreadyJoined,
    /// The attachments that it announced did not come in time.
    #[error("attachments did not arrive within `Limits::attachment_timeout`")]
    AttachmentTimeout,
    /// It sent a packet that only servers send.
    #[error("CONNECT_ERROR from a client: only servers send it")]
    ConnectError,
    /// It joined no namespace in time.
    #[error("no namespace was joined within `Config::connect_timeout`")]
    ConnectTimeout,
    /// It sent a packet to a namespace that it has not joined.
    #[error("packet for a namespace that is not joined: expected a CONNECT before it")]
    NotJoined,
    /// It sent something that is no packet.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// It joined more namespaces than the limit.
    #[error("too many namespaces: more than `Limits::namespaces`")]
    TooManyNamespaces,
}

/// Why an event or an answer was not sent.
///
/// ```
/// # use socketio::{Config, Server};
/// use socketio::EmitError;
///
/// # let io = Server::new(Config::default());
/// io.on_connect(async |socket| match socket.emit("welcome", socket.id()) {
///     Err(EmitError::NotConnected) => println!("it left again"),
///     Err(error) => eprintln!("{error}"),
///     Ok(()) => {}
/// });
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// It cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The socket is not connected: its middleware still runs, or it has left.
    #[error("the socket is not connected: its middleware still runs, or it has left")]
    NotConnected,
    /// The connection did not take it.
    #[error(transparent)]
    Send(#[from] engineio::SendError),
}

/// Why a room was not joined.
///
/// ```
/// # use socketio::{Config, Server};
/// use socketio::JoinError;
///
/// # let io = Server::new(Config::default());
/// io.of("/").on("join", async |socket, room: String| match socket.join(room) {
///     Err(JoinError::TooManyRooms(limit)) => Err(format!("leave one of {limit} first")),
///     joined => joined.map_err(|error| error.to_string()),
/// });
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The room's name is longer than [`Limits::room_length`](crate::Limits::room_length),
    /// which is this.
    #[error("the room's name is longer than {0} bytes, which `Limits::room_length` allows")]
    NameLength(usize),
    /// The socket is in as many rooms as [`Limits::rooms`](crate::Limits::rooms) allows.
    #[error("the socket is in {0} rooms already, as many as `Limits::rooms` allows")]
    TooManyRooms(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reaches_a_limit_is_told_its_name() {
        let packet = |error: PacketError| error.to_string();
        let violation = |error: Violation| error.to_string();
        for (text, limit) in [
            (
                packet(PacketError::AttachmentBytes),
                "Limits::attachment_bytes",
            ),
            (packet(PacketError::AuthBytes), "Limits::auth_bytes"),
            (packet(PacketError::Depth), "Limits::depth"),
            (packet(PacketError::NamespaceLength), "Limits::name_length"),
            (
                violation(Violation::AttachmentTimeout),
                "Limits::attachment_timeout",
            ),
            (
                violation(Violation::ConnectTimeout),
                "Config::connect_timeout",
            ),
            (
                violation(Violation::TooManyNamespaces),
                "Limits::namespaces",
            ),
            (JoinError::NameLength(5).to_string(), "Limits::room_length"),
            (JoinError::TooManyRooms(5).to_string(), "Limits::rooms"),
        ] {
            assert!(text.contains(&format!("`{limit}`")), "{text}");
        }
    }
}
