//! What stands in front of a packet's JSON.

use super::super::packet::Type;
use crate::{Limits, PacketError};

/// The parts of a packet's text.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Header<'a> {
    pub(super) kind: Type,
    /// The number of attachments; not 0 if the type is one of those with
    /// attachments.
    pub(super) attachments: usize,
    /// The namespace's name; starts with a slash.
    pub(super) nsp: &'a str,
    pub(super) id: Option<u64>,
    /// All that follows, meant to be JSON.
    pub(super) payload: &'a str,
}

impl<'a> Header<'a> {
    pub(super) fn parse(text: &'a str, limits: &Limits) -> Result<Self, PacketError> {
        let mut chars = text.chars();
        let (kind, binary) = match chars.next().ok_or(PacketError::Empty)? {
            '0' => (Type::Connect, false),
            '1' => (Type::Disconnect, false),
            '2' => (Type::Event, false),
            '3' => (Type::Ack, false),
            '4' => (Type::ConnectError, false),
            '5' => (Type::Event, true),
            '6' => (Type::Ack, true),
            other => return Err(PacketError::Type(other)),
        };
        let rest = chars.as_str();
        let (attachments, rest) = if binary {
            split_count(rest, limits)?
        } else {
            (0, rest)
        };
        let (nsp, rest) = split_namespace(rest);
        let (id, payload) = split_id(rest)?;
        Ok(Self {
            kind,
            attachments,
            nsp,
            id,
            payload,
        })
    }
}

/// The number of attachments, which a dash ends.
fn split_count<'a>(text: &'a str, limits: &Limits) -> Result<(usize, &'a str), PacketError> {
    let (digits, rest) = split_digits(text);
    let rest = rest.strip_prefix('-').ok_or(PacketError::AttachmentCount)?;
    if digits.is_empty() {
        return Err(PacketError::AttachmentCount);
    }
    match digits.parse() {
        Ok(0) => Err(PacketError::AttachmentCount),
        Ok(count) if count <= limits.attachments => Ok((count, rest)),
        _ => Err(PacketError::TooManyAttachments),
    }
}

/// The namespace, which a comma or the end of the text ends.
fn split_namespace(text: &str) -> (&str, &str) {
    if text.starts_with('/') {
        text.split_once(',').unwrap_or((text, ""))
    } else {
        ("/", text)
    }
}

/// The acknowledgement id, if there is one.
fn split_id(text: &str) -> Result<(Option<u64>, &str), PacketError> {
    let (digits, rest) = split_digits(text);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    let id = digits.parse().map_err(|_| PacketError::AckId)?;
    Ok((Some(id), rest))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Header<'_>, PacketError> {
        Header::parse(text, &Limits::default())
    }

    #[test]
    fn all_parts_but_the_type_may_be_missing() {
        let header = |kind, attachments, nsp, id, payload| {
            Ok(Header {
                kind,
                attachments,
                nsp,
                id,
                payload,
            })
        };
        assert_eq!(parse("0"), header(Type::Connect, 0, "/", None, ""));
        assert_eq!(
            parse("1/chat,"),
            header(Type::Disconnect, 0, "/chat", None, "")
        );
        assert_eq!(parse("0/chat"), header(Type::Connect, 0, "/chat", None, ""));
        assert_eq!(parse("0/,{}"), header(Type::Connect, 0, "/", None, "{}"));
        assert_eq!(parse("2[]"), header(Type::Event, 0, "/", None, "[]"));
        assert_eq!(
            parse("3/a,007[]"),
            header(Type::Ack, 0, "/a", Some(7), "[]")
        );
        assert_eq!(parse("510-[]"), header(Type::Event, 10, "/", None, "[]"));
        assert_eq!(
            parse("62-/a,3[]"),
            header(Type::Ack, 2, "/a", Some(3), "[]")
        );
        assert_eq!(
            parse("4/?a=b,x"),
            header(Type::ConnectError, 0, "/?a=b", None, "x")
        );
    }

    #[test]
    fn an_unknown_type_is_named() {
        for (text, kind) in [
            ("7", '7'),
            ("é[]", 'é'),
            ("😀", '😀'),
            (" 2", ' '),
            ("abc", 'a'),
        ] {
            assert_eq!(parse(text), Err(PacketError::Type(kind)), "{text}");
        }
        assert_eq!(parse(""), Err(PacketError::Empty));
    }

    #[test]
    fn attachments_are_counted_in_plain_digits_up_to_the_limit() {
        for text in [
            "5", "51", "5-", "5-[]", "5[]", "5a-", "51.5-", "5 1-", "5+1-", "50x1-", "51e0-", "5é-",
        ] {
            assert_eq!(parse(text), Err(PacketError::AttachmentCount), "{text}");
        }
        assert_eq!(parse("50-[]"), Err(PacketError::AttachmentCount));
        for text in ["511-[]", "51000000-[]", "618446744073709551616-[]"] {
            assert_eq!(parse(text), Err(PacketError::TooManyAttachments), "{text}");
        }
        let digits = format!("5{}-[]", "9".repeat(100_000));
        assert_eq!(parse(&digits), Err(PacketError::TooManyAttachments));
    }

    #[test]
    fn ids_are_exact_up_to_64_bits() {
        for (digits, id) in [
            ("0", 0),
            ("9007199254740993", (1 << 53) + 1),
            ("18446744073709551615", u64::MAX),
        ] {
            let text = format!("2{digits}[]");
            assert_eq!(parse(&text).map(|header| header.id), Ok(Some(id)));
        }
        assert_eq!(parse("218446744073709551616[]"), Err(PacketError::AckId));
        let digits = format!("2{}[]", "9".repeat(100_000));
        assert_eq!(parse(&digits), Err(PacketError::AckId));
    }

    #[test]
    fn what_is_no_digit_is_left_to_the_json() {
        for text in ["2-1[]", "2 1[]", "2abc[]", "2٣[]"] {
            let header = parse(text).unwrap();
            assert_eq!((header.id, header.payload), (None, &text[1..]), "{text}");
        }
    }
}
