//! What a request says of the answer that it takes.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Which of these codings the request likes best; `None` if none of them. Of two
/// that it likes the same, the one that it names first.
pub(super) fn preferred<'a>(
    codings: impl Iterator<Item = &'a str>,
    asked: &HeaderMap,
) -> Option<&'a str> {
    let rated = codings.map(|coding| {
        let rating = |name: &str| {
            let mut accepted = list(asked, header::ACCEPT_ENCODING).enumerate();
            accepted.find_map(|(place, entry)| {
                let (entry, weight) = entry.split_once(';').unwrap_or((entry, "q=1"));
                let is_meant = entry.trim().eq_ignore_ascii_case(name);
                is_meant.then(|| (parse_weight(weight), usize::MAX - place))
            })
        };
        (rating(coding).or_else(|| rating("*")), coding)
    });
    let accepted = rated.filter_map(|(rating, coding)| Some((rating?, coding)));
    let accepted = accepted.filter(|((weight, _), _)| *weight > 0);
    // The first of those that are rated the same, as `*` rates all.
    let best = accepted.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, coding)| coding)
}

/// Whether whoever asks has this version. A weak comparison, as RFC 9110 wants
/// it here.
pub(super) fn is_known(etag: &HeaderValue, asked: &HeaderMap) -> bool {
    list(asked, header::IF_NONE_MATCH).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
    })
}

/// The entries of a header that is a list.
fn list(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
}

/// A weight in thousandths, as nobody may name it more exactly.
fn parse_weight(text: &str) -> u32 {
    let weight = text.trim().strip_prefix("q=").map(str::trim);
    let weight = weight.and_then(|weight| weight.parse::<f32>().ok());
    weight.map_or(0, |weight| (weight.clamp(0.0, 1.0) * 1000.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coding_is_the_one_that_is_liked_best() {
        for (accept, both, gzip) in [
            ("", None, None),
            ("deflate", None, None),
            ("identity", None, None),
            ("gzip", Some("gzip"), Some("gzip")),
            ("gzip, deflate, br", Some("gzip"), Some("gzip")),
            ("br, gzip", Some("br"), Some("gzip")),
            ("gzip;q=0.5, br;q=0.9", Some("br"), Some("gzip")),
            ("gzip; q=1.0, br; q=0.9", Some("gzip"), Some("gzip")),
            ("GZIP;q=0.001,br;q=0", Some("gzip"), Some("gzip")),
            ("gzip;q=0, *", Some("br"), None),
            ("*", Some("br"), Some("gzip")),
            ("*;q=0", None, None),
            ("gzip;q=x", None, None),
            ("gzip;level=9", None, None),
            (",;=, ;q=1", None, None),
        ] {
            let mut asked = HeaderMap::new();
            asked.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
            let found = preferred(["br", "gzip"].into_iter(), &asked);
            assert_eq!(found, both, "{accept}");
            assert_eq!(preferred(["gzip"].into_iter(), &asked), gzip, "{accept}");
        }
        assert_eq!(preferred(["br"].into_iter(), &HeaderMap::new()), None);
    }

    #[test]
    fn a_version_is_known_by_either_kind_of_tag() {
        let etag = HeaderValue::from_static("\"a\"");
        for (tags, known) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", W/\"a\" , \"c\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("w/\"a\"", false),
            ("", false),
        ] {
            let mut asked = HeaderMap::new();
            asked.append(header::IF_NONE_MATCH, HeaderValue::from_static("\"z\""));
            asked.append(header::IF_NONE_MATCH, HeaderValue::from_static(tags));
            assert_eq!(is_known(&etag, &asked), known, "{tags}");
        }
        assert!(!is_known(&etag, &HeaderMap::new()));
    }
}
