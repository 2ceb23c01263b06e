use proptest::prelude::*;

use super::*;
use crate::proto::testing;
use crate::{Args, Binary, ConnectError, Value};

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

fn namespace() -> impl Strategy<Value = ByteString> {
    prop_oneof![
        Just(ByteString::from("/")),
        "/[^,]{0,20}".prop_map(ByteString::from)
    ]
}

fn arguments() -> impl Strategy<Value = Args> {
    prop::collection::vec(testing::value(), 0..4)
        .prop_filter("at most ten attachments", |values| {
            count_binary(values) <= 10
        })
        .prop_map(|values| Args::from_list(&values).unwrap())
}

fn count_binary(values: &[Value]) -> usize {
    let count = |value: &Value| match value {
        Value::Array(values) => count_binary(values),
        Value::Binary(_) => 1,
        Value::Object(members) => members
            .iter()
            .map(|(_, value)| count_binary(std::slice::from_ref(value)))
            .sum(),
        _ => 0,
    };
    values.iter().map(count).sum()
}

fn object() -> impl Strategy<Value = Args> {
    let member = (any::<String>(), testing::json().prop_map(Value::from));
    prop::collection::vec(member, 0..4)
        .prop_map(|members| Args::new(Value::Object(members)).unwrap())
}

fn packet() -> impl Strategy<Value = Packet> {
    let name = any::<String>().prop_filter("not reserved", |name| {
        !crate::proto::encoder::is_reserved(name)
    });
    let data = prop_oneof![
        1 => Just(Data::Connect(Args::default())),
        2 => object().prop_map(Data::Connect),
        1 => object().prop_map(Data::ConnectError),
        1 => any::<String>().prop_map(|text| Data::ConnectError(Args::new(text).unwrap())),
        1 => Just(Data::Disconnect),
        4 => (name, arguments(), any::<Option<u64>>())
            .prop_map(|(name, args, ack)| Data::Event { name: name.into(), args, ack }),
        4 => (any::<Option<u64>>(), arguments()).prop_map(|(id, args)| Data::Ack { id, args }),
    ];
    (namespace(), data).prop_map(|(nsp, data)| Packet { nsp, data })
}

/// Texts that are packets, or one mistake away from one.
fn nearly_packet() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "51-",
        "52-",
        "/",
        "/x",
        ",",
        "7",
        "-",
        "[",
        "]",
        "{",
        "}",
        "\"a\"",
        "é",
        "1",
        " ",
        r#"{"_placeholder":true,"num":0}"#,
        r#""_placeholder":true"#,
        r#""num":1"#,
        ":",
        "null",
        "\\",
        "€",
    ]);
    prop_oneof![
        any::<String>(),
        prop::collection::vec(pieces, 0..10).prop_map(|pieces| pieces.concat()),
        (packet(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(packet, index, byte)| {
            let encoded = Parser::Json.encode(&packet).unwrap();
            let Message::Text(text) = &encoded.parts()[0] else {
                panic!("expected text")
            };
            let mut text = text.as_bytes().to_vec();
            let index = index.index(text.len());
            text[index] = byte;
            String::from_utf8_lossy(&text).into_owned()
        }),
    ]
}

/// Reads all that came, in every way there is.
fn use_packet(packet: &Packet) {
    let encoded = Parser::Json
        .encode(packet)
        .expect("what was decoded can be encoded");
    if let Data::Event { args, .. } | Data::Ack { args, .. } = &packet.data {
        let _ = args.parse::<Value>();
        let _ = args.parse::<(Value, Option<Binary>, serde_json::Value)>();
        let _ = args.skip(1).get::<Vec<Value>>(1);
    }
    let mut decoder = decoder();
    let mut decoded = None;
    for part in encoded.parts() {
        decoded = decoder
            .handle(part.clone())
            .expect("what was encoded can be decoded");
    }
    assert_eq!(decoded.as_ref(), Some(packet));
}

proptest! {
    #[test]
    fn every_packet_round_trips(packet in packet()) {
        let mut decoder = decoder();
        let encoded = Parser::Json.encode(&packet).unwrap();
        let (last, parts) = encoded.parts().split_last().unwrap();
        for part in parts {
            prop_assert_eq!(decoder.handle(part.clone()), Ok(None));
            prop_assert!(decoder.is_pending());
        }
        prop_assert_eq!(decoder.handle(last.clone()), Ok(Some(packet)));
        prop_assert!(!decoder.is_pending());
    }

    #[test]
    fn arbitrary_messages_do_not_panic(
        messages in prop::collection::vec(
            prop_oneof![
                3 => nearly_packet().prop_map(Message::from),
                2 => prop::collection::vec(any::<u8>(), 0..4).prop_map(Message::from),
            ],
            0..6,
        )
    ) {
        let mut decoder = decoder();
        for message in messages {
            if let Ok(Some(packet)) = decoder.handle(message) {
                use_packet(&packet);
            }
        }
    }
}
