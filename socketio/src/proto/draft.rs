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
    /// The event without its first message.
    event: Encoded,
    first: First,
    /// Where the offset belongs.
    gap: usize,
}

/// The first message, which nobody else has: it is changed in place.
#[derive(Debug)]
enum First {
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
        let gap = memchr::memmem::rfind(frame(&event.parts()[0]), GAP.as_bytes());
        Ok(Self::of(event, gap.expect("it was just written")))
    }

    /// An event whose offset stands there, to be given another one. Of an event
    /// that others have as well the first message is copied.
    pub(crate) fn of(mut event: Encoded, gap: usize) -> Self {
        let first = match event.replace_first(Message::Binary(Bytes::new())) {
            Message::Binary(data) => First::Binary(data.into()),
            Message::Text(text) => {
                let frame = text.frame().clone();
                drop(text);
                let frame = String::from_utf8(frame.into_bytes().into());
                First::Text(frame.expect("it was text"))
            }
        };
        Self { event, first, gap }
    }

    /// The event with its offset, and where that stands.
    pub(crate) fn with_offset(self, offset: &str) -> (Encoded, usize) {
        debug_assert!(is_offset(offset), "{offset:?}");
        let Self {
            mut event,
            first,
            gap,
        } = self;
        let place = gap..gap + GAP.len();
        event.replace_first(match first {
            First::Binary(mut data) => {
                data[place].copy_from_slice(offset.as_bytes());
                Message::Binary(Bytes::from(data))
            }
            First::Text(mut text) => {
                // As long as what it replaces, so that nothing moves.
                text.replace_range(place, offset);
                let frame = Text::from_frame(ByteString::from(text));
                Message::Text(frame.expect("it starts as before"))
            }
        });
        (event, gap)
    }
}

/// Whether this can be an offset: 16 characters that stand for themselves in
/// JSON, and in MessagePack.
pub(crate) fn is_offset(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    text.len() == GAP.len() && text.bytes().all(is_plain)
}

fn frame(message: &Message) -> &[u8] {
    match message {
        Message::Binary(data) => data,
        Message::Text(text) => text.frame().as_bytes(),
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

/// The offset of an event that is not kept, which no store gave.
pub(crate) const UNKNOWN: &str = "----------------";

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
            one.with_offset("AbCd000000000001").0.parts(),
            [expected.into()]
        );
        let none = Draft::new(Parser::Json, "/x", "e", &()).unwrap();
        let expected = r#"2/x,["e","AbCd000000000001"]"#;
        assert_eq!(
            none.with_offset("AbCd000000000001").0.parts(),
            [expected.into()]
        );
        let args = Args::new(json!([GAP])).unwrap();
        let same = Draft::new(Parser::Json, "/", "e", &args).unwrap();
        let expected = format!(r#"2["e",["{GAP}"],"AbCd000000000001"]"#);
        let (same, _) = same.with_offset("AbCd000000000001");
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
        let (event, _) = draft.with_offset("AbCd000000000002");
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
        assert_eq!(draft.with_offset(offset).0, whole.unwrap());
    }

    #[test]
    fn an_offset_is_written_where_it_belongs_and_nothing_is_copied() {
        let place = |packet: &Encoded| frame(&packet.parts()[0]).as_ptr();
        for args in [vec![1; 3], vec![1; 3000]] {
            let draft = Draft::new(Parser::Json, "/x", "e", &args).unwrap();
            let First::Text(text) = &draft.first else {
                panic!("{draft:?}")
            };
            let before = text.as_ptr();
            let (event, gap) = draft.with_offset("AbCd000000000004");
            assert_eq!(place(&event), before);
            // What others have as well stays as it is.
            let draft = Draft::of(event.clone(), gap);
            let (other, _) = draft.with_offset("AbCd000000000005");
            assert_ne!(place(&other), before);
            let text =
                |event: &Encoded| String::from_utf8_lossy(frame(&event.parts()[0])).into_owned();
            assert!(text(&event).ends_with(r#","AbCd000000000004"]"#));
            assert_eq!(text(&other), text(&event).replace("0004", "0005"));
        }
    }

    #[test]
    fn a_draft_of_a_reserved_name_is_refused() {
        assert!(Draft::new(Parser::Json, "/", "connect", &()).is_err());
    }
}
