//! What clients and the application say, as a log can stand it.

use std::error::Error;
use std::fmt;

use crate::DecodeError;

/// A name that a client chose: quoted, escaped, and cut.
#[cfg(feature = "server")]
pub(crate) struct Shortened<'a>(pub(crate) &'a str);

#[cfg(feature = "server")]
impl fmt::Debug for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(MAX_NAME) {
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
            None => self.0.fmt(f),
        }
    }
}

/// What an error says: escaped, and cut. One that is about a payload quotes it,
/// and a payload may be a secret.
pub(crate) struct Told<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if quotes_a_payload(self.0) {
            return f.write_str("a payload is not of the type that was asked for");
        }
        escape(&self.0.to_string(), f)
    }
}

/// A text of the application: escaped, and cut.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0, f)
    }
}

fn quotes_a_payload(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<DecodeError>() || error.is::<serde_json::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn escape(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, char) in text.chars().enumerate() {
        match char {
            _ if index == MAX_TEXT => return f.write_str("…"),
            '"' | '\'' | '\\' => write!(f, "{char}")?,
            _ => write!(f, "{}", char.escape_debug())?,
        }
    }
    Ok(())
}

/// Characters of a name that are logged.
#[cfg(feature = "server")]
const MAX_NAME: usize = 64;

/// Characters of an error's text that are logged.
const MAX_TEXT: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AckError, Args, BoxError};

    #[test]
    #[cfg(feature = "server")]
    fn a_logged_name_is_escaped_and_short() {
        assert_eq!(
            format!("{:?}", Shortened("a\n\u{1b}[1m")),
            r#""a\n\u{1b}[1m""#
        );
        let name = "ä".repeat(MAX_NAME + 1);
        assert_eq!(
            format!("{:?}", Shortened(&name)),
            format!("{:?}…", "ä".repeat(MAX_NAME))
        );
    }

    #[test]
    fn a_logged_error_is_escaped_and_short() {
        let told = |text: String| Told(&*BoxError::from(text)).to_string();
        assert_eq!(told("a \"b\"\r\n\u{202e}".into()), r#"a "b"\r\n\u{202e}"#);
        assert_eq!(told("ä".repeat(1000)), format!("{}…", "ä".repeat(MAX_TEXT)));
    }

    #[test]
    fn an_error_about_a_payload_does_not_quote_it() {
        #[derive(Debug, thiserror::Error)]
        #[error("bad token: {0}")]
        struct Wrapped(#[source] DecodeError);

        #[derive(Debug, thiserror::Error)]
        #[error(transparent)]
        struct Hidden(#[from] DecodeError);

        let misfit = || {
            let args = Args::new("secret").expect("text can be written");
            args.parse::<u8>().expect_err("it is no number")
        };
        assert!(misfit().to_string().contains("secret"));
        for error in [
            BoxError::from(misfit()),
            Wrapped(misfit()).into(),
            Hidden(misfit()).into(),
            AckError::Decode(misfit()).into(),
        ] {
            assert!(!Told(&*error).to_string().contains("secret"));
        }
    }
}
