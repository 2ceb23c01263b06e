use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use super::*;
use crate::Binary;

fn json_of(args: impl IntoArgs) -> String {
    Args::new(args).unwrap().as_json().to_owned()
}

/// Arguments as they come: behind a name, with white space.
fn received(elements: &str) -> Args {
    let text = ByteString::from(format!("[\"name\" , {elements} ]"));
    let array = Scanner::new(&text, 100).array().unwrap();
    Args::from_array_tail(&text, &array)
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Pair(i32, i32);

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Marker;

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Name(Option<String>);

#[test]
fn a_tuple_is_written_as_several_arguments() {
    assert_eq!(json_of(("a", 1, [true])), r#""a",1,[true]"#);
    let borrowed = &("a", (1, 2));
    assert_eq!(json_of(borrowed), r#""a",[1,2]"#);
    assert_eq!(json_of(Box::new((1, 2))), "1,2");
    assert_eq!(json_of([1, 2]), "1,2");
    assert_eq!(json_of((1,)), "1");
}

#[test]
fn nothing_is_written_as_no_argument() {
    assert_eq!(json_of(()), "");
    assert_eq!(json_of([0; 0]), "");
    assert_eq!(Args::new(()).unwrap(), Args::default());
}

#[test]
fn null_is_written_as_an_argument_and_read_again() {
    let nothing: &() = &();
    assert_eq!(json_of(nothing), "");
    assert_eq!(json_of(Json::Null), "null");
    let (null, own) = (&Json::Null, &crate::Value::Null);
    assert_eq!(
        (json_of(null), json_of(own)),
        ("null".into(), "null".into())
    );
    assert_eq!(json_of(crate::Value::Null), "null");
    let null = Args::new(Json::Null).unwrap();
    assert_eq!(null.len(), 1);
    assert_eq!(null.parse::<Json>().unwrap(), Json::Null);
    assert_eq!(json_of(null.parse::<crate::Value>().unwrap()), "null");
}

#[test]
fn anything_else_is_written_as_one_argument() {
    assert_eq!(json_of("a"), r#""a""#);
    assert_eq!(json_of(String::from("a")), r#""a""#);
    assert_eq!(json_of(vec![1, 2]), "[1,2]");
    assert_eq!(json_of(Point { x: 1, y: 2 }), r#"{"x":1,"y":2}"#);
    assert_eq!(json_of(Pair(1, 2)), "[1,2]");
    assert_eq!(json_of(Marker), "null");
    assert_eq!(json_of(Some((1, 2))), "[1,2]");
    assert_eq!(json_of(None::<i32>), "null");
    assert_eq!(json_of(Name(None)), "null");
    assert_eq!(json_of(f64::NAN), "null");
    assert_eq!(json_of(json!({ "a": [] })), r#"{"a":[]}"#);
}

#[test]
fn numbers_that_json_has_not_are_null_and_integers_of_any_length_are_written() {
    assert_eq!(
        json_of((f64::NAN, f64::INFINITY, f32::NEG_INFINITY, -0.0)),
        "null,null,null,-0.0"
    );
    let nested = vec![Some(f32::NAN), Some(1.5), None];
    assert_eq!(json_of(nested), "[null,1.5,null]");
    assert_eq!(
        json_of((u64::MAX, i64::MIN, u128::MAX, i128::MIN)),
        "18446744073709551615,-9223372036854775808,\
         340282366920938463463374607431768211455,-170141183460469231731687303715884105728"
    );
}

#[test]
fn long_numbers_and_equal_keys_are_what_the_type_makes_of_them() {
    let digits = "9".repeat(10_000);
    let args = received(&format!(r#"{digits},1e400,{{"x":1,"y":2,"x":3}}"#));
    assert!(args.as_json().contains(&digits), "it can be passed on");
    assert!(args.get::<u64>(0).is_err());
    assert!(args.get::<f64>(0).is_err());
    assert!(args.get::<f64>(1).is_err());
    assert_eq!(args.get::<Json>(2).unwrap(), json!({ "x": 3, "y": 2 }));
    assert!(args.get::<Point>(2).is_err());
    assert!(args.get::<crate::Value>(1).is_err());
    let exact: (u64, i64, f64) = received("18446744073709551615,-9223372036854775808,1e21")
        .parse()
        .unwrap();
    assert_eq!(exact, (u64::MAX, i64::MIN, 1e21));
    assert!(received("18446744073709551616").parse::<u64>().is_err());
    assert!(received("-1").parse::<u64>().is_err());
    assert!(received("1.0").parse::<u64>().is_err());
}

#[test]
fn arguments_are_written_as_they_are() {
    let args = received("1.50, {\"b\":2, \"a\":1}");
    assert_eq!(json_of(&args), "1.50, {\"b\":2, \"a\":1}");
    assert_eq!(json_of(args.skip(1)), "{\"b\":2, \"a\":1}");
    assert_eq!(json_of(Args::default()), "");
}

#[test]
fn what_is_detached_keeps_nothing_of_its_message() {
    let buffer = Bytes::from(br#"["name","a"]"#.to_vec());
    let large = Bytes::from(vec![0; 100]);
    let text = ByteString::try_from(buffer.clone()).unwrap();
    let array = Scanner::new(&text, 100).array().unwrap();
    let mut args = Args::from_array_tail(&text, &array);
    args.attach(vec![buffer.slice(2..6), large.clone()]);
    let before = format!("{args:?}");
    drop(text);
    assert!(!buffer.is_unique());
    args.detach(100);
    assert!(buffer.is_unique());
    assert!(!large.is_unique(), "it is not small");
    assert_eq!(format!("{args:?}"), before);
    let args = args.detached();
    assert!(large.is_unique());
    assert_eq!(format!("{args:?}"), before);
}

#[test]
fn an_error_of_serialize_is_kept() {
    struct Fails;

    impl Serialize for Fails {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no luck"))
        }
    }

    assert!(
        Args::new(Fails)
            .unwrap_err()
            .to_string()
            .contains("no luck")
    );
    assert!(
        Args::new((1, Fails))
            .unwrap_err()
            .to_string()
            .contains("no luck")
    );
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let deep = (0..127).fold(json!(1), |inner, _| json!([inner]));
    assert!(
        Args::new(&deep)
            .unwrap_err()
            .to_string()
            .contains("127 levels")
    );
    assert!(Args::new(&deep[0]).is_ok());
}

#[test]
fn a_tuple_reads_several_arguments() {
    let args = received(r#""a", 1, {"x":1,"y":2}"#);
    let point = Point { x: 1, y: 2 };
    assert_eq!(
        args.parse::<(String, i64, Point)>().unwrap(),
        ("a".into(), 1, point)
    );
    assert_eq!(args.parse::<(Json, Json, Json)>().unwrap().1, 1);
    assert_eq!(received("1,2").parse::<[i32; 2]>().unwrap(), [1, 2]);
}

#[test]
fn nothing_reads_no_argument() {
    received("1,2").parse::<()>().unwrap();
    Args::default().parse::<()>().unwrap();
}

#[test]
fn anything_else_reads_the_first_argument() {
    let args = received(r#"[1,2], {"x":1,"y":2}, "a""#);
    assert_eq!(args.parse::<Vec<i32>>().unwrap(), [1, 2]);
    assert_eq!(args.parse::<Pair>().unwrap(), Pair(1, 2));
    assert_eq!(args.parse::<Option<(i32, i32)>>().unwrap(), Some((1, 2)));
    assert_eq!(args.parse::<Json>().unwrap(), json!([1, 2]));
    assert_eq!(args.skip(1).parse::<Point>().unwrap(), Point { x: 1, y: 2 });
    assert_eq!(
        args.skip(2).parse::<Name>().unwrap(),
        Name(Some("a".into()))
    );
    assert_eq!(args.skip(2).parse::<char>().unwrap(), 'a');
    received("null").parse::<Marker>().unwrap();
}

#[test]
fn one_argument_is_read_by_its_index() {
    let args = received(r#" 1 , [2, [3]] , "x,y" "#);
    assert_eq!(args.get::<i32>(0).unwrap(), 1);
    assert_eq!(args.get::<(i32, Vec<i32>)>(1).unwrap(), (2, vec![3]));
    assert_eq!(args.get::<String>(2).unwrap(), "x,y");
    assert_eq!(args.get::<Option<String>>(3).unwrap(), None);
}

#[test]
fn a_list_is_any_number_of_arguments() {
    let args = received("1 , 2,3");
    assert_eq!(args.to_list::<i32>().unwrap(), [1, 2, 3]);
    assert_eq!(
        args.skip(1).to_list::<Option<i32>>().unwrap(),
        [Some(2), Some(3)]
    );
    assert!(Args::default().to_list::<Option<i32>>().unwrap().is_empty());
    assert!(args.to_list::<String>().is_err());
    let binary = Args::from_list([Binary::from(vec![1]), Binary::from(vec![2])]).unwrap();
    assert_eq!((binary.len(), binary.attachments().len()), (2, 2));
    assert_eq!(binary.to_list::<Binary>().unwrap()[1], vec![2].into());
    assert_eq!(Args::from_list::<()>([]).unwrap(), Args::default());
    assert_eq!(json_of(Args::from_list([(), ()]).unwrap()), "null,null");
}

#[test]
fn missing_arguments_read_as_null() {
    let args = received("1");
    assert_eq!(args.parse::<(i32, Option<i32>)>().unwrap(), (1, None));
    assert_eq!(
        args.parse::<(i32, Json, ())>().unwrap(),
        (1, Json::Null, ())
    );
    assert_eq!(args.parse::<(i32, Name)>().unwrap(), (1, Name(None)));
    assert_eq!(Args::default().parse::<Option<i32>>().unwrap(), None);
    assert_eq!(Args::default().parse::<(Option<i32>,)>().unwrap(), (None,));
}

#[test]
fn a_missing_argument_that_takes_no_null_is_an_error() {
    let message = |error: DecodeError| error.to_string();
    let error = received("1").parse::<(i32, String)>().map_err(message);
    assert!(error.unwrap_err().contains("argument 1 is missing"));
    let error = Args::default().parse::<Point>().map_err(message);
    assert!(error.unwrap_err().contains("argument 0 is missing"));
    let error = received("1").get::<u8>(7).map_err(message);
    assert!(error.unwrap_err().contains("argument 7 is missing"));
}

#[test]
fn extra_arguments_are_ignored() {
    let args = received(r#"1, 2, {"not":["looked","at"]}"#);
    assert_eq!(args.parse::<(i32,)>().unwrap(), (1,));
    assert_eq!(args.parse::<i32>().unwrap(), 1);
}

#[test]
fn arguments_of_another_type_are_an_error() {
    assert!(received(r#""a""#).parse::<i32>().is_err());
    assert!(received("1, 2").parse::<(i32, String)>().is_err());
    assert!(received("null").parse::<String>().is_err());
    assert!(received("[1,2]").parse::<(i32, i32)>().is_err());
}

#[test]
fn a_lone_surrogate_is_passed_on_but_is_no_string() {
    let args = received(r#""\ud800""#);
    assert!(args.parse::<String>().is_err());
    assert_eq!(json_of(&args), r#""\ud800""#);
    assert_eq!(args.parse::<Box<RawValue>>().unwrap().get(), r#""\ud800""#);
}

#[test]
fn skipping_keeps_order_and_attachments() {
    let args = Args::new((1, Binary::from(vec![7]), "z")).unwrap();
    let rest = args.skip(1);
    assert_eq!((rest.len(), rest.is_empty()), (2, false));
    assert_eq!(
        rest.parse::<(Binary, String)>().unwrap(),
        (vec![7].into(), "z".into())
    );
    assert_eq!(rest.skip(1).get::<String>(0).unwrap(), "z");
    assert_eq!(args.skip(3).as_json(), "");
    assert_eq!(args.skip(usize::MAX).len(), 0);
}

#[test]
fn bytes_are_counted_with_the_attachments() {
    let args = Args::new((1, Binary::from(vec![7; 100]))).unwrap();
    assert_eq!(
        args.bytes(),
        r#"[1,{"_placeholder":true,"num":0}]"#.len() + 100
    );
}

#[test]
fn the_text_is_shared() {
    let args = Args::new("shared").unwrap();
    assert_eq!(args.clone().as_json().as_ptr(), args.as_json().as_ptr());
}

#[test]
fn arguments_cross_threads() {
    fn is_shared<T: Send + Sync + Clone + 'static>() {}
    is_shared::<Args>();
    is_shared::<crate::Encoded>();
    is_shared::<crate::Packet>();
}
