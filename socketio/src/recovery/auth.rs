//! Auth payloads, as far as they say who a client is.

use sha2::{Digest, Sha256};

use crate::{Args, Value};

/// What is kept of an auth payload: its SHA-256, as long as it may be. Nobody can
/// make another one for it.
pub(crate) type AuthDigest = [u8; 32];

/// What is the same for two auth payloads that mean the same: whatever the order of
/// their members, and without what recovery itself puts there. None is the same as an
/// empty one.
pub(super) fn digest(auth: &Args) -> AuthDigest {
    Sha256::digest(canonical(auth)).into()
}

fn canonical(auth: &Args) -> Vec<u8> {
    let value = match auth.get::<Option<Value>>(0) {
        Ok(value) => value.unwrap_or_default(),
        Err(_) => return auth.as_json().as_bytes().into(),
    };
    let mut members = match value {
        Value::Null => Vec::new(),
        Value::Object(members) => members,
        other => vec![(String::new(), other)],
    };
    members.retain(|(name, _)| !OURS.contains(&&**name));
    let value = sorted(Value::Object(members));
    let Ok(args) = Args::from_list([value]) else {
        return auth.as_json().as_bytes().into();
    };
    let mut bytes = Vec::with_capacity(args.bytes());
    bytes.extend_from_slice(args.as_json().as_bytes());
    for attachment in args.attachments() {
        bytes.extend_from_slice(&(attachment.len() as u64).to_le_bytes());
        bytes.extend_from_slice(attachment);
    }
    bytes
}

/// The auth payload without what recovery puts there, which is a secret.
pub(crate) fn without_claim(auth: &Args) -> Value {
    let mut value: Value = auth.get(0).unwrap_or_default();
    if let Value::Object(members) = &mut value {
        members.retain(|(name, _)| !OURS.contains(&&**name));
    }
    value
}

/// Sorts the members of all objects. Of those with one name the last stays, as in
/// JavaScript.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        Value::Object(mut members) => {
            // It leaves those of one name in their order.
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            let mut unique: Vec<(String, Value)> = Vec::with_capacity(members.len());
            for (name, value) in members {
                let member = (name, sorted(value));
                match unique.last_mut() {
                    Some(last) if last.0 == member.0 => *last = member,
                    _ => unique.push(member),
                }
            }
            Value::Object(unique)
        }
        value => value,
    }
}

/// The members in which a client says that it was here before.
const OURS: [&str; 2] = ["pid", "offset"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn payloads_that_mean_the_same_are_the_same() {
        let parse = |json: &str| Args::from_text(format!("[{json}]"), Vec::new()).unwrap();
        for (one, other, is_same) in [
            ("", "{}", true),
            ("", r#"{"pid":"p","offset":"o"}"#, true),
            (r#"{"a":1,"b":2}"#, r#"{ "b" : 2, "pid":"p", "a":1}"#, true),
            (r#"{"a":{"c":[1],"b":2}}"#, r#"{"a":{"b":2,"c":[1]}}"#, true),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#, true),
            (r#"{"a":2,"a":1}"#, r#"{"a":2}"#, false),
            (r#"{"a":"\u0062"}"#, r#"{"a":"b"}"#, true),
            (r#"{"a":1}"#, "{}", false),
            (r#"{"a":1}"#, r#"{"a":"1"}"#, false),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false),
            (r#"{"a":{"pid":1}}"#, r#"{"a":{}}"#, false),
            (r#"{"a":null}"#, "{}", false),
        ] {
            let is = digest(&parse(one)) == digest(&parse(other));
            assert_eq!(is, is_same, "{one} {other}");
        }
    }

    #[test]
    fn binary_data_counts() {
        let auth = |byte| Args::new(vec![(0, crate::Binary::from(vec![byte]))]).unwrap();
        assert_eq!(digest(&auth(1)), digest(&auth(1)));
        assert_ne!(digest(&auth(1)), digest(&auth(2)));
    }

    #[test]
    fn a_claim_is_no_part_of_what_is_told() {
        let auth = Args::new(json!({ "pid": "p", "offset": "o", "a": { "pid": 1 } })).unwrap();
        let told = serde_json::to_value(without_claim(&auth)).unwrap();
        assert_eq!(told, json!({ "a": { "pid": 1 } }));
    }
}
