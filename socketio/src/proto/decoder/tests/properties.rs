//! What holds for every packet, and for every text.

use proptest::prelude::*;

use super::*;
use crate::proto::testing;
use crate::{Binary, Value};

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
