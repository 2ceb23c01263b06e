//! What comes behind the text, and the objects in it that stand for that.

use super::*;
use crate::{Binary, Value};

#[test]
fn attachments_are_put_in_place() {
    let text =
        r#"52-/x,5["a",{"x":[{"_placeholder":true,"num":1}]},{"_placeholder":true,"num":0}]"#;
    let packet = decode_all(text, &[b"zero", b"one"]).unwrap().unwrap();
    assert_eq!(packet.nsp, "/x");
    let Data::Event { args, ack, .. } = packet.data else {
        panic!("no event")
    };
    assert_eq!(ack, Some(5));
    let (object, zero) = args.parse::<(Value, Binary)>().unwrap();
    let one = Value::Array(vec![Binary::from(&b"one"[..]).into()]);
    assert_eq!(object, Value::Object(vec![("x".into(), one)]));
    assert_eq!(&*zero, b"zero");
}

#[test]
fn an_attachment_may_be_named_twice_or_never() {
    let text = r#"51-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#;
    assert!(decode_all(text, &[b"x"]).unwrap().is_some());
    assert!(decode_all(r#"51-["a"]"#, &[b"x"]).unwrap().is_some());
}

#[test]
fn placeholders_are_as_many_as_attachments_may_be() {
    let text = |count: usize| {
        let placeholders = r#",{"_placeholder":true,"num":0}"#.repeat(count);
        format!(r#"51-["a"{placeholders}]"#)
    };
    assert!(decode_all(&text(10), &[b"x"]).unwrap().is_some());
    assert_eq!(
        decode_all(&text(11), &[b"x"]),
        Err(PacketError::Placeholder)
    );
}

#[test]
fn illegal_placeholders_are_told_when_the_packet_is_complete() {
    for num in [
        "1",
        "-1",
        "0.5",
        "1e9",
        "\"splice\"",
        "\"0\"",
        "null",
        "10000000000000000000000",
    ] {
        let text = format!(r#"51-["a",[{{"_placeholder":true,"num":{num}}}]]"#);
        assert_eq!(
            decode_all(&text, &[b"x"]),
            Err(PacketError::Placeholder),
            "{num}"
        );
    }
    let text = r#"51-["a",{"_placeholder":true}]"#;
    assert_eq!(decode_all(text, &[b"x"]), Err(PacketError::Placeholder));
}

#[test]
fn placeholders_of_other_clients_are_spelled_anew() {
    for placeholder in [
        r#"{"num":0,"_placeholder":true}"#,
        r#"{ "_placeholder" : true , "num" : 0 }"#,
        r#"{"_placeholder":true,"x":{"_placeholder":true,"num":9},"num":0}"#,
        r#"{"\u005fplaceholder":true,"num":0}"#,
        r#"{"_placeholder":true,"num":0,"_placeholder":false}"#,
    ] {
        let text = format!(r#"51-["a",1,[{placeholder}], 2]"#);
        let packet = decode_all(&text, &[b"x"]).unwrap().unwrap();
        let Data::Event { args, .. } = packet.data else {
            panic!("no event")
        };
        assert_eq!(args.as_json(), r#"1,[{"_placeholder":true,"num":0}], 2"#);
        let (_, data, _) = args.parse::<(u8, Vec<Binary>, u8)>().unwrap();
        assert_eq!(&*data[0], b"x");
    }
}

#[test]
fn placeholders_without_attachments_are_data() {
    let (_, args, _) = event(r#"2["a",{"_placeholder":true,"num":"splice"}]"#);
    assert_eq!(args.as_json(), r#"{"_placeholder":true,"num":"splice"}"#);
}

#[test]
fn text_is_refused_while_attachments_are_due() {
    let mut decoder = decoder();
    decoder.handle(r#"52-["a"]"#.into()).unwrap();
    decoder.handle(vec![1].into()).unwrap();
    assert!(decoder.is_pending());
    assert_eq!(
        decoder.handle("2[\"b\"]".into()),
        Err(PacketError::UnexpectedText)
    );
    assert!(!decoder.is_pending());
    assert_eq!(
        decoder.handle(vec![2].into()),
        Err(PacketError::UnexpectedBinary)
    );
}

#[test]
fn binary_is_refused_while_none_is_due() {
    assert_eq!(
        decoder().handle(vec![1].into()),
        Err(PacketError::UnexpectedBinary)
    );
    assert_eq!(
        decoder().handle(vec![].into()),
        Err(PacketError::UnexpectedBinary)
    );
}

#[test]
fn attachments_are_limited_in_bytes() {
    let mut decoder = Decoder::new(Parser::Json, Limits::default().attachment_bytes(10));
    decoder.handle(r#"53-["a"]"#.into()).unwrap();
    decoder.handle(vec![0; 6].into()).unwrap();
    decoder.handle(vec![0; 4].into()).unwrap();
    assert_eq!(
        decoder.handle(vec![0; 1].into()),
        Err(PacketError::AttachmentBytes)
    );
    assert!(!decoder.is_pending());
}
