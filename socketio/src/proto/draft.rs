//! An event that is written before its offset is known.

use bytes::Bytes;
use bytestring::ByteString;
use engineio::{Message, Text};

use super::args::{IntoArgs, Writer};
use super::encoder::Encoded;
use crate::{EncodeError, Parser};

/// An event that is written, but for its offset: a last argument that is known
/// when its place among all events is.
///
/// So the application's `Serialize` runs before that, and under no lock; what is
/// left to do is to put some bytes into a gap. That works for whatever the
/// packet is written in.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The event with [`GAP`] in the place of its offset.
    event: Encoded,
    head: Head,
    tail: usize,
}

/// The first message up to the gap, with room for the rest.
#[derive(Debug)]
enum Head {
    Binary(Vec<u8>),
    Text(String),
}

impl Draft {
    /// Writes an event that asks for no answer.
    pub(crate) fn new(
        parser: Parser,
        nsp: &str,
        name: &str,
        args: &impl IntoArgs,
    ) -> Result<Self, EncodeError> {
        let event = parser.encode_event(nsp, name, &Followed(args, GAP), None)?;
        let (head, tail) = match &event.parts()[0] {
            Message::Binary(data) => {
                let gap = memchr::memmem::rfind(data, GAP.as_bytes());
                let gap = gap.expect("it was just written");
                let mut head = Vec::with_capacity(data.len());
                head.extend_from_slice(&data[..gap]);
                (Head::Binary(head), gap + GAP.len())
            }
            Message::Text(text) => {
                let frame = text.frame();
                let gap = frame.rfind(GAP).expect("it was just written");
                let mut head = String::with_capacity(frame.len());
                head.push_str(&frame[..gap]);
                (Head::Text(head), gap + GAP.len())
            }
        };
        Ok(Self { event, head, tail })
    }

    /// The event with its offset: 16 characters that JSON takes as they are.
    pub(crate) fn with_offset(self, offset: &str) -> Encoded {
        debug_assert_eq!(offset.len(), GAP.len());
        let first = match (self.head, &self.event.parts()[0]) {
            (Head::Text(mut head), Message::Text(text)) => {
                head.push_str(offset);
                head.push_str(&text.frame()[self.tail..]);
                let frame = Text::from_frame(ByteString::from(head));
                Message::Text(frame.expect("it starts as before"))
            }
            (Head::Binary(mut head), Message::Binary(data)) => {
                head.extend_from_slice(offset.as_bytes());
                head.extend_from_slice(&data[self.tail..]);
                Message::Binary(Bytes::from(head))
            }
            _ => unreachable!("the head is a part of the first message"),
        };
        self.event.with_first(first)
    }
}

/// Arguments, and one more behind them.
struct Followed<'a, P>(&'a P, &'a str);

impl<P: IntoArgs> IntoArgs for Followed<'_, P> {
    fn write_args(&self, out: &mut Writer) -> Result<(), EncodeError> {
        self.0.write_args(out)?;
        out.push_one(self.1)
    }
}

/// What stands where the offset will be, as long as every offset is. The name of
/// a namespace, which can stand behind it, does not have a comma.
const GAP: &str = "--------,-------";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Args, Binary};

    #[test]
    fn the_offset_is_the_last_argument() {
        let one = Draft::new(Parser::Json, "/", "e1", &1).unwrap();
        let expected = r#"2["e1",1,"AbCd000000000001"]"#;
        assert_eq!(
            one.with_offset("AbCd000000000001").parts(),
            [expected.into()]
        );
        let none = Draft::new(Parser::Json, "/x", "e", &()).unwrap();
        let expected = r#"2/x,["e","AbCd000000000001"]"#;
        assert_eq!(
            none.with_offset("AbCd000000000001").parts(),
            [expected.into()]
        );
        let args = Args::new(json!([GAP])).unwrap();
        let same = Draft::new(Parser::Json, "/", "e", &args).unwrap();
        let expected = format!(r#"2["e",["{GAP}"],"AbCd000000000001"]"#);
        let same = same.with_offset("AbCd000000000001");
        assert_eq!(same.parts(), [expected.as_str().into()]);
    }

    #[test]
    fn an_offset_leaves_attachments_where_they_are() {
        let args = (Binary::from(vec![1]), Binary::from(vec![2]));
        let draft = Draft::new(Parser::Json, "/", "bin", &args).unwrap();
        let text = concat!(
            r#"52-["bin",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},"#,
            r#""AbCd000000000002"]"#
        );
        let event = draft.with_offset("AbCd000000000002");
        let attachments = [1, 2].map(|byte| Message::Binary(vec![byte].into()));
        assert_eq!(event.parts()[0], text.into());
        assert_eq!(event.parts()[1..], attachments);
    }

    #[cfg(feature = "msgpack")]
    #[test]
    fn an_offset_finds_its_place_in_message_pack_too() {
        let args = |offset| (Binary::from(vec![1]), GAP, offset);
        let parser = Parser::MessagePack;
        let draft = Draft::new(parser, "/chat", "bin", &(Binary::from(vec![1]), GAP)).unwrap();
        let offset = "AbCd000000000003";
        let whole = parser.encode_event("/chat", "bin", &args(offset), None);
        assert_eq!(draft.with_offset(offset), whole.unwrap());
    }

    #[test]
    fn a_draft_of_a_reserved_name_is_refused() {
        assert!(Draft::new(Parser::Json, "/", "connect", &()).is_err());
    }
}
