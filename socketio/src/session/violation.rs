//! What is logged about a client that breaks the rules.

use crate::told::Told;
use crate::{Config, PacketError, Parser, Violation};

/// Logs why a connection is closed. Most reasons are for those who look for them;
/// but a client with another parser is a mistake of whoever wrote it, and sees
/// nothing but closed connections.
pub(super) fn log(violation: &Violation, config: &Config) {
    let expected = expected(violation, config);
    match (config.parser, violation) {
        (Parser::Json, Violation::Packet(PacketError::UnexpectedBinary)) => tracing::warn!(
            "connection closed: binary data came where text was expected; does the client have \
             another parser? Leave it out there, or set `Config::parser`"
        ),
        #[cfg(feature = "msgpack")]
        (Parser::MessagePack, Violation::Packet(PacketError::UnexpectedText)) => {
            tracing::warn!(
                "connection closed: text came where MessagePack was expected; give the client \
                 `socket.io-msgpack-parser`, or leave `Config::parser` as it is by default"
            );
        }
        _ => {
            let violation = Told(violation);
            tracing::debug!(%violation, %expected, "connection closed");
        }
    }
}

/// What would have been right.
fn expected(violation: &Violation, config: &Config) -> String {
    let limits = &config.limits;
    let at_most = |limit: &str, value: usize| format!("at most `Limits::{limit}`, {value}");
    let within = |limit: &str, value| format!("within `{limit}`, {value:?}");
    let error = match violation {
        Violation::AlreadyJoined => return "a DISCONNECT before it".into(),
        Violation::AttachmentTimeout => {
            return within("Limits::attachment_timeout", limits.attachment_timeout);
        }
        Violation::ConnectError => return "what clients send".into(),
        Violation::ConnectTimeout => {
            return within("Config::connect_timeout", config.connect_timeout);
        }
        Violation::NotJoined => return "a CONNECT before anything else".into(),
        Violation::Packet(error) => error,
        Violation::TooManyNamespaces => return at_most("namespaces", limits.namespaces),
    };
    match error {
        PacketError::AckId => format!("a number up to {}", u64::MAX),
        PacketError::AttachmentBytes => at_most("attachment_bytes", limits.attachment_bytes),
        PacketError::AttachmentCount => "a number above 0, then a dash".into(),
        PacketError::AuthBytes => at_most("auth_bytes", limits.auth_bytes),
        PacketError::Depth => at_most("depth", limits.depth),
        PacketError::Empty | PacketError::Type(_) => "a type from 0 to 6".into(),
        PacketError::Namespace => "`nsp`, a string".into(),
        PacketError::NamespaceLength => at_most("name_length", limits.name_length),
        PacketError::Payload => "valid, and an array where there is an event or an answer".into(),
        PacketError::Placeholder => "the number of an attachment".into(),
        PacketError::TooManyAttachments => match config.parser {
            Parser::Json => at_most("attachments", limits.attachments),
            #[cfg(feature = "msgpack")]
            Parser::MessagePack => at_most("binaries", limits.binaries),
        },
        PacketError::TypeNumber => "`type`, from 0 to 4".into(),
        PacketError::UnexpectedBinary => "text".into(),
        PacketError::UnexpectedText => "an attachment".into(),
    }
}
