mod attachments;
mod properties;

use super::*;
use crate::{Args, ConnectError};

fn decoder() -> Decoder {
    Decoder::new(Parser::Json, Limits::default())
}

fn decode(text: &str) -> Result<Option<Packet>, PacketError> {
    decoder().handle(text.into())
}

fn data(text: &str) -> Data {
    decode(text).unwrap().unwrap().data
}

fn event(text: &str) -> (String, Args, Option<u64>) {
    match data(text) {
        Data::Event { name, args, ack } => (name.to_string(), args, ack),
        other => panic!("expected an event, got {other:?}"),
    }
}

/// Feeds a text and then attachments; the last result.
fn decode_all(text: &str, attachments: &[&[u8]]) -> Result<Option<Packet>, PacketError> {
    let mut decoder = decoder();
    let mut result = decoder.handle(text.into());
    for attachment in attachments {
        assert_eq!(result, Ok(None), "{text}");
        result = decoder.handle(attachment.to_vec().into());
    }
    result
}

#[test]
fn events_and_answers_are_read() {
    let (name, args, ack) = event(r#"2/admin,456["say", "a" ,{"b":1}] "#);
    assert_eq!((&*name, args.len(), ack), ("say", 2, Some(456)));
    assert_eq!(args.as_json(), r#""a" ,{"b":1}"#);
    let (name, args, ack) = event(r#"2["say"]"#);
    assert_eq!((&*name, args, ack), ("say", Args::default(), None));
    let args = Args::new((1, "x")).unwrap();
    assert_eq!(data(r#"37[1,"x"]"#), Data::Ack { id: Some(7), args });
    assert_eq!(
        data("3[]"),
        Data::Ack {
            id: None,
            args: Args::default()
        }
    );
}

#[test]
fn names_may_have_escapes() {
    assert_eq!(event(r#"2["caf\u00e9"]"#).0, "café");
    assert_eq!(event(r#"2["a\"b"]"#).0, "a\"b");
    assert_eq!(event("2[\"日本\"]").0, "日本");
    assert_eq!(event(r#"2[""]"#).0, "");
}

#[test]
fn names_may_be_integers() {
    assert_eq!(event("2[1]").0, "1");
    assert_eq!(event(r#"21[-7,"x"]"#).0, "-7");
    assert_eq!(event("2[-0]").0, "0");
}

#[test]
fn names_are_nothing_else() {
    for text in [
        "2[]",
        "2[null]",
        "2[true,\"foo\"]",
        "2[{\"toString\":\"foo\"}]",
        "2[[\"a\"]]",
        "2[1.5]",
        "2[1e3]",
        "2[99999999999999999999]",
        r#"2["\ud800"]"#,
        r#"51-[{"_placeholder":true,"num":0}]"#,
    ] {
        assert_eq!(decode(text), Err(PacketError::Payload), "{text}");
    }
}

#[test]
fn reserved_names_are_refused_in_any_spelling() {
    for name in [
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
    ] {
        assert_eq!(
            decode(&format!("2[\"{name}\"]")),
            Err(PacketError::Payload),
            "{name}"
        );
    }
    assert_eq!(decode(r#"2["\u0063onnect"]"#), Err(PacketError::Payload));
    for name in [
        "error",
        "connection",
        "message",
        "__proto__",
        "new_namespace",
    ] {
        assert_eq!(event(&format!("2[\"{name}\"]")).0, name);
    }
}

#[test]
fn payloads_fit_their_type() {
    for text in [
        "2",
        "24",
        "2/x",
        "2null",
        "2{}",
        "2\"a\"",
        "2/admin,\"invalid",
        "2[\"a\"",
        "2[\"a\"]x",
        "2 [\"a\"]",
        "3",
        "3{}",
        "3null",
        "0[]",
        "0\"x\"",
        "0null",
        "0 {}",
        "0{}{}",
        "1{}",
        "1/admin,{}",
        "1 ",
        "1\n",
        "4[]",
        "4null",
        "4true",
        "442[\"some\",\"data\"",
        "51-{}",
        "51-",
        "42[\"x\",]",
    ] {
        assert_eq!(decode(text), Err(PacketError::Payload), "{text}");
    }
}

#[test]
fn an_auth_payload_is_an_object_or_missing() {
    assert_eq!(data("0"), Data::Connect(Args::default()));
    let Data::Connect(auth) = data(r#"0/admin,{"token":"abc"} "#) else {
        panic!("no connect")
    };
    assert_eq!((auth.len(), auth.as_json()), (1, r#"{"token":"abc"}"#));
}

#[test]
fn an_auth_payload_above_its_own_limit_is_refused() {
    let auth = |len: usize| format!("0{{\"t\":\"{}\"}}", "x".repeat(len - 8));
    assert!(decode(&auth(64 << 10)).is_ok());
    assert_eq!(decode(&auth((64 << 10) + 1)), Err(PacketError::AuthBytes));
    assert_eq!(decode(&auth(1_000_000)), Err(PacketError::AuthBytes));
}

#[test]
fn an_auth_payload_does_not_keep_the_message_alive() {
    let message = ByteString::from(r#"40/admin,{"token":"abc"}"#.to_owned());
    let range = message.as_bytes().as_ptr_range();
    let text = Text::from_frame(message.clone()).unwrap();
    let packet = decoder().handle(text.into()).unwrap().unwrap();
    let Data::Connect(auth) = packet.data else {
        panic!("no connect")
    };
    assert!(!range.contains(&auth.as_json().as_ptr()));
}

#[test]
fn a_refusal_is_read_in_all_its_forms() {
    let error = |text| match data(text) {
        Data::ConnectError(args) => args,
        other => panic!("expected an error, got {other:?}"),
    };
    assert!(error("4").is_empty());
    let parsed: ConnectError = error(r#"4/x,{"message":"no","data":{"code":1}}"#)
        .parse()
        .unwrap();
    assert_eq!(
        parsed,
        ConnectError::new("no").with_data(serde_json::json!({ "code": 1 }))
    );
    assert_eq!(
        error(r#"4"no""#).parse::<ConnectError>().unwrap(),
        "no".into()
    );
    assert_eq!(error("4{}").parse::<ConnectError>().unwrap(), "".into());
}

#[test]
fn an_id_on_a_packet_that_needs_none_is_ignored() {
    assert_eq!(data("19"), Data::Disconnect);
    assert!(matches!(data("07{}"), Data::Connect(_)));
}

#[test]
fn depth_counts_the_array_of_arguments() {
    let nested = |levels: usize| {
        let inner = levels - 1;
        format!("2[\"x\",{}1{}]", "[".repeat(inner), "]".repeat(inner))
    };
    assert!(decode(&nested(100)).is_ok());
    assert_eq!(decode(&nested(101)), Err(PacketError::Depth));
    assert_eq!(decode(&nested(100_000)), Err(PacketError::Depth));
    assert_eq!(
        decode(&format!("0{}", "{\"a\":".repeat(10_000))),
        Err(PacketError::Depth)
    );
    assert_eq!(
        decode(&format!("51-{}", "[".repeat(900_000))),
        Err(PacketError::Depth)
    );
}

#[test]
fn messages_are_those_of_the_reference() {
    let message = |text| decode(text).unwrap_err().to_string();
    assert_eq!(message("999"), "unknown packet type 9");
    assert_eq!(message("5"), "Illegal attachments");
    assert_eq!(message("511-[]"), "too many attachments");
    assert_eq!(message("2{}"), "invalid payload");
    let illegal = decode_all(r#"51-["a",{"_placeholder":true}]"#, &[b""]);
    assert_eq!(illegal.unwrap_err().to_string(), "illegal attachments");
    let binary = decoder().handle(vec![1].into()).unwrap_err();
    assert_eq!(
        binary.to_string(),
        "got binary data when not reconstructing a packet"
    );
    let mut decoder = decoder();
    decoder.handle(r#"51-["a"]"#.into()).unwrap();
    let text = decoder.handle("2".into()).unwrap_err();
    assert_eq!(
        text.to_string(),
        "got plaintext data when reconstructing a packet"
    );
}

#[test]
fn the_packet_shares_the_buffer_of_its_message() {
    let message = ByteString::from(r#"42/x,["name","argument"]"#.to_owned());
    let range = message.as_bytes().as_ptr_range();
    let text = Text::from_frame(message.clone()).unwrap();
    let packet = decoder().handle(text.into()).unwrap().unwrap();
    let Data::Event { name, args, .. } = packet.data else {
        panic!("no event")
    };
    assert!(range.contains(&name.as_ptr()) && range.contains(&args.as_json().as_ptr()));
}
