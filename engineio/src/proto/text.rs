//! Text messages, kept together with the digit that goes in front of them.

use std::fmt;
use std::ops::Deref;

use bytestring::ByteString;

/// The content of a text message.
///
/// It is stored as the frame that carries it: the packet type `4`, then the
/// text. So a message received on one transport is sent on any other, to any
/// number of sessions, from one shared buffer. Clones share it.
///
/// ```
/// use engineio::Text;
///
/// let text = Text::from("hello");
/// assert_eq!(text.as_str(), "hello");
/// assert_eq!(&**text.frame(), "4hello");
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Text(ByteString);

impl Text {
    /// Takes a whole message frame, its leading `4` included.
    ///
    /// This is the way in that copies nothing: write into a `String` that
    /// starts with the `4`. Returns `None` if the frame starts with anything
    /// else.
    ///
    /// ```
    /// # use engineio::Text;
    /// let text = Text::from_frame(format!("4{} in a room", 3)).expect("it starts with 4");
    /// assert_eq!(text.as_str(), "3 in a room");
    /// assert!(Text::from_frame("3 in a room").is_none());
    /// ```
    pub fn from_frame(frame: impl Into<ByteString>) -> Option<Self> {
        let frame = frame.into();
        frame.starts_with('4').then_some(Self(frame))
    }

    /// The text without the packet type.
    pub fn as_str(&self) -> &str {
        &self.0[1..]
    }

    /// The whole frame: the packet type `4`, then the text.
    pub fn frame(&self) -> &ByteString {
        &self.0
    }

    /// The text as a shared string; nothing is copied.
    ///
    /// ```
    /// # use engineio::Text;
    /// assert_eq!(Text::from("hello").into_string(), "hello");
    /// ```
    pub fn into_string(self) -> ByteString {
        self.0.slice_ref(&self.0[1..])
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut frame = String::with_capacity(text.len() + 1);
        frame.push('4');
        frame.push_str(text);
        Self(frame.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_message_frame_is_text() {
        assert_eq!(Text::from_frame("4").as_deref(), Some(""));
        assert_eq!(Text::from_frame("4é"), Some(Text::from("é")));
        assert_eq!(Text::from_frame("2probe"), None);
        assert_eq!(Text::from_frame(""), None);
    }

    #[test]
    fn the_string_shares_the_frame() {
        let text = Text::from("shared");
        let address = text.as_str().as_ptr();
        assert_eq!(text.into_string().as_ptr(), address);
    }
}
