//! What clients may say: each value is checked while it is parsed, so a handler
//! cannot see one that is too long.

use serde::{Deserialize, Serialize, Serializer};
use socketio::DecodeError;

/// Characters of a name.
const NAME_LENGTH: usize = 32;
/// Characters of a room's id.
const ROOM_LENGTH: usize = 64;
/// Characters of a message.
const TEXT_LENGTH: usize = 2_000;

/// What somebody wants to be called. Not unique, and not proven: whoever asks
/// for a name gets it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(String);

/// The id of a room, which is also its name on the page.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(crate) struct Room(String);

/// A message or an announcement.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Text(String);

impl Name {
    /// The name of somebody who gave none.
    pub(crate) fn guest(socket_id: &str) -> Self {
        let short: String = socket_id.chars().take(4).collect();
        Self(format!("guest {short}"))
    }
}

/// Sockets are reached by their id just as a room is by its name. With a prefix
/// no client can name a room after somebody else's socket.
const PREFIX: &str = "room:";

impl Room {
    /// The room that this name of a namespace's room stands for.
    pub(crate) fn of(name: &str) -> Option<Self> {
        name.starts_with(PREFIX).then(|| Self(name.to_owned()))
    }
}

impl AsRef<str> for Room {
    /// The name of the room in its namespace.
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Room {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0[PREFIX.len()..])
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(Self(line(NAME, &text, NAME_LENGTH)?.to_owned()))
    }
}

impl TryFrom<String> for Room {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let id = line(ROOM, &text, ROOM_LENGTH)?;
        Ok(Self(format!("{PREFIX}{id}")))
    }
}

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(Self(bounded(MESSAGE, &text, TEXT_LENGTH)?.to_owned()))
    }
}

/// What to tell a client whose arguments do not fit. The sentences of the types
/// here are for people, those of the parser are not.
pub(crate) fn explain(error: &DecodeError) -> String {
    let text = error.to_string();
    let (why, _position) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    let is_ours = [NAME, ROOM, MESSAGE]
        .iter()
        .any(|what| why.starts_with(what));
    let why = if is_ours {
        why
    } else {
        "this was not understood"
    };
    why.to_owned()
}

/// What the sentences begin with.
const NAME: &str = "a name";
const ROOM: &str = "a room";
const MESSAGE: &str = "a message";

/// One line of text, without the space around it.
fn line<'a>(what: &str, text: &'a str, max: usize) -> Result<&'a str, String> {
    let text = bounded(what, text, max)?;
    if text.contains(|char: char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')) {
        return Err(format!("{what} is one line of text"));
    }
    if text.contains(is_bidi_control) {
        return Err(format!("{what} does not change the direction of text"));
    }
    Ok(text)
}

/// Whether a character turns what follows it around, also the text of others.
fn is_bidi_control(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text without the space around it, neither empty nor too long.
fn bounded<'a>(what: &str, text: &'a str, max: usize) -> Result<&'a str, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().nth(max).is_some() {
        return Err(format!("{what} is 1 to {max} characters long"));
    }
    if text.chars().all(is_invisible) {
        return Err(format!("{what} has at least one visible character"));
    }
    Ok(text)
}

/// Whether nothing is drawn for a character by itself. Joiners and variation
/// selectors are invisible and belong into many an emoji.
fn is_invisible(char: char) -> bool {
    char.is_control()
        || char.is_whitespace()
        || matches!(
            char,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}' | '\u{1160}'
                | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn text_is_trimmed_and_may_be_as_long_as_its_limit() {
        let name = from_value::<Name>(json!("  Ann\u{a0}")).unwrap();
        assert_eq!(name, Name("Ann".into()));
        assert!(from_value::<Name>(json!("ö".repeat(32))).is_ok());
        for name in ["👩\u{200d}🚀", "❤\u{fe0f}", "עדה\u{200f}"] {
            assert_eq!(from_value::<Name>(json!(name)).unwrap(), Name(name.into()));
        }
        assert!(from_value::<Text>(json!("two\nlines")).is_ok());
    }

    #[test]
    fn what_is_no_text_to_read_is_refused_with_the_reason() {
        for (name, why) in [
            ("", "a name is 1 to 32 characters long"),
            (" \t", "a name is 1 to 32 characters long"),
            (&*"a".repeat(33), "a name is 1 to 32 characters long"),
            ("two\nlines", "a name is one line of text"),
            ("two\u{2028}lines", "a name is one line of text"),
            (
                "\u{202e}nnA",
                "a name does not change the direction of text",
            ),
            (
                "\u{2066}Ann",
                "a name does not change the direction of text",
            ),
            ("\u{200b}", "a name has at least one visible character"),
            (
                "\u{3164} \u{e0020}",
                "a name has at least one visible character",
            ),
        ] {
            let error = from_value::<Name>(json!(name)).unwrap_err();
            assert_eq!(error.to_string(), why);
        }
        assert!(from_value::<Room>(json!("a".repeat(65))).is_err());
        assert!(from_value::<Text>(json!("a".repeat(2001))).is_err());
    }

    #[test]
    fn only_a_string_is_text() {
        for value in [
            json!(null),
            json!(7),
            json!(["Ann"]),
            json!({ "name": "Ann" }),
        ] {
            assert!(from_value::<Name>(value.clone()).is_err(), "{value}");
            assert!(from_value::<Room>(value.clone()).is_err(), "{value}");
            assert!(from_value::<Text>(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn a_room_is_not_named_like_a_socket() {
        let room = from_value::<Room>(json!("lobby")).unwrap();
        assert_eq!(room.as_ref(), "room:lobby");
        assert_eq!(Room::of("room:lobby").unwrap(), room);
        assert_eq!(Room::of("lobby"), None);
        assert_eq!(json!(room), json!("lobby"));
    }
}
