//! What a client of protocol 4 names a namespace with: the path of a URL, and
//! its query as the auth payload.

use std::borrow::Cow;

use bytestring::ByteString;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::super::args::Args;
use crate::PacketError;

/// What does not stand for itself in the path of a URL, beside what is no ASCII.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// The namespace's name: what is in front of the query, escaped as in a URL.
pub(super) fn name(target: &ByteString) -> ByteString {
    let (path, _) = split(target);
    match Cow::from(utf8_percent_encode(path, ESCAPED)) {
        Cow::Borrowed(path) => target.slice_ref(path),
        Cow::Owned(path) => path.into(),
    }
}

/// The auth payload: an object of strings if there is a query. Of equal names
/// the last one counts.
pub(super) fn auth(target: &str, limit: usize) -> Result<Args, PacketError> {
    let (_, query) = split(target);
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Ok(Args::default());
    };
    if query.len() > limit {
        return Err(PacketError::AuthBytes);
    }
    let pairs = form_urlencoded::parse(query.as_bytes());
    let auth: serde_json::Map<_, _> = pairs
        .map(|(name, value)| (name.into_owned(), value.into()))
        .collect();
    Ok(Args::new(auth).expect("an object of strings can be written"))
}

/// The path and the query. What follows a `#` never leaves a browser.
fn split(target: &str) -> (&str, Option<&str>) {
    let target = target.split('#').next().unwrap_or_default();
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_path_of_a_url() {
        for (target, path) in [
            ("/", "/"),
            ("/admin", "/admin"),
            ("/admin?token=abc&x=1", "/admin"),
            ("/admin?", "/admin"),
            ("/a#x?y=1", "/a"),
            ("/a`{}<>\"?y=1", "/a%60%7B%7D%3C%3E%22"),
            ("/日本 x|'[]^", "/%E6%97%A5%E6%9C%AC%20x|'[]^"),
            ("/a%zz;=@:!$&()*+~\u{7f}", "/a%zz;=@:!$&()*+~%7F"),
        ] {
            assert_eq!(name(&target.into()), path, "{target}");
        }
    }

    #[test]
    fn a_query_is_an_object_of_strings() {
        for (target, json) in [
            ("/", ""),
            ("/?", ""),
            ("/admin#?a=1", ""),
            ("/admin?token=abc&x=1#y", r#"{"token":"abc","x":"1"}"#),
            ("/?x=1&x=2&y", r#"{"x":"2","y":""}"#),
            ("/?q=%41+%C3%A9%22?", r#"{"q":"A é\"?"}"#),
        ] {
            assert_eq!(auth(target, 100).unwrap().as_json(), json, "{target}");
        }
        assert_eq!(auth("/?0123456789", 9), Err(PacketError::AuthBytes));
        assert!(auth("/?0123456789", 10).is_ok());
    }
}
