//! Session ids.

use std::borrow::Borrow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The id of a session: 20 URL-safe characters, 120 bits.
///
/// It is a secret: who knows it can post as the client. So it is shortened
/// where it is printed, and nothing that other clients see is made from it.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Sid(Box<str>);

impl Sid {
    /// Makes an id of 15 bytes, which should come from a generator that nobody
    /// can predict.
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
        write!(f, "{}…", &self.0[..6])
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
    }
}
