use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::*;

fn check(text: &str) -> Result<(), JsonError> {
    let mut scanner = Scanner::new(text, 100);
    scanner.skip_whitespace();
    scanner.value()?;
    scanner.end()
}

fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

#[test]
fn the_whole_grammar_is_known() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "10",
        "-1.5e+10",
        "1E3",
        "1e-3",
        "\"\"",
        "[]",
        "{}",
        " [ 1 , 2 ] ",
        "\t{ \"a\" : [ { } ] , \"b\":\r\n\"\" }",
        r#""\"\\\/\b\f\n\r\t\u00e9""#,
        r#""\ud800""#,
        "\"é€😀\u{7f}\u{2028}\"",
        r#"{"a":1,"a":2}"#,
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        "",
        " ",
        "nul",
        "True",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "0x1",
        "NaN",
        "Infinity",
        "\"",
        "\"a",
        "\"\\",
        r#""\x""#,
        r#""\u12"#,
        r#""\u12g4""#,
        "\"\n\"",
        "\"\0\"",
        "'a'",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "[}",
        "{]",
        "1 2",
        "[]]",
        "\u{feff}1",
        "\u{a0}1",
        "/**/1",
    ] {
        assert_eq!(check(text), Err(JsonError::Syntax), "{text}");
    }
}

#[test]
fn depth_is_bounded_and_given_back() {
    assert_eq!(check(&nested(100)), Ok(()));
    assert_eq!(check(&nested(101)), Err(JsonError::Depth));
    assert_eq!(check(&"[".repeat(1_000_000)), Err(JsonError::Depth));
    assert_eq!(check(&"{\"a\":".repeat(1_000_000)), Err(JsonError::Depth));
    assert_eq!(
        check(&format!("[{}{{}}]", "[[]],{\"a\":{}},".repeat(200))),
        Ok(())
    );
}

#[test]
fn no_limit_admits_more_than_serde_json_reads() {
    let text = nested(MAX_DEPTH);
    assert!(Scanner::new(&text, usize::MAX).value().is_ok());
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    let text = nested(MAX_DEPTH + 1);
    assert!(Scanner::new(&text, usize::MAX).value().is_err());
}

#[test]
fn an_array_tells_its_elements() {
    let text = r#"[ "a" , 2,[3]] "#;
    let array = Scanner::new(text, 100).array().unwrap();
    let (kind, span) = array.first.unwrap();
    assert_eq!((kind, &text[span]), (Kind::String, "\"a\""));
    assert_eq!(&text[array.second..array.end], "2,[3]]");
    assert_eq!(array.len, 3);

    let array = Scanner::new("[-7 ]", 100).array().unwrap();
    assert_eq!(array.first, Some((Kind::Integer, 1..3)));
    assert_eq!((array.second, array.end, array.len), (4, 5, 1));

    let array = Scanner::new("[ ]", 100).array().unwrap();
    assert_eq!((array.first, array.second, array.len), (None, 2, 0));
}

fn placeholders(text: &str) -> Vec<(String, Option<usize>)> {
    let mut scanner = Scanner::new(text, 100).with_placeholders(Spelling::Any);
    scanner.value().unwrap();
    let found = scanner.into_placeholders().into_iter();
    found
        .map(|found| (text[found.span].to_owned(), found.num))
        .collect()
}

#[test]
fn placeholders_are_found_in_any_spelling() {
    for text in [
        r#"{"_placeholder":true,"num":3}"#,
        r#"{ "num" : 3 , "_placeholder" : true }"#,
        r#"{"x":[1],"_placeholder":true,"num":3,"y":{}}"#,
        r#"{"\u005fplaceholder":true,"nu\u006d":3}"#,
        r#"{"_placeholder":true,"num":0,"num":3}"#,
        r#"{"_placeholder":true,"num":3,"x":{"_placeholder":true,"num":0}}"#,
    ] {
        let array = format!("[1,{text},[]]");
        assert_eq!(placeholders(&array), [(text.to_owned(), Some(3))], "{text}");
    }
}

#[test]
fn a_placeholder_without_an_index_is_noticed() {
    for num in [
        "-1",
        "0.5",
        "1e9",
        "\"splice\"",
        "null",
        "99999999999999999999999",
        "[0]",
    ] {
        let text = format!(r#"{{"_placeholder":true,"num":{num}}}"#);
        assert_eq!(placeholders(&text), [(text.clone(), None)], "{num}");
    }
    let text = r#"{"_placeholder":true}"#;
    assert_eq!(placeholders(text), [(text.to_owned(), None)]);
}

#[test]
fn other_objects_are_data() {
    let text =
        r#"[{"_placeholder":1},{"_placeholder":"true","num":0},{"num":0},{"_placehol":true}]"#;
    assert_eq!(placeholders(text), []);
}

/// Texts that are JSON, or one mistake away from it.
fn nearly_json() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"k\":",
        "\\",
        "\\n",
        "\\u12",
        "ab",
        "1",
        "-",
        "0",
        ".5",
        "e1",
        "true",
        "null",
        " ",
        "\n",
        "é",
        "\u{1}",
        "[1,2]",
        "{\"a\":{}}",
        "\"long long long long long text\"",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat()),
        (
            crate::proto::testing::json(),
            any::<prop::sample::Index>(),
            any::<u8>()
        )
            .prop_map(|(value, index, byte)| {
                let mut text = value.to_string().into_bytes();
                let index = index.index(text.len());
                text[index] = byte;
                String::from_utf8_lossy(&text).into_owned()
            }),
        crate::proto::testing::json().prop_map(|value| format!("{value:#}")),
    ]
}

proptest! {
    #[test]
    fn serde_json_agrees(text in nearly_json()) {
        let oracle = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        prop_assert_eq!(check(&text).is_ok(), oracle, "{}", text);
    }

    #[test]
    fn elements_are_counted_as_serde_json_counts_them(
        elements in prop::collection::vec(crate::proto::testing::json(), 0..6)
    ) {
        let text = serde_json::to_string(&elements).unwrap();
        let array = Scanner::new(&text, 100).array().unwrap();
        prop_assert_eq!((array.len, array.end), (elements.len(), text.len()));
    }

    #[test]
    fn arbitrary_text_does_not_panic(text in any::<String>()) {
        let mut scanner = Scanner::new(&text, 100).with_placeholders(Spelling::Any);
        let _ = scanner.value();
        scanner.into_placeholders();
    }
}
