//! Packets, and the frame that each is on the wire.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::{Buf, Bytes};
use bytestring::ByteString;

use super::revision::Revision;
use super::text::Text;
use crate::PacketError;

/// What an application sends and receives: text or binary.
///
/// ```
/// use engineio::Message;
///
/// let (text, data) = (Message::from("héllo"), Message::from(vec![0, 1]));
/// assert_eq!((text.len(), data.len()), (6, 2));
/// assert!(Message::from("").is_empty());
/// match text {
///     Message::Text(text) => assert!(text.starts_with("hé")),
///     Message::Binary(_) => unreachable!("it was text"),
/// }
/// ```
#[derive(Clone, Eq, PartialEq)]
pub enum Message {
    /// Binary data; it arrives as binary.
    Binary(Bytes),
    /// Text; it arrives as text.
    Text(Text),
}

impl Message {
    /// The content's length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Binary(data) => data.len(),
            Self::Text(text) => text.len(),
        }
    }

    /// Whether there is no content. An empty message is a message all the same.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy that shares its buffer with nobody.
    pub(crate) fn to_detached(&self) -> Self {
        match self {
            Self::Binary(data) => Self::Binary(Bytes::copy_from_slice(data)),
            Self::Text(text) => Self::Text(text.as_str().into()),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Binary(data) => data.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Bytes> for Message {
    fn from(data: Bytes) -> Self {
        Self::Binary(data)
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Self {
        Self::Binary(data.into())
    }
}

/// One packet of the protocol.
///
/// Only a message's data means anything to an application; the other packets
/// keep theirs because a probe is a ping whose data is `probe`.
///
/// ```
/// use engineio::{Packet, Revision};
///
/// let packet = Packet::from_text("4hello".into(), Revision::V4)?;
/// assert_eq!(packet, Packet::Message("hello".into()));
/// let probe = Packet::from_text("2probe".into(), Revision::V4)?;
/// assert_eq!(probe, Packet::Ping("probe".into()));
/// # Ok::<_, engineio::PacketError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Packet {
    /// Type 0: the handshake, as JSON.
    Open(ByteString),
    /// Type 1: the session ends.
    Close(ByteString),
    /// Type 2: the server asks whether the client is there; or a probe.
    Ping(ByteString),
    /// Type 3: the answer to a ping.
    Pong(ByteString),
    /// Type 4: what the application sends.
    Message(Message),
    /// Type 5: the candidate transport becomes the session's.
    Upgrade(ByteString),
    /// Type 6: releases a waiting poll.
    Noop(ByteString),
}

impl Packet {
    pub(crate) const CLOSE: Self = Self::Close(ByteString::from_static(""));
    pub(crate) const NOOP: Self = Self::Noop(ByteString::from_static(""));
    pub(crate) const PING: Self = Self::Ping(ByteString::from_static(""));
    pub(crate) const PONG: Self = Self::Pong(ByteString::from_static(""));

    /// Reads a text frame: a websocket text message, or one piece of a
    /// payload. Messages and data share the frame's buffer.
    ///
    /// # Errors
    ///
    /// If the first character is no packet type, or what follows a `b` is not
    /// base64.
    pub fn from_text(frame: ByteString, revision: Revision) -> Result<Self, PacketError> {
        let kind = frame.chars().next().ok_or(PacketError::Empty)?;
        let data = || frame.slice_ref(&frame[1..]);
        Ok(match kind {
            '0' => Self::Open(data()),
            '1' => Self::Close(data()),
            '2' => Self::Ping(data()),
            '3' => Self::Pong(data()),
            '4' => Self::Message(Text::from_frame(frame).expect("it starts with 4").into()),
            '5' => Self::Upgrade(data()),
            '6' => Self::Noop(data()),
            'b' => return Self::from_base64(&frame[1..], revision),
            other => return Err(PacketError::Type(other)),
        })
    }

    /// Reads a binary frame: in revision 4 always a message, in revision 3 a
    /// packet behind the byte of its type.
    ///
    /// ```
    /// # use engineio::{Packet, Revision};
    /// let (v3, v4) = (vec![4, 7], vec![7]);
    /// let packet = Packet::from_binary(v3.into(), Revision::V3)?;
    /// assert_eq!(packet, Packet::from_binary(v4.into(), Revision::V4)?);
    /// # Ok::<_, engineio::PacketError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// In revision 3, if there is no such byte or no such type.
    pub fn from_binary(mut frame: Bytes, revision: Revision) -> Result<Self, PacketError> {
        if revision == Revision::V4 {
            return Ok(Self::Message(Message::Binary(frame)));
        }
        let kind = *frame.first().ok_or(PacketError::Empty)?;
        frame.advance(1);
        Self::with_binary(char::from(kind.saturating_add(b'0')), frame)
    }

    /// Reads what follows a `b`; in revision 3 the type stands before the data.
    fn from_base64(data: &str, revision: Revision) -> Result<Self, PacketError> {
        let (kind, data) = match revision {
            Revision::V3 => {
                let kind = data.chars().next().ok_or(PacketError::Empty)?;
                (kind, &data[kind.len_utf8()..])
            }
            Revision::V4 => ('4', data),
        };
        let data = BASE64.decode(data).map_err(|_| PacketError::Base64)?;
        Self::with_binary(kind, data.into())
    }

    /// Binary data means something in a message only.
    fn with_binary(kind: char, data: Bytes) -> Result<Self, PacketError> {
        Ok(match kind {
            '0' => Self::Open(ByteString::new()),
            '1' => Self::CLOSE,
            '2' => Self::PING,
            '3' => Self::PONG,
            '4' => Self::Message(Message::Binary(data)),
            '5' => Self::Upgrade(ByteString::new()),
            '6' => Self::NOOP,
            other => return Err(PacketError::Type(other)),
        })
    }

    /// Writes the packet as text, binary data as base64 behind a `b`.
    ///
    /// ```
    /// # use engineio::{Message, Packet, Revision};
    /// let mut out = String::new();
    /// Packet::Message(Message::from(vec![7])).write_text(Revision::V4, &mut out);
    /// assert_eq!(out, "bBw==");
    /// ```
    pub fn write_text(&self, revision: Revision, out: &mut String) {
        let (kind, data) = match self {
            Self::Open(data) => ('0', data),
            Self::Close(data) => ('1', data),
            Self::Ping(data) => ('2', data),
            Self::Pong(data) => ('3', data),
            Self::Message(Message::Text(text)) => return out.push_str(text.frame()),
            Self::Message(Message::Binary(data)) => {
                out.push_str(base64_prefix(revision));
                return BASE64.encode_string(data, out);
            }
            Self::Upgrade(data) => ('5', data),
            Self::Noop(data) => ('6', data),
        };
        out.push(kind);
        out.push_str(data);
    }

    /// The length of [`write_text`](Self::write_text)'s output, in bytes.
    pub(crate) fn text_len(&self, revision: Revision) -> usize {
        match self {
            Self::Message(Message::Binary(data)) => {
                base64_prefix(revision).len() + data.len().div_ceil(3) * 4
            }
            Self::Message(Message::Text(text)) => text.frame().len(),
            Self::Open(data)
            | Self::Close(data)
            | Self::Ping(data)
            | Self::Pong(data)
            | Self::Upgrade(data)
            | Self::Noop(data) => 1 + data.len(),
        }
    }
}

/// What stands before a message's data in base64.
fn base64_prefix(revision: Revision) -> &'static str {
    match revision {
        Revision::V3 => "b4",
        Revision::V4 => "b",
    }
}

/// Standard base64; padding is written, and may be missing when read.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_a_digit_and_its_data() {
        for (frame, packet) in [
            ("0{}", Packet::Open("{}".into())),
            ("1", Packet::CLOSE),
            ("2", Packet::PING),
            ("2probe", Packet::Ping("probe".into())),
            ("3probe", Packet::Pong("probe".into())),
            ("4", Packet::Message(Message::from(""))),
            ("4€", Packet::Message(Message::from("€"))),
            ("5", Packet::Upgrade(ByteString::new())),
            ("6", Packet::NOOP),
        ] {
            for revision in [Revision::V3, Revision::V4] {
                assert_text(frame, &packet, revision);
            }
        }
    }

    #[test]
    fn base64_follows_the_type_in_revision_three() {
        let packet = Packet::Message(Message::from(vec![1, 2, 3, 4]));
        assert_text("bAQIDBA==", &packet, Revision::V4);
        assert_text("b4AQIDBA==", &packet, Revision::V3);
    }

    #[track_caller]
    fn assert_text(frame: &str, packet: &Packet, revision: Revision) {
        assert_eq!(
            Packet::from_text(frame.into(), revision).as_ref(),
            Ok(packet)
        );
        let mut written = String::new();
        packet.write_text(revision, &mut written);
        assert_eq!(written, frame);
        assert_eq!(packet.text_len(revision), frame.len());
    }

    #[test]
    fn a_binary_frame_of_revision_three_starts_with_its_type() {
        let read = |bytes: &'static [u8]| Packet::from_binary(bytes.into(), Revision::V3);
        assert_eq!(
            read(&[4, 1, 2]),
            Ok(Packet::Message(Message::from(vec![1, 2])))
        );
        assert_eq!(read(&[4]), Ok(Packet::Message(Message::from(vec![]))));
        assert_eq!(read(&[2, 1]), Ok(Packet::PING));
        assert_eq!(read(&[]), Err(PacketError::Empty));
        assert_eq!(read(&[7]), Err(PacketError::Type('7')));
        assert!(read(&[255]).is_err());
    }

    #[test]
    fn what_is_no_packet_is_an_error() {
        for (frame, error) in [
            ("", PacketError::Empty),
            ("7", PacketError::Type('7')),
            ("éabcd", PacketError::Type('é')),
            ("€€", PacketError::Type('€')),
            ("\u{feff}4", PacketError::Type('\u{feff}')),
        ] {
            for revision in [Revision::V3, Revision::V4] {
                let read = Packet::from_text(frame.into(), revision);
                assert_eq!(read, Err(error.clone()), "{frame:?}");
            }
        }
        for (frame, revision, error) in [
            ("b€", Revision::V4, PacketError::Base64),
            ("bA", Revision::V4, PacketError::Base64),
            ("b", Revision::V3, PacketError::Empty),
            ("b€", Revision::V3, PacketError::Type('€')),
            ("b9AQ==", Revision::V3, PacketError::Type('9')),
            ("b4€", Revision::V3, PacketError::Base64),
        ] {
            let read = Packet::from_text(frame.into(), revision);
            assert_eq!(read, Err(error), "{frame:?}");
        }
    }

    #[test]
    fn base64_may_come_without_padding() {
        let packet = Packet::from_text("bAQIDBA".into(), Revision::V4);
        assert_eq!(packet, Ok(Packet::Message(Message::from(vec![1, 2, 3, 4]))));
    }
}
