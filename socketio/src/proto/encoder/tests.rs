use serde::Serialize;
use serde_json::json;

use super::*;
use crate::{Args, Binary, ConnectError, Data, Packet, Parser, Protocol, Value};

fn text(encoded: &Encoded) -> &str {
    match &encoded.parts()[0] {
        Message::Text(text) => text,
        Message::Binary(data) => panic!("expected text, got {data:?}"),
    }
}

#[test]
fn events_have_namespace_and_id_only_if_they_need_them() {
    let event = |nsp, id| {
        Parser::Json
            .encode_event(nsp, "say", &("hi", 1), id)
            .unwrap()
    };
    assert_eq!(text(&event("/", None)), r#"2["say","hi",1]"#);
    assert_eq!(text(&event("/", Some(0))), r#"20["say","hi",1]"#);
    assert_eq!(text(&event("/chat", None)), r#"2/chat,["say","hi",1]"#);
    let max = event("/chat", Some(u64::MAX));
    assert_eq!(text(&max), r#"2/chat,18446744073709551615["say","hi",1]"#);
}

#[test]
fn no_argument_and_one_are_written() {
    assert_eq!(
        text(&Parser::Json.encode_event("/", "a\"b", &(), None).unwrap()),
        r#"2["a\"b"]"#
    );
    assert_eq!(
        text(
            &Parser::Json
                .encode_event("/", "", &json!({}), None)
                .unwrap()
        ),
        r#"2["",{}]"#
    );
    assert_eq!(
        text(&Parser::Json.encode_event("/", "a", &[0; 0], None).unwrap()),
        r#"2["a"]"#
    );
    assert_eq!(text(&Parser::Json.encode_ack("/", 7, &()).unwrap()), "37[]");
    assert_eq!(
        text(&Parser::Json.encode_ack("/x", 10, &vec![1]).unwrap()),
        "3/x,10[[1]]"
    );
    assert_eq!(
        text(&Parser::Json.encode_ack("/x", 10, &(1, 2)).unwrap()),
        "3/x,10[1,2]"
    );
}

#[test]
fn arguments_that_are_passed_on_are_as_if_written() {
    /// Hides that arguments are written already.
    struct Hidden<'a>(&'a Args);

    impl IntoArgs for Hidden<'_> {
        fn write_args(&self, out: &mut Writer) -> Result<(), EncodeError> {
            self.0.write_args(out)
        }
    }

    let parser = Parser::Json;
    for args in [
        Args::default(),
        Args::new(("é\n", 1)).unwrap(),
        Args::new((Binary::from(vec![1]), Binary::from(vec![]))).unwrap(),
    ] {
        for name in ["say", "", "é", "a\"b", "a\\b", "a\nb", "\u{7f}", "\u{0}"] {
            for (nsp, id) in [("/", None), ("/x", Some(12))] {
                let event = parser.encode_event(nsp, name, &args, id).unwrap();
                let expected = parser.encode_event(nsp, name, &Hidden(&args), id).unwrap();
                assert_eq!(event, expected, "{name:?}");
            }
        }
        let ack = parser.encode_ack("/", 7, &args).unwrap();
        assert_eq!(ack, parser.encode_ack("/", 7, &Hidden(&args)).unwrap());
    }
}

#[test]
fn attachments_follow_in_depth_first_order() {
    let args = (
        json!({ "a": 1 }),
        vec![Binary::from(vec![1])],
        Binary::from(vec![2, 3]),
    );
    let event = Parser::Json
        .encode_event("/admin", "file", &args, Some(12))
        .unwrap();
    let [_, one, two] = event.parts() else {
        panic!("expected three messages")
    };
    assert_eq!(
        text(&event),
        concat!(
            r#"52-/admin,12["file",{"a":1},[{"_placeholder":true,"num":0}],"#,
            r#"{"_placeholder":true,"num":1}]"#
        )
    );
    assert_eq!(
        [one, two],
        [&Message::from(vec![1]), &Message::from(vec![2, 3])]
    );
    let ack = Parser::Json
        .encode_ack("/", 7, &("r1", Binary::from(vec![7])))
        .unwrap();
    assert_eq!(text(&ack), r#"61-7["r1",{"_placeholder":true,"num":0}]"#);
}

#[test]
fn connect_disconnect_and_refusal_are_the_references() {
    assert_eq!(
        text(&Parser::Json.encode_connect(Protocol::V5, "/", "abc", None)),
        r#"0{"sid":"abc"}"#
    );
    assert_eq!(
        text(&Parser::Json.encode_connect(Protocol::V5, "/x", "abc", Some("def"))),
        r#"0/x,{"sid":"abc","pid":"def"}"#
    );
    assert_eq!(text(&Parser::Json.encode_disconnect("/")), "1");
    assert_eq!(text(&Parser::Json.encode_disconnect("/x")), "1/x,");
    let error = ConnectError::new("Invalid namespace");
    assert_eq!(
        text(&Parser::Json.encode_connect_error(Protocol::V5, "/x", &error)),
        r#"4/x,{"message":"Invalid namespace"}"#
    );
    let error = ConnectError::new("bad auth").with_data(json!({ "code": 1 }));
    assert_eq!(
        text(&Parser::Json.encode_connect_error(Protocol::V5, "/mw", &error)),
        r#"4/mw,{"message":"bad auth","data":{"code":1}}"#
    );
}

#[test]
fn reserved_names_are_refused() {
    for name in [
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
    ] {
        let error = Parser::Json.encode_event("/", name, &(), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{name:?} is a reserved event name, which has a meaning of its own: emit another"
            )
        );
    }
    for name in ["error", "connection", "message", "__proto__", "Connect"] {
        assert!(Parser::Json.encode_event("/", name, &(), None).is_ok());
    }
}

#[test]
fn arguments_are_forwarded_unparsed_with_their_attachments() {
    let args = Args::new((0.5, Binary::from(vec![9]))).unwrap();
    let event = Parser::Json
        .encode_event("/", "other", &args, None)
        .unwrap();
    assert_eq!(
        text(&event),
        r#"51-["other",0.5,{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(event.parts()[1], Message::from(vec![9]));
    assert_eq!(
        text(&Parser::Json.encode_ack("/", 1, &args.skip(2)).unwrap()),
        "61-1[]"
    );
}

#[test]
fn the_frame_is_written_once_and_shared() {
    let event = Parser::Json
        .encode_event("/chat", "say", &("hello",), Some(5))
        .unwrap();
    let Message::Text(written) = &event.parts()[0] else {
        panic!("expected text")
    };
    assert!(written.frame().starts_with("42/chat,5["));
    let copy = event.clone();
    assert_eq!(text(&copy).as_ptr(), text(&event).as_ptr());
}

#[test]
fn an_emission_inside_of_serialize_does_not_disturb_the_outer_one() {
    struct Emits;

    impl Serialize for Emits {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let inner = Parser::Json
                .encode_event("/", "inner", &(1, 2, 3), None)
                .unwrap();
            serializer.serialize_str(text(&inner))
        }
    }

    let event = Parser::Json
        .encode_event("/", "outer", &(Emits, 4), None)
        .unwrap();
    assert_eq!(text(&event), r#"2["outer","2[\"inner\",1,2,3]",4]"#);
}

#[test]
fn a_packet_made_by_hand_has_to_carry_what_its_type_does() {
    let encode = |data| {
        Parser::Json.encode(&Packet {
            nsp: "/x".into(),
            data,
        })
    };
    let args = |value| Args::new(Value::from(value)).unwrap();
    assert_eq!(
        text(&encode(Data::Connect(args(json!({})))).unwrap()),
        "0/x,{}"
    );
    assert_eq!(
        text(&encode(Data::Connect(Args::default())).unwrap()),
        "0/x,"
    );
    assert_eq!(
        text(&encode(Data::ConnectError(args(json!("no")))).unwrap()),
        r#"4/x,"no""#
    );
    for data in [
        Data::Connect(args(json!("token"))),
        Data::Connect(Args::new((json!({}), 1)).unwrap()),
        Data::Connect(Args::new(Binary::from(vec![1])).unwrap()),
        Data::ConnectError(args(json!(1))),
        Data::ConnectError(Args::new(("no", "no")).unwrap()),
    ] {
        assert!(matches!(encode(data), Err(EncodeError::Payload)));
    }
}
