use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;
use rmp::encode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::*;
use crate::proto::testing;
use crate::{Args, Binary, ConnectError, Decoder, Parser, Protocol, Value};

fn read(message: &[u8]) -> Result<Packet, PacketError> {
    read_with(message, Limits::default())
}

fn read_with(message: &[u8], limits: Limits) -> Result<Packet, PacketError> {
    let message = Message::Binary(Bytes::copy_from_slice(message));
    decode(message, &limits)
}

/// An event with one argument, which is given as MessagePack.
fn event(argument: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    encode::write_map_len(&mut message, 3).unwrap();
    for (key, value) in [
        ("type", &[2][..]),
        ("nsp", b"\xa1/"),
        ("data", b"\x92\xa1a"),
    ] {
        encode::write_str(&mut message, key).unwrap();
        message.extend(value);
    }
    message.extend(argument);
    message
}

/// How an argument reads.
fn argument(argument: &[u8]) -> Result<Args, PacketError> {
    match read(&event(argument))?.data {
        Data::Event { args, .. } => Ok(args),
        other => panic!("expected an event, got {other:?}"),
    }
}

fn json_of(value: &[u8]) -> String {
    argument(value).unwrap().as_json().to_owned()
}

fn bytes(encoded: &Encoded) -> Vec<u8> {
    match encoded.parts() {
        [Message::Binary(message)] => message.to_vec(),
        other => panic!("expected one binary message, got {other:?}"),
    }
}

fn packet_of(encoded: &Encoded) -> Packet {
    read(&bytes(encoded)).unwrap()
}

#[test]
fn packets_of_the_official_client_are_read() {
    let connect = b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\xd4\x00\x00";
    let expected = Packet {
        nsp: "/".into(),
        data: Data::Connect(Args::default()),
    };
    assert_eq!(read(connect), Ok(expected));
    for (kind, data) in [(0, Data::Connect(Args::default())), (1, Data::Disconnect)] {
        let mut without_data = b"\x83\xa3nsp\xa1/\xa4data\xc0\xa4type".to_vec();
        without_data.push(kind);
        assert_eq!(read(&without_data).map(|packet| packet.data), Ok(data));
    }
    let event = b"\x85\xa4type\x02\xa4data\x92\xa1x\xc4\x01\x07\xa7options\x81\xa8compress\xc3\
        \xa2id\x03\xa3nsp\xa6/admin";
    let Packet { nsp, data } = read(event).unwrap();
    assert_eq!(nsp, "/admin");
    let Data::Event { name, args, ack } = data else {
        panic!("expected an event")
    };
    assert_eq!((&*name, ack), ("x", Some(3)));
    assert_eq!(args.parse::<Binary>().unwrap(), vec![7].into());
}

#[test]
fn packets_are_written_as_the_official_server_does_but_for_the_order_of_keys() {
    let parser = Parser::MessagePack;
    assert_eq!(
        bytes(&parser.encode_connect(Protocol::V5, "/", "abc", None)),
        b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa3sid\xa3abc"
    );
    assert_eq!(
        bytes(&parser.encode_connect(Protocol::V5, "/", "abc", Some("def"))),
        b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x82\xa3sid\xa3abc\xa3pid\xa3def"
    );
    assert_eq!(
        bytes(&parser.encode_connect(Protocol::V4, "/x", "abc", None)),
        b"\x82\xa4type\x00\xa3nsp\xa2/x"
    );
    assert_eq!(
        bytes(&parser.encode_disconnect("/")),
        b"\x82\xa4type\x01\xa3nsp\xa1/"
    );
    let error = ConnectError::new("no").with_data(json!({ "code": 1 }));
    assert_eq!(
        bytes(&parser.encode_connect_error(Protocol::V5, "/", &error)),
        b"\x83\xa4type\x04\xa3nsp\xa1/\xa4data\x82\xa7message\xa2no\xa4data\x81\xa4code\x01"
    );
    let args = (Binary::from(vec![9]), 1);
    assert_eq!(
        bytes(&parser.encode_ack("/", 3, &args).unwrap()),
        b"\x84\xa4type\x03\xa3nsp\xa1/\xa4data\x92\xc4\x01\x09\x01\xa2id\x03"
    );
    assert_eq!(
        bytes(&parser.encode_event("/", "x", &(-1, 0.5), None).unwrap()),
        b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x93\xa1x\xff\xcb\x3f\xe0\0\0\0\0\0\0"
    );
}

#[test]
fn numbers_keep_what_they_are() {
    for (value, json) in [
        (&b"\x7f"[..], "127"),
        (b"\xe0", "-32"),
        (b"\xcc\xff", "255"),
        (b"\xcd\xff\xff", "65535"),
        (b"\xce\xff\xff\xff\xff", "4294967295"),
        (
            b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
            "18446744073709551615",
        ),
        (b"\xd0\x80", "-128"),
        (b"\xd1\x80\x00", "-32768"),
        (b"\xd2\x80\x00\x00\x00", "-2147483648"),
        (b"\xd3\x80\0\0\0\0\0\0\0", "-9223372036854775808"),
        (b"\xca\x3f\x00\x00\x00", "0.5"),
        (b"\xcb\x80\0\0\0\0\0\0\0", "-0.0"),
        (b"\xcb\x3f\xf0\0\0\0\0\0\0", "1.0"),
    ] {
        let args = argument(value).unwrap();
        assert_eq!(args.as_json(), json);
        let again = Parser::MessagePack.encode_event("/", "a", &args, None);
        assert_eq!(packet_of(&again.unwrap()), read(&event(value)).unwrap());
    }
    // NaN and the infinities, as in JSON.
    for value in [
        b"\xcb\x7f\xf8\0\0\0\0\0\0",
        b"\xcb\x7f\xf0\0\0\0\0\0\0",
        b"\xcb\xff\xf0\0\0\0\0\0\0",
    ] {
        assert_eq!(json_of(value), "null");
    }
    let large = Args::new(json!(1e300)).unwrap();
    let again = Parser::MessagePack.encode_event("/", "a", &large, None);
    let Data::Event { args, .. } = packet_of(&again.unwrap()).data else {
        panic!("expected an event")
    };
    assert_eq!(args.parse::<f64>().unwrap(), 1e300);
}

#[test]
fn what_json_has_not_is_read_as_what_javascript_makes_of_it() {
    for (value, json) in [
        (&b"\xd4\x00\x00"[..], "null"),
        (b"\xd7\x00\0\0\0\0\0\0\0\0", r#""1970-01-01T00:00:00.000Z""#),
        (b"\xd7\x00\x7f\xff\xff\xff\xff\xff\xff\xff", "null"),
        (
            b"\xd6\xff\x5a\x5b\x01\xa5",
            r#"[-1,{"_placeholder":true,"num":0}]"#,
        ),
        (b"\x81\x01\x02", r#"{"1":2}"#),
        (
            b"\xc7\x02\x05\x01\x02",
            r#"[5,{"_placeholder":true,"num":0}]"#,
        ),
        (b"\x81\xa1a\xd4\x00\x00", r#"{"a":null}"#),
    ] {
        assert_eq!(json_of(value), json);
    }
}

#[test]
fn binary_data_is_found_at_any_depth_and_shares_the_message() {
    let message = Bytes::from(event(b"\x82\xa1a\x91\xc4\x02\x01\x02\xa1b\xc4\x00"));
    let packet = decode(Message::Binary(message.clone()), &Limits::default()).unwrap();
    let Data::Event { args, .. } = packet.data else {
        panic!("expected an event")
    };
    let [one, empty] = args.attachments() else {
        panic!("expected two attachments")
    };
    assert_eq!((&**one, &**empty), (&[1, 2][..], &[][..]));
    assert!(message.as_ptr_range().contains(&one.as_ptr()));
}

#[test]
fn an_object_that_looks_like_a_placeholder_is_data() {
    let lookalike = b"\x92\xc4\x01\x07\x82\xac_placeholder\xc3\xa3num\x00";
    let args = argument(lookalike).unwrap();
    let Value::Array(values) = args.parse::<Value>().unwrap() else {
        panic!("expected an array")
    };
    assert_eq!(values[0], Binary::from(vec![7]).into());
    let data = json!({ "_placeholder": true, "num": 0 });
    assert_eq!(values[1], Value::from(data));
    let again = Parser::MessagePack.encode_event("/", "a", &args, None);
    assert_eq!(bytes(&again.unwrap()), event(lookalike));
}

#[test]
fn half_a_surrogate_is_written_as_a_replacement() {
    let mut decoder = Decoder::new(Parser::Json, Limits::default());
    let packet = decoder.handle(r#"2["a","x\ud800y\n"]"#.into()).unwrap();
    let encoded = Parser::MessagePack.encode(&packet.unwrap()).unwrap();
    let text = "x\u{fffd}\u{fffd}\u{fffd}y\n";
    let Data::Event { args, .. } = packet_of(&encoded).data else {
        panic!("expected an event")
    };
    assert_eq!(args.parse::<String>().unwrap(), text);
}

#[test]
fn heads_grow_with_what_they_count() {
    for count in [0, 15, 16, 65_535, 65_536] {
        let array = vec![0; count];
        let members = (0..count).map(|index| (format!("{index:x}"), 0.into()));
        let object: serde_json::Map<_, _> = members.collect();
        let args = Args::new((&array, [object])).unwrap();
        let encoded = Parser::MessagePack.encode_event("/", "a", &args, None);
        let Data::Event { args: again, .. } = packet_of(&encoded.unwrap()).data else {
            panic!("expected an event")
        };
        assert_eq!(again, args, "{count}");
    }
}

#[test]
fn a_hundred_levels_are_deep_enough_for_anybody() {
    // The array of the event is the first level.
    let deep = |levels: usize| [vec![0x91; levels - 2], vec![0x90]].concat();
    assert!(argument(&deep(100)).is_ok());
    assert_eq!(argument(&deep(101)), Err(PacketError::Depth));
    let mut ignored = b"\x83\xa4type\x01\xa3nsp\xa1/\xa7options".to_vec();
    ignored.extend([0x81, 0xa1, b'a'].repeat(1_000_000));
    assert_eq!(read(&ignored), Err(PacketError::Depth));
    let unknown = [vec![0x91; 99], b"\xc7\x01\x05\x00".to_vec()].concat();
    assert_eq!(argument(&unknown), Err(PacketError::Depth));
    let limits = Limits::default().depth(usize::MAX);
    let deepest = read_with(&event(&deep(127)), limits.clone());
    assert!(deepest.is_ok());
    assert!(read_with(&event(&deep(128)), limits).is_err());
}

#[test]
fn nothing_is_reserved_for_a_length_that_is_claimed() {
    for head in [0xc6, 0xc9, 0xdb, 0xdd, 0xdf] {
        let claim = [head, 0xff, 0xff, 0xff, 0xff];
        assert!(read(&claim).is_err());
        assert!(read(&event(&claim)).is_err());
        let mut id = b"\x83\xa4type\x02\xa3nsp\xa1/\xa2id".to_vec();
        id.extend(claim);
        assert!(read(&id).is_err());
    }
}

#[test]
fn binary_values_are_limited() {
    let values = |count: u8| [vec![0xdc, 0, count], b"\xc4\x00".repeat(count.into())].concat();
    let limits = Limits::default().binaries(20);
    assert!(read_with(&event(&values(20)), limits.clone()).is_ok());
    let more = read_with(&event(&values(21)), limits);
    assert_eq!(more, Err(PacketError::TooManyAttachments));
}

#[test]
fn an_auth_payload_is_limited_with_its_binary_data() {
    let connect = |len: u8| {
        let mut message = b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa1a\xc4".to_vec();
        message.push(len);
        message.extend(vec![7; len.into()]);
        message
    };
    let json = r#"{"a":{"_placeholder":true,"num":0}}"#;
    let limit = |len: u8| Limits::default().auth_bytes(json.len() + usize::from(len));
    let packet = read_with(&connect(100), limit(100)).unwrap();
    let Data::Connect(auth) = packet.data else {
        panic!("expected a CONNECT")
    };
    assert_eq!((auth.as_json(), auth.attachments().len()), (json, 1));
    let more = read_with(&connect(101), limit(100));
    assert_eq!(more, Err(PacketError::AuthBytes));
}

/// Where there is one kind of numbers, an encoder may write all as floats.
#[test]
fn a_type_or_an_id_that_is_a_whole_float_is_that_integer() {
    let message = |kind: &[u8], id: &[u8]| {
        let parts = [
            b"\x84\xa3nsp\xa1/\xa4data\x91\xa1x\xa4type",
            kind,
            b"\xa2id",
            id,
        ];
        parts.concat()
    };
    let of = |kind: f64, id: f64| {
        let [kind, id] = [kind, id].map(|number| [&[0xcb][..], &number.to_be_bytes()].concat());
        read(&message(&kind, &id))
    };
    let ack = |packet: Result<Packet, PacketError>| match packet?.data {
        Data::Event { ack, .. } => Ok(ack.expect("it has an id")),
        other => panic!("expected an event, got {other:?}"),
    };
    assert_eq!(ack(of(2.0, 7.0)), Ok(7));
    assert_eq!(ack(of(2.0, -0.0)), Ok(0));
    let single = message(b"\xca\x40\x00\x00\x00", b"\xca\x40\xe0\x00\x00");
    assert_eq!(ack(read(&single)), Ok(7));
    // From there on a float stands for several integers.
    let most = 2_f64.powi(53);
    assert_eq!(ack(of(2.0, most - 1.0)), Ok((1 << 53) - 1));
    for id in [most, -1.0, 0.5, f64::NAN, f64::INFINITY] {
        assert_eq!(ack(of(2.0, id)), Err(PacketError::AckId), "{id}");
    }
    for kind in [2.5, 5.0, -1.0, f64::NAN] {
        assert_eq!(ack(of(kind, 7.0)), Err(PacketError::TypeNumber), "{kind}");
    }
}

#[test]
fn what_is_no_packet_is_refused() {
    for (message, error) in [
        (&b""[..], PacketError::Payload),
        (b"\xc0", PacketError::Payload),
        (b"\x81", PacketError::Payload),
        (b"\x80", PacketError::TypeNumber),
        (b"\x81\xa4type\x00", PacketError::Namespace),
        (b"\x82\xa4type\x00\xa3nsp\x01", PacketError::Namespace),
        (b"\x82\xa4type\x05\xa3nsp\xa1/", PacketError::TypeNumber),
        (b"\x82\xa4type\xff\xa3nsp\xa1/", PacketError::TypeNumber),
        (b"\x82\xa4type\xa12\xa3nsp\xa1/", PacketError::TypeNumber),
        (b"\x82\xa4type\x02\xa3nsp\xa1/", PacketError::Payload),
        (b"\x82\xa4type\x04\xa3nsp\xa1/", PacketError::Payload),
        (
            b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\xc4\x01\x07",
            PacketError::Payload,
        ),
        (
            b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x90",
            PacketError::Payload,
        ),
        (
            b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xc3",
            PacketError::Payload,
        ),
        (
            b"\x84\xa4type\x03\xa3nsp\xa1/\xa4data\x90\xa2id\xc0",
            PacketError::AckId,
        ),
        (
            b"\x84\xa4type\x03\xa3nsp\xa1/\xa4data\x90\xa2id\xff",
            PacketError::AckId,
        ),
        (b"\x82\xa4type\x01\xa3nsp\xa1/\x00", PacketError::Payload),
        (b"\x82\xa4type\x01\xa3nsp\xa1\xff", PacketError::Payload),
        (
            b"\x83\xa4type\x01\xa3nsp\xa1/\xc3\x00",
            PacketError::Payload,
        ),
    ] {
        assert_eq!(read(message), Err(error), "{message:x?}");
    }
    for value in [
        &b"\xc1"[..],
        b"\xa1\xff",
        b"\xa2x",
        b"\x81\xc0\x00",
        b"\xd9",
    ] {
        assert_eq!(argument(value), Err(PacketError::Payload), "{value:x?}");
    }
    let text = decode("0".into(), &Limits::default());
    assert_eq!(text, Err(PacketError::UnexpectedText));
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    let twice = b"\x85\xa4type\x01\xa4data\x92\xa1x\xc4\x01\x07\xa3nsp\xa1/\xa4type\x02\
        \xa4data\x91\xa1y";
    let Data::Event { name, args, .. } = read(twice).unwrap().data else {
        panic!("expected an event")
    };
    assert_eq!((&*name, args.len(), args.attachments().len()), ("y", 0, 0));
}

#[test]
fn a_type_is_the_same_payload_in_both_codecs() {
    #[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
    enum Shape {
        Circle { radius: f32 },
        Line(i8, i8),
        Point,
    }

    #[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
    struct Payload {
        // Bytes in most binary formats, text in JSON.
        address: IpAddr,
        // A map whose keys are no strings.
        counts: BTreeMap<u64, Option<bool>>,
        image: Vec<Binary>,
        json: serde_json::Value,
        letter: char,
        shapes: [Shape; 3],
        #[serde(flatten)]
        rest: BTreeMap<String, i64>,
    }

    let payload = Payload {
        address: IpAddr::from([127, 0, 0, 1]),
        counts: BTreeMap::from([(1, None), (u64::MAX, Some(true))]),
        image: vec![vec![1, 2].into(), Binary::default()],
        json: json!({ "a": [1, -1, 0.1, null, "é"] }),
        letter: '😀',
        shapes: [
            Shape::Circle { radius: 0.1 },
            Shape::Line(-128, 127),
            Shape::Point,
        ],
        rest: BTreeMap::from([("rest".into(), i64::MIN)]),
    };
    let raw = RawValue::from_string(r#"[1,2.5,"\n"]"#.into()).unwrap();
    let packet = Packet {
        nsp: "/".into(),
        data: Data::Event {
            name: "event".into(),
            args: Args::new((&payload, &raw)).unwrap(),
            ack: None,
        },
    };
    for parser in [Parser::Json, Parser::MessagePack] {
        let Data::Event { args, .. } = through(parser, &packet).data else {
            panic!("expected an event")
        };
        let read = args.parse::<(Payload, Box<RawValue>)>().unwrap();
        assert_eq!((read.0, read.1.get()), (payload.clone(), raw.get()));
    }
}

/// The packet as it comes out of a codec into which it was put.
fn through(parser: Parser, packet: &Packet) -> Packet {
    let mut decoder = Decoder::new(parser, Limits::default());
    let encoded = parser.encode(packet).unwrap();
    let mut parts = encoded.parts().iter().cloned();
    parts
        .find_map(|part| decoder.handle(part).unwrap())
        .expect("the packet is complete")
}

proptest! {
    #[test]
    fn both_codecs_carry_the_same(
        values in prop::collection::vec(testing::value(), 0..4),
        name in "[a-z]{1,8}",
        ack in any::<Option<u64>>(),
        nsp in "/[a-z]{0,8}",
    ) {
        let args = Args::from_list(&values).unwrap();
        prop_assume!(args.attachments().len() <= Limits::default().attachments);
        for data in [
            Data::Event { name: name.into(), args: args.clone(), ack },
            Data::Ack { id: ack, args: args.clone() },
        ] {
            let packet = Packet { nsp: nsp.as_str().into(), data };
            prop_assert_eq!(&through(Parser::MessagePack, &packet), &packet);
            prop_assert_eq!(&through(Parser::Json, &packet), &packet);
        }
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(message in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&message);
        let _ = argument(&message);
    }

    #[test]
    fn a_packet_with_a_changed_byte_does_not_panic(
        values in prop::collection::vec(testing::value(), 0..4),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let args = Args::from_list(&values).unwrap();
        let encoded = Parser::MessagePack.encode_event("/", "name", &args, Some(7)).unwrap();
        let mut message = bytes(&encoded);
        let at = at.index(message.len());
        message[at] = byte;
        // What is still a packet can go out again, and means the same there.
        if let Ok(packet) = read(&message)
            && let Data::Event { args, .. } = &packet.data
        {
            let again = Parser::MessagePack.encode_ack("/", 0, args).unwrap();
            let Data::Ack { args: again, .. } = packet_of(&again).data else {
                panic!("expected an answer")
            };
            prop_assert_eq!(again.to_list::<Value>().unwrap(), args.to_list::<Value>().unwrap());
        }
    }
}
