use std::collections::{BTreeMap, HashMap};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use super::*;
use crate::{Args, Parser};

/// What `bytes::Bytes` and `serde_bytes` do: serde bytes, and on the way in
/// strings and arrays as well.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Plain(Vec<u8>);

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PlainVisitor;

        impl<'de> Visitor<'de> for PlainVisitor {
            type Value = Plain;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, data: &[u8]) -> Result<Plain, E> {
                Ok(Plain(data.to_vec()))
            }

            fn visit_str<E: de::Error>(self, data: &str) -> Result<Plain, E> {
                Ok(Plain(data.as_bytes().to_vec()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Plain, A::Error> {
                let mut data = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    data.push(byte);
                }
                Ok(Plain(data))
            }
        }

        deserializer.deserialize_bytes(PlainVisitor)
    }
}

trait Sample: Clone + DeserializeOwned + Eq + fmt::Debug + Serialize {
    fn sample(data: &[u8]) -> Self;
}

impl Sample for Binary {
    fn sample(data: &[u8]) -> Self {
        data.to_vec().into()
    }
}

impl Sample for Plain {
    fn sample(data: &[u8]) -> Self {
        Self(data.to_vec())
    }
}

impl Sample for Value {
    fn sample(data: &[u8]) -> Self {
        Binary::sample(data).into()
    }
}

#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
struct Named<T> {
    name: String,
    data: T,
    more: Vec<Option<T>>,
}

#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
struct Flattened<T> {
    id: u8,
    #[serde(flatten)]
    rest: Named<T>,
}

#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
enum Untagged<T> {
    Number(i64),
    Data { data: T },
}

#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(tag = "type")]
enum Internal<T> {
    Data { data: T },
}

#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(tag = "type", content = "content")]
enum Adjacent<T> {
    Data(T),
}

#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
enum External<T> {
    Newtype(T),
    Struct { data: T },
    Tuple(u8, T),
    Unit,
}

fn assert_round_trip<T>(value: &T, attachments: usize)
where
    T: DeserializeOwned + Eq + fmt::Debug + Serialize,
{
    let args = Args::new(vec![value]).unwrap();
    assert_eq!(args.attachments().len(), attachments, "{args:?}");
    assert_eq!(args.parse::<Vec<T>>().unwrap(), std::slice::from_ref(value));
}

fn assert_every_shape_works<T: Sample>() {
    let data = || T::sample(&[1, 2, 3]);
    let named = Named {
        name: "n".into(),
        data: data(),
        more: vec![None, Some(T::sample(&[]))],
    };
    assert_round_trip(&data(), 1);
    assert_round_trip(&named, 2);
    assert_round_trip(
        &Flattened {
            id: 1,
            rest: named.clone(),
        },
        2,
    );
    assert_round_trip(&Untagged::Data { data: data() }, 1);
    assert_round_trip(&Untagged::<T>::Number(1), 0);
    assert_round_trip(&Internal::Data { data: data() }, 1);
    assert_round_trip(&Adjacent::Data(data()), 1);
    assert_round_trip(&External::Newtype(data()), 1);
    assert_round_trip(&External::Struct { data: data() }, 1);
    assert_round_trip(&External::Tuple(1, data()), 1);
    assert_round_trip(&External::<T>::Unit, 0);
    assert_round_trip(&HashMap::from([(-7, named.clone())]), 2);
    assert_round_trip(&BTreeMap::from([(true, Some((1, data())))]), 1);
}

#[test]
fn bytes_work_at_any_place() {
    assert_every_shape_works::<Binary>();
    assert_every_shape_works::<Plain>();
}

#[test]
fn any_payload_is_read_as_a_value() {
    assert_round_trip(&Value::sample(b"abc"), 1);
    let value = Value::Object(vec![
        (
            "z".into(),
            Value::Array(vec![
                Value::sample(b"abc"),
                1.into(),
                (-1).into(),
                0.5.into(),
            ]),
        ),
        ("a".into(), Value::from(())),
        (
            "_placeholder".into(),
            Value::Object(vec![("x".into(), Value::sample(b""))]),
        ),
        ("b".into(), Value::from(true)),
        ("a".into(), "again".into()),
    ]);
    assert_round_trip(&value, 2);
    let value = Value::Object(vec![
        ("_placeholder".into(), false.into()),
        ("num".into(), 0.into()),
    ]);
    assert_round_trip(&Value::Array(vec![value, Value::sample(b"abc")]), 1);
    assert_round_trip(&Value::Object(Vec::new()), 0);
}

#[test]
fn neither_way_copies_binary() {
    let data = Bytes::from(vec![7; 100]);
    let args = Args::new(("a", Binary(data.clone()))).unwrap();
    assert_eq!(args.attachments()[0].as_ptr(), data.as_ptr());
    let (_, binary) = args.parse::<(String, Binary)>().unwrap();
    assert_eq!(binary.0.as_ptr(), data.as_ptr());
    let (_, value) = args.parse::<(String, Value)>().unwrap();
    assert!(matches!(value, Value::Binary(binary) if binary.0.as_ptr() == data.as_ptr()));
}

#[test]
fn what_was_lent_is_only_taken_as_the_same_slice() {
    let (one, other) = (Bytes::from(vec![1, 2]), Bytes::from(vec![1, 2]));
    let copy = lend(&one, |_| take_or_copy(&other));
    assert_eq!(copy, other);
    assert!(copy.as_ptr() != one.as_ptr() && copy.as_ptr() != other.as_ptr());
    let shorter = lend(&one, |data| take_or_copy(&data[..1]));
    assert_eq!(shorter, [1][..]);
    let taken = lend(&one, take_or_copy);
    assert_eq!(taken.as_ptr(), one.as_ptr());
}

#[test]
fn an_error_half_way_leaves_nothing_behind() {
    struct Fails;

    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no luck"))
        }
    }

    assert!(Args::new((Binary::sample(b"a"), Fails)).is_err());
    assert!(Args::new(1).unwrap().attachments().is_empty());
}

#[test]
fn a_panic_half_way_leaves_nothing_behind() {
    struct Panics;

    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("no luck")
        }
    }

    impl<'de> Deserialize<'de> for Panics {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let data = Plain::deserialize(deserializer)?;
            panic!("no luck with {data:?}")
        }
    }

    #[derive(Debug)]
    struct PanicsAtBytes;

    impl<'de> Deserialize<'de> for PanicsAtBytes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_bytes(Self)
        }
    }

    impl Visitor<'_> for PanicsAtBytes {
        type Value = Self;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("luck")
        }

        fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Self, E> {
            panic!("no luck")
        }
    }

    let data = Bytes::from(vec![7; 100]);
    let deep = || vec![(1, vec![Binary(data.clone())])];
    let args = Args::new((deep(), Binary(data.clone()))).unwrap();
    for parser in parsers() {
        let fails = (deep(), Some(Panics));
        assert!(panics(|| parser
            .encode_event("/", "a", &fails, None)
            .is_ok()));
        let event = parser.encode_event("/", "a", &(deep(), Binary(data.clone())), None);
        let whole = parser.encode_event("/", "a", &args, None);
        assert_eq!(event.unwrap(), whole.unwrap());
    }
    assert!(panics(|| args.get::<Vec<(u8, Vec<Panics>)>>(0).is_ok()));
    assert!(panics(|| args.get::<PanicsAtBytes>(1).is_ok()));
    drop(args);
    assert!(data.is_unique(), "nobody holds what was lent");
}

fn panics(call: impl FnOnce() -> bool) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err()
}

fn parsers() -> Vec<Parser> {
    let parsers = [
        Some(Parser::Json),
        #[cfg(feature = "msgpack")]
        Some(Parser::MessagePack),
    ];
    parsers.into_iter().flatten().collect()
}

#[test]
fn a_serialize_that_writes_json_of_its_own_is_not_disturbed() {
    struct Nested;

    impl Serialize for Nested {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let text = serde_json::to_string(&Binary::sample(&[1, 2])).unwrap();
            let args = Args::new(Binary::sample(&[3])).unwrap();
            (text, args.attachments().len()).serialize(serializer)
        }
    }

    let args = Args::new(("x", Nested, Binary::sample(&[4]))).unwrap();
    assert_eq!(
        args.as_json(),
        r#""x",["[1,2]",1],{"_placeholder":true,"num":0}"#
    );
    assert_eq!(args.attachments(), [Bytes::from(vec![4])]);
}

#[test]
fn a_vec_of_bytes_is_an_array_of_numbers() {
    let args = Args::new(vec![1_u8, 2]).unwrap();
    assert_eq!((args.as_json(), args.attachments().len()), ("[1,2]", 0));
    assert_eq!(args.parse::<Vec<u8>>().unwrap(), [1, 2]);
}

#[test]
fn text_is_not_binary() {
    for args in [Args::new("text").unwrap(), Args::new(vec![1]).unwrap()] {
        assert!(args.parse::<Binary>().is_err());
        assert!(args.parse::<Plain>().is_ok());
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(untagged)]
    enum Either {
        Binary(Binary),
        Text(String),
    }
    let args = Args::new(("text", Binary::sample(b"data"))).unwrap();
    let (text, data) = args.parse::<(Either, Either)>().unwrap();
    assert_eq!(text, Either::Text("text".into()));
    assert_eq!(data, Either::Binary(Binary::sample(b"data")));
}

#[test]
fn a_type_without_bytes_refuses_them() {
    let args = Args::new(Binary::sample(b"data")).unwrap();
    let error = args.parse::<Json>().unwrap_err().to_string();
    assert!(error.contains("byte array"), "{error}");
    assert!(args.parse::<String>().is_err());
    // Who asks for an object gets the object: serde says which it is.
    let object = args.parse::<HashMap<String, Json>>().unwrap();
    assert_eq!(object["num"], 0);
}

#[test]
fn raw_json_keeps_its_placeholders() {
    let args = Args::new((Binary::sample(b"data"), 1)).unwrap();
    let raw = args.parse::<Box<RawValue>>().unwrap();
    assert_eq!(raw.get(), r#"{"_placeholder":true,"num":0}"#);
}

#[test]
fn without_attachments_a_placeholder_is_data() {
    let forged = json!({ "_placeholder": true, "num": 0 });
    let args = Args::new(&forged).unwrap();
    assert_eq!(args.parse::<Json>().unwrap(), forged);
    assert!(args.parse::<Binary>().is_err());
}

#[test]
fn an_object_that_imitates_a_placeholder_beside_binary_data_is_data() {
    for forged in [
        json!({ "_placeholder": true, "num": 0 }),
        json!({ "_placeholder": true }),
        json!({ "_placeholder": true, "num": 1 }),
        json!({ "_placeholder": true, "num": 0, "x": [{ "_placeholder": true, "num": 0 }] }),
        json!({ "x": "_placeholder", "_placeholder": true, "num": "splice" }),
    ] {
        let data = Binary::sample(b"data");
        let args = Args::new((&forged, &data)).unwrap();
        let read = args.parse::<(Value, Value)>().unwrap();
        assert_eq!(read, (forged.clone().into(), data.into()));
        assert_eq!(args.get::<Json>(0).unwrap(), forged);
    }
}

#[test]
fn raw_json_beside_binary_data_may_hold_placeholders() {
    let forge = |forged: Json| {
        let raw = RawValue::from_string(forged.to_string()).unwrap();
        Args::new((raw, Binary::sample(b"data"))).unwrap()
    };
    let args = forge(json!({ "_placeholder": true, "num": 0 }));
    assert_eq!(args.get::<Value>(0).unwrap(), Value::sample(b"data"));
    for forged in [
        json!({ "_placeholder": true }),
        json!({ "_placeholder": true, "num": 1 }),
        json!({ "_placeholder": true, "num": -1 }),
        json!({ "_placeholder": true, "num": 0, "x": 1 }),
        json!({ "_placeholder": true, "x": 1 }),
    ] {
        assert!(forge(forged.clone()).get::<Value>(0).is_err(), "{forged}");
    }
}
