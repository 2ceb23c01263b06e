//! JSONP: polling through script tags and forms, for pages that cannot make
//! requests to another origin.

use bytestring::ByteString;

/// The response to a GET: a script that hands `payload` to the client's
/// callback of that number.
///
/// ```
/// assert_eq!(engineio::encode_jsonp(0, "4hello"), r#"___eio[0]("4hello");"#);
/// ```
pub fn encode_jsonp(index: u32, payload: &str) -> String {
    let json = serde_json::to_string(payload).expect("a string is JSON");
    // Two characters that end a line in older JavaScript, though not in JSON.
    let json = json
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    format!("___eio[{index}]({json});")
}

/// The payload in the form that a client posts; `None` if there is no `d`.
///
/// A form field turns line feeds into others, so the client writes each as a
/// backslash and an `n`, and puts a backslash in front of those that were there.
///
/// ```
/// let payload = engineio::decode_jsonp(b"d=4hello%20you");
/// assert_eq!(payload.as_deref(), Some("4hello you"));
/// assert_eq!(engineio::decode_jsonp(b"e=4hello"), None);
/// ```
pub fn decode_jsonp(form: &[u8]) -> Option<ByteString> {
    let (_, data) = form_urlencoded::parse(form)
        .filter(|(key, _)| key == "d")
        .last()?;
    let mut payload = String::with_capacity(data.len());
    let mut rest = &*data;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        payload.push_str(&rest[..at]);
        rest = &rest[at..];
        let (replaced, length) = if rest.starts_with("\\\\n") {
            ("\\n", 3)
        } else if rest.starts_with("\\n") {
            ("\n", 2)
        } else {
            ("\\", 1)
        };
        payload.push_str(replaced);
        rest = &rest[length..];
    }
    payload.push_str(rest);
    Some(payload.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_a_string_in_a_script() {
        assert_eq!(
            encode_jsonp(3, "0{\"sid\":\"x\"}"),
            r#"___eio[3]("0{\"sid\":\"x\"}");"#
        );
        assert_eq!(
            encode_jsonp(0, "4</script>\u{2028}\u{2029}\n\u{1e}é"),
            "___eio[0](\"4</script>\\u2028\\u2029\\n\\u001eé\");"
        );
    }

    #[test]
    fn a_form_holds_the_payload_with_its_line_feeds_escaped() {
        for (form, payload) in [
            ("d=4hello", "4hello"),
            ("d=4a%5Cnb", "4a\nb"),
            ("d=4a%5C%5Cnb", "4a\\nb"),
            ("d=4a%5C%5Cb", "4a\\\\b"),
            ("d=4a%5C", "4a\\"),
            ("d=4a%20b+c", "4a b c"),
            ("x=1&d=4%C3%A9", "4é"),
            ("d=", ""),
        ] {
            assert_eq!(decode_jsonp(form.as_bytes()).as_deref(), Some(payload));
        }
        assert_eq!(decode_jsonp(b""), None);
        assert_eq!(decode_jsonp(b"4hello"), None);
    }
}
