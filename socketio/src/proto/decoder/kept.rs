//! What a packet keeps of the message that it came in.

use bytestring::ByteString;

use crate::Data;

/// Bytes up to which a message is kept whole, whatever it says.
const SHORT: usize = 1024;

/// Copies what a packet says if it is much shorter than its message: blanks,
/// zeros and unknown keys would be kept with it, and counted by nobody.
pub(in crate::proto) fn detach(data: &mut Data, message: usize) {
    let (name, args) = match data {
        Data::Ack { args, .. } | Data::Connect(args) | Data::ConnectError(args) => (None, args),
        Data::Event { name, args, .. } => (Some(name), args),
        Data::Disconnect => return,
    };
    if message > SHORT && args.bytes() < message / 2 {
        args.detach(usize::MAX);
        if let Some(name) = name {
            *name = ByteString::from(&**name);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use engineio::{Message, Text};

    use super::*;
    use crate::{Decoder, Limits, Packet, Parser};

    /// What is read from a text, and whether it shares the text.
    fn read(text: &str) -> (Packet, bool) {
        let buffer = Text::from(text.to_owned());
        let mut decoder = Decoder::new(Parser::Json, Limits::default());
        let mut message = Message::Text(buffer.clone());
        loop {
            if let Some(packet) = decoder.handle(message).expect("it is valid") {
                return (packet, !buffer.into_string().as_bytes().is_unique());
            }
            message = Message::Binary(Bytes::from_static(b"x"));
        }
    }

    #[test]
    fn what_is_long_for_what_it_says_is_not_kept() {
        let (zeros, blanks) = ("0".repeat(SHORT), " ".repeat(SHORT));
        let placeholder = format!(r#"{{"_placeholder":true,{blanks}"num":0}}"#);
        for (long, short) in [
            (format!(r#"2{zeros}1["n",5]"#), r#"21["n",5]"#),
            (format!(r#"3{zeros}1["n",5]"#), r#"31["n",5]"#),
            (format!(r#"2["n",5]{blanks}"#), r#"2["n",5]"#),
            (
                format!(r#"51-["n",{placeholder}]"#),
                r#"51-["n",{"_placeholder":true,"num":0}]"#,
            ),
        ] {
            let (packet, is_shared) = read(&long);
            assert!(!is_shared, "{long}");
            assert_eq!(packet, read(short).0);
        }
    }

    #[test]
    fn what_says_much_is_not_copied() {
        let long = "x".repeat(2 * SHORT);
        for text in [
            r#"2["n",5]"#.to_owned(),
            r#"2/namespace,123["n"]     "#.to_owned(),
            format!(r#"2["n","{long}"]"#),
            format!(r#"31["{long}"]"#),
        ] {
            assert!(read(&text).1, "{text}");
        }
    }

    #[cfg(feature = "msgpack")]
    #[test]
    fn an_attachment_does_not_keep_what_was_skipped() {
        let head = b"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1n\xc4\x01x\xa4junk\xc5";
        for (junk, is_shared) in [(2000_u16, false), (500, true)] {
            let mut message = [&head[..], &junk.to_be_bytes()].concat();
            message.resize(message.len() + usize::from(junk), 0);
            let buffer = Bytes::from(message);
            let mut decoder = Decoder::new(Parser::MessagePack, Limits::default());
            let packet = decoder.handle(Message::Binary(buffer.clone()));
            let packet = packet.expect("it is valid").expect("it is whole");
            assert_eq!(!buffer.is_unique(), is_shared);
            assert!(matches!(
                packet.data,
                Data::Event { args, .. } if args.attachments() == [&b"x"[..]]
            ));
        }
    }
}
