//! Session ids.

use std::borrow::Borrow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The id of a session: 20 URL-safe characters, 120 bits, unless the
/// application makes its own.
///
/// It is a secret: who knows it can post as the client. So it is shortened
/// where it is printed, and nothing that other clients see is made from it.
///
/// ```
/// use engineio::Sid;
///
/// let sid = Sid::new("node-7.9xT4uUq1nJmVf0Kz2wBp").unwrap();
/// assert_eq!(sid.as_str(), "node-7.9xT4uUq1nJmVf0Kz2wBp");
/// assert_eq!(sid.to_string(), "node-7…", "a log does not tell the secret");
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Sid(Box<str>);

/// Why a text is no id of a session.
///
/// ```
/// use engineio::{InvalidSid, Sid};
///
/// assert_eq!(Sid::new(""), Err(InvalidSid::Length(0)));
/// assert_eq!(Sid::new("a/b"), Err(InvalidSid::Character('/')));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSid {
    /// It has a character that would have to be encoded in a URL.
    #[error("expected letters, digits, `-`, `_`, `.` and `~`, got {0:?}")]
    Character(char),
    /// It is empty, or longer than 128 characters.
    #[error("expected 1 to 128 characters, got {0}")]
    Length(usize),
}

impl Sid {
    /// Takes an id that the application made.
    ///
    /// It should be as hard to guess as a password: whoever guesses it can read
    /// and write as the client. 120 bits from the operating system's generator,
    /// which [`from_bytes`](Self::from_bytes) makes an id of, are enough.
    /// Proxies that keep a client on its server by this id may expect 20 of the
    /// characters `A-Z a-z 0-9 - _`.
    ///
    /// ```
    /// use engineio::{InvalidSid, Sid};
    ///
    /// let sid = Sid::new("node-7.9xT4uUq1nJmVf0Kz2wBp").unwrap();
    /// assert_eq!(sid.as_str(), "node-7.9xT4uUq1nJmVf0Kz2wBp");
    /// assert_eq!(Sid::new("a b"), Err(InvalidSid::Character(' ')));
    /// ```
    ///
    /// # Errors
    ///
    /// If it is empty or longer than 128 characters, or has one that is not a
    /// letter or digit of ASCII, `-`, `_`, `.` or `~`.
    pub fn new(id: impl Into<Box<str>>) -> Result<Self, InvalidSid> {
        let id = id.into();
        let is_safe = |char: &char| char.is_ascii_alphanumeric() || "-_.~".contains(*char);
        if let Some(char) = id.chars().find(|char| !is_safe(char)) {
            return Err(InvalidSid::Character(char));
        }
        if !(1..=128).contains(&id.len()) {
            return Err(InvalidSid::Length(id.len()));
        }
        Ok(Self(id))
    }

    /// Makes an id of 15 bytes, which should come from a generator that nobody
    /// can predict.
    ///
    /// ```
    /// # use engineio::Sid;
    /// assert_eq!(Sid::from_bytes([0; 15]).as_str(), "AAAAAAAAAAAAAAAAAAAA");
    /// ```
    pub fn from_bytes(bytes: [u8; 15]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The id, whole.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Sid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A short one would be told whole: no more than a third is.
        let shown = (self.0.len() / 3).min(6);
        write!(f, "{}…", &self.0[..shown])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_twenty_url_safe_characters() {
        let sid = Sid::from_bytes([0xff; 15]);
        assert_eq!(sid.as_str(), "_".repeat(20));
        assert_eq!(Sid::from_bytes([0xfb; 15]).as_str(), "-_v7".repeat(5));
    }

    #[test]
    fn an_id_is_shortened_where_it_is_printed() {
        let sid = Sid::from_bytes([0; 15]);
        assert_eq!(format!("{sid} {sid:?}"), "AAAAAA… AAAAAA…");
        for (id, shown) in [("a", "…"), ("abc", "a…"), ("abcdefgh", "ab…")] {
            assert_eq!(Sid::new(id).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn an_id_of_the_application_is_url_safe_and_of_a_sane_length() {
        let longest = "x".repeat(128);
        for id in ["0", "Az09-_.~", &longest] {
            assert_eq!(Sid::new(id).unwrap().as_str(), id);
        }
        for (id, error) in [
            ("", InvalidSid::Length(0)),
            (&*"x".repeat(129), InvalidSid::Length(129)),
            ("a/b", InvalidSid::Character('/')),
            ("a\r\nb", InvalidSid::Character('\r')),
            ("a\"b", InvalidSid::Character('"')),
            ("é", InvalidSid::Character('é')),
        ] {
            assert_eq!(Sid::new(id), Err(error), "{id}");
        }
    }
}
