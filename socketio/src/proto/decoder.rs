//! Messages to packets.
//!
//! In the default codec a packet is a text,
//! `<type>[<attachments>-][<namespace>,][<id>][<json>]`, and then as many binary
//! messages as it has attachments. What the reference takes by accident of
//! JavaScript (white space as a digit, an event without a name, a hexadecimal
//! count) is refused.

mod header;
pub(super) mod kept;
pub(super) mod payload;

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use engineio::{Message, Text};

use self::header::Header;
use super::encoder::is_reserved;
use super::json::Spelling;
use super::packet::{Data, Packet};
use super::parser::Parser;
use crate::{Limits, PacketError};

/// Puts packets together from the messages that carry them.
///
/// Packets share the buffers of their messages, unless a long message says
/// little.
///
/// ```
/// use socketio::{Data, Decoder, Limits, Parser};
///
/// let mut decoder = Decoder::new(Parser::Json, Limits::default());
/// let packet = decoder.handle(r#"2/chat,["say","hello"]"#.into())?.unwrap();
/// assert_eq!(packet.nsp, "/chat");
/// assert!(matches!(packet.data, Data::Event { name, .. } if name == "say"));
/// # Ok::<_, socketio::PacketError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    limits: Arc<Limits>,
    parser: Parser,
    partial: Option<Box<Partial>>,
    /// Of the placeholders that come.
    spelling: Spelling,
}

impl Decoder {
    /// A decoder at the start of a connection.
    pub fn new(parser: Parser, limits: impl Into<Arc<Limits>>) -> Self {
        Self {
            limits: limits.into(),
            parser,
            partial: None,
            spelling: Spelling::Any,
        }
    }

    /// A decoder of what other servers of this crate write.
    #[cfg(feature = "server")]
    pub(crate) fn of_nodes(parser: Parser, limits: Limits) -> Self {
        Self {
            spelling: Spelling::Plain,
            ..Self::new(parser, limits)
        }
    }

    /// Takes the next message. A packet comes out if it is complete now.
    ///
    /// # Errors
    ///
    /// If the message is no packet, or not the next part of one. Nothing of
    /// the packet is kept then, and the next message starts a new one; a
    /// server closes the connection instead.
    pub fn handle(&mut self, message: Message) -> Result<Option<Packet>, PacketError> {
        match self.parser {
            Parser::Json => self.handle_part(message),
            #[cfg(feature = "msgpack")]
            Parser::MessagePack => super::msgpack::decode(message, &self.limits).map(Some),
        }
    }

    /// Whether attachments of a packet are still due.
    ///
    /// ```
    /// # use socketio::{Decoder, Limits, PacketError, Parser, engineio::Message};
    /// # let mut decoder = Decoder::new(Parser::Json, Limits::default());
    /// decoder.handle(r#"51-["image",{"_placeholder":true,"num":0}]"#.into())?;
    /// assert!(decoder.is_pending());
    /// let packet = decoder.handle(Message::Binary(vec![7].into()))?;
    /// assert!(packet.is_some() && !decoder.is_pending());
    /// # Ok::<_, PacketError>(())
    /// ```
    pub fn is_pending(&self) -> bool {
        self.partial.is_some()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes the next text or attachment.
    fn handle_part(&mut self, message: Message) -> Result<Option<Packet>, PacketError> {
        match (message, self.partial.take()) {
            (Message::Binary(data), Some(partial)) => self.handle_attachment(data, partial),
            (Message::Binary(_), None) => Err(PacketError::UnexpectedBinary),
            (Message::Text(_), Some(_)) => Err(PacketError::UnexpectedText),
            (Message::Text(text), None) => self.handle_text(text),
        }
    }

    fn handle_text(&mut self, text: Text) -> Result<Option<Packet>, PacketError> {
        let text = text.into_string();
        let header = Header::parse(&text, &self.limits)?;
        let nsp = match header.nsp {
            "/" => ByteString::from_static("/"),
            nsp => text.slice_ref(nsp),
        };
        let payload = text.slice_ref(header.payload);
        if header.attachments == 0 {
            let mut data = payload::read(header.kind, header.id, &payload, &self.limits)?;
            kept::detach(&mut data, text.len());
            refuse_reserved_name(&data)?;
            return Ok(Some(Packet { nsp, data }));
        }
        let mut data =
            payload::read_with_placeholders(&header, &payload, &self.limits, self.spelling)?;
        if let Some(data) = &mut data {
            kept::detach(data, text.len());
        }
        data.as_ref().map_or(Ok(()), refuse_reserved_name)?;
        self.partial = Some(Box::new(Partial {
            nsp,
            data,
            attachments: Vec::new(),
            bytes: 0,
            due: header.attachments,
        }));
        Ok(None)
    }

    fn handle_attachment(
        &mut self,
        data: Bytes,
        mut partial: Box<Partial>,
    ) -> Result<Option<Packet>, PacketError> {
        partial.bytes += data.len();
        if partial.bytes > self.limits.attachment_bytes {
            return Err(PacketError::AttachmentBytes);
        }
        partial.attachments.push(data);
        if partial.attachments.len() < partial.due {
            self.partial = Some(partial);
            return Ok(None);
        }
        partial.complete().map(Some)
    }
}

/// No client sends the events that emitters have of their own.
fn refuse_reserved_name(data: &Data) -> Result<(), PacketError> {
    match data {
        Data::Event { name, .. } if is_reserved(name) => Err(PacketError::Payload),
        _ => Ok(()),
    }
}

/// A packet some of whose attachments are still due.
#[derive(Debug)]
struct Partial {
    nsp: ByteString,
    /// What the packet says, without its attachments; `None` if one of its
    /// placeholders is illegal. That is told when the packet is complete, as
    /// the reference does.
    data: Option<Data>,
    attachments: Vec<Bytes>,
    bytes: usize,
    due: usize,
}

impl Partial {
    fn complete(self) -> Result<Packet, PacketError> {
        let mut data = self.data.ok_or(PacketError::Placeholder)?;
        if let Data::Ack { args, .. } | Data::Event { args, .. } = &mut data {
            args.attach(self.attachments);
        }
        Ok(Packet {
            nsp: self.nsp,
            data,
        })
    }
}

#[cfg(test)]
mod tests;
