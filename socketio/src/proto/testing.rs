//! What the tests of the codecs share.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::binary::Value;

/// Any JSON, of a moderate size.
pub(crate) fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        // Quarters: what serde_json reads to the last digit.
        any::<i32>().prop_map(|value| json!(f64::from(value) / 4.0)),
        any::<String>().prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|values| json!(values)),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|values| json!(values)),
        ]
    })
}

/// Any payload, binary data included.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let binary =
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|data| Value::from(Bytes::from(data)));
    let leaf = prop_oneof![
        3 => json().prop_map(Value::from),
        1 => binary,
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((any::<String>(), inner), 0..4).prop_map(Value::Object),
        ]
    })
}
