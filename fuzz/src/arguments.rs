//! Arguments and the tuple rule, against serde_json and a list.

use std::collections::BTreeMap;
use std::fmt::Debug;

use engineio::Text;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use socketio::{Args, Data, Decoder, FromArgs, Limits, Parser, Value};

use crate::packets::is_same;

/// Reads text as arguments, without the brackets around them, and those as any
/// types: it is what serde_json makes of the array and its elements. Then writes
/// them again.
pub fn socketio_args(data: &[u8]) {
    let Some(args) = read(data) else {
        return;
    };
    let raw: Vec<Box<RawValue>> = args.to_list().expect("arguments are JSON");
    assert_eq!(raw.len(), args.len());
    assert_eq!(args.is_empty(), raw.is_empty());
    assert_eq!(Args::new(&args).expect("arguments are arguments"), args);
    assert_eq!(args.parse::<Args>().expect("arguments are arguments"), args);
    args.parse::<()>().expect("nothing is asked for");
    skips(&args, &raw);

    let naive: Result<Vec<Json>, _> = raw.iter().map(|one| from_str(one)).collect();
    assert_eq!(args.to_list::<Json>().ok(), naive.as_ref().ok().cloned());
    let Ok(naive) = naive else {
        return;
    };
    reads(&args, &naive);
    for index in [0, 1, 2, naive.len()] {
        let missing = Json::Null;
        let expected = naive.get(index).unwrap_or(&missing);
        let rest = args.skip(index);
        assert_eq!(args.get::<Json>(index).ok().as_ref(), Some(expected));
        is_read_as::<BTreeMap<String, Json>>(&rest, expected);
        is_read_as::<Vec<Json>>(&rest, expected);
        is_read_as::<String>(&rest, expected);
        is_read_as::<bool>(&rest, expected);
        is_read_as::<char>(&rest, expected);
        is_read_as::<f64>(&rest, expected);
        is_read_as::<i64>(&rest, expected);
        is_read_as::<u8>(&rest, expected);
        is_read_as::<Option<(i64, String)>>(&rest, expected);
    }
    writes(&naive);
}

/// The arguments of an answer that is read from text.
fn read(data: &[u8]) -> Option<Args> {
    let text = format!("3[{}]", str::from_utf8(data).ok()?);
    let mut decoder = Decoder::new(Parser::Json, Limits::default());
    match decoder.handle(Text::from(text).into()).ok()??.data {
        Data::Ack { args, .. } => Some(args),
        _ => None,
    }
}

/// What is skipped is not there any more, and nothing else is gone.
fn skips(args: &Args, raw: &[Box<RawValue>]) {
    for count in 0..=raw.len().min(4) {
        let rest = args.skip(count);
        let list: Vec<Box<RawValue>> = rest.to_list().expect("arguments are JSON");
        let expected = &raw[count..];
        assert!(
            list.iter()
                .map(|raw| raw.get())
                .eq(expected.iter().map(|raw| raw.get()))
        );
        assert_eq!(rest.len(), expected.len());
        assert_eq!(rest.skip(1), args.skip(count + 1));
    }
}

/// A tuple takes several, and what is missing is `null`; anything else takes the
/// first.
fn reads(args: &Args, naive: &[Json]) {
    let at = |index: usize| naive.get(index).cloned().unwrap_or_default();
    let some = |index: usize| Some(at(index)).filter(|value| !value.is_null());
    reads_as(args, at(0));
    reads_as(args, (at(0),));
    reads_as(args, (at(0), at(1)));
    reads_as(args, [at(0), at(1), at(2), at(3)]);
    reads_as(args, some(0));
    reads_as(args, (some(0), some(1), at(2)));
    if naive.len() < 2 {
        assert!(args.parse::<(Json, i64)>().is_err(), "a number is missing");
    }
}

fn reads_as<T: Debug + FromArgs + PartialEq>(args: &Args, expected: T) {
    assert_eq!(args.parse::<T>().expect("anything fits"), expected);
}

/// The first argument is read as this type, or refused, as serde_json does it.
fn is_read_as<T: Debug + DeserializeOwned + PartialEq>(args: &Args, expected: &Json) {
    let expected = serde_json::from_value::<T>(expected.clone());
    assert_eq!(args.parse::<T>().ok(), expected.ok());
}

/// A tuple is several arguments, anything else is one.
fn writes(naive: &[Json]) {
    let list = Args::from_list(naive).expect("it was read");
    is_written(&list, naive);
    let one = Args::new(naive).expect("it was read");
    is_written(&one, &[naive.into()]);
    if let [a, b, c, ..] = naive {
        is_written(&Args::new((a, b, c)).expect("it was read"), &naive[..3]);
        is_written(&Args::new([a, b]).expect("it was read"), &naive[..2]);
        is_written(&Args::new((a,)).expect("it was read"), &naive[..1]);
        is_written(&Args::new(a).expect("it was read"), &naive[..1]);
    }
}

fn is_written(args: &Args, expected: &[Json]) {
    let written: Vec<Json> = args.to_list().expect("it was written");
    let (written, expected) = (Json::from(written), Json::from(expected));
    assert!(
        is_same(&Value::from(written), &Value::from(expected)),
        "{args:?}"
    );
}

fn from_str(raw: &RawValue) -> serde_json::Result<Json> {
    serde_json::from_str(raw.get())
}
