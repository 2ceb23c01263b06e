//! The cookie with the id of a session.

use std::fmt::Write;

use cookie::{Cookie, SameSite};
use http::HeaderValue;

use crate::Sid;

/// A cookie with the id of its session, which load balancers can keep a client
/// on its server by.
///
/// It is set by the response to a polling handshake, and no other. The server
/// itself does not read it. The default is the reference's:
/// `io=<id>; Path=/; HttpOnly; SameSite=Lax`.
///
/// ```
/// use engineio::{Config, SessionCookie};
/// use engineio::cookie::{Cookie, SameSite};
///
/// let cookie = Cookie::build("node")
///     .path("/socket.io")
///     .http_only(true)
///     .secure(true)
///     .same_site(SameSite::None);
/// let config = Config::default().cookie(SessionCookie::new(cookie).unwrap());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionCookie {
    name: String,
    /// As they are sent, a `; ` before each.
    attributes: String,
}

/// Why a cookie cannot be sent, or would be dropped by browsers.
///
/// ```
/// use engineio::{InvalidCookie, SessionCookie};
/// use engineio::cookie::{Cookie, SameSite};
///
/// let cookie = Cookie::build("node").same_site(SameSite::None);
/// assert_eq!(SessionCookie::new(cookie), Err(InvalidCookie::NotSecure));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCookie {
    /// The domain has a character that no host name has, or is empty.
    #[error("expected a host name as the domain of a cookie")]
    Domain,
    /// The date when it expires is none that a header can hold.
    #[error("expected a date between the years 0 and 9999")]
    Expires,
    /// The name is not a token, as of a header (RFC 9110, section 5.6.2).
    #[error("expected letters, digits and some signs as the name of a cookie")]
    Name,
    /// The path does not begin with a slash, or has a character that would end it.
    #[error(
        "expected a slash, then printable characters of ASCII but `;`, as the path of a cookie"
    )]
    Path,
    /// The name begins with `__Host-` or `__Secure-`, whose conditions are not
    /// kept: both are secure, and the former is for the path `/` and no domain.
    #[error("the attributes do not fit the prefix of the cookie's name")]
    Prefix,
    /// `SameSite=None`, or `Partitioned`, without `Secure`.
    #[error("a cookie for other sites has to be secure")]
    NotSecure,
}

impl SessionCookie {
    /// Takes name and attributes of a cookie; its value is replaced by the id.
    ///
    /// # Errors
    ///
    /// If it could not be sent as it is, or browsers would drop it.
    pub fn new(cookie: impl Into<Cookie<'static>>) -> Result<Self, InvalidCookie> {
        let mut cookie = cookie.into();
        cookie.set_value("");
        check(&cookie)?;
        let mut text = String::new();
        write!(text, "{cookie}").map_err(|_| InvalidCookie::Expires)?;
        // None of them holds a semicolon.
        let mut attributes: Vec<_> = text.split("; ").skip(1).collect();
        attributes.sort_by_key(|attribute| place(attribute));
        Ok(Self {
            name: cookie.name().into(),
            attributes: attributes.iter().flat_map(|text| ["; ", text]).collect(),
        })
    }

    /// The header that sets it.
    pub(crate) fn header(&self, sid: &Sid) -> HeaderValue {
        let Self { name, attributes } = self;
        format!("{name}={}{attributes}", sid.as_str())
            .try_into()
            .expect("name and attributes were checked, and an id is URL-safe")
    }
}

impl Default for SessionCookie {
    fn default() -> Self {
        let cookie = Cookie::build("io").path("/").http_only(true);
        Self::new(cookie.same_site(SameSite::Lax)).expect("it is a valid cookie")
    }
}

fn check(cookie: &Cookie<'_>) -> Result<(), InvalidCookie> {
    let name = cookie.name();
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(InvalidCookie::Name);
    }
    let is_host_name = |domain: &str| {
        !domain.is_empty()
            && domain
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    if !cookie.domain().is_none_or(is_host_name) {
        return Err(InvalidCookie::Domain);
    }
    // Browsers ignore a path that does not begin with a slash.
    let is_path = |path: &str| {
        path.starts_with('/')
            && path
                .bytes()
                .all(|byte| (b' '..=b'~').contains(&byte) && byte != b';')
    };
    if !cookie.path().is_none_or(is_path) {
        return Err(InvalidCookie::Path);
    }
    let is_secure = cookie.secure() == Some(true);
    let needs_secure =
        cookie.same_site() == Some(SameSite::None) || cookie.partitioned() == Some(true);
    if needs_secure && !is_secure {
        return Err(InvalidCookie::NotSecure);
    }
    let is_for_host = cookie.domain().is_none() && cookie.path() == Some("/");
    // Browsers take the prefixes in any case.
    let prefixed = name.to_ascii_lowercase();
    if prefixed.starts_with("__secure-") && !is_secure
        || prefixed.starts_with("__host-") && !(is_secure && is_for_host)
    {
        return Err(InvalidCookie::Prefix);
    }
    Ok(())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Where an attribute stands; the order is the reference's.
fn place(attribute: &str) -> Option<usize> {
    const ORDER: [&str; 8] = [
        "Max-Age",
        "Domain",
        "Path",
        "Expires",
        "HttpOnly",
        "Secure",
        "Partitioned",
        "SameSite",
    ];
    let name = attribute.split('=').next();
    ORDER.iter().position(|known| Some(*known) == name)
}

#[cfg(test)]
mod tests {
    use cookie::Expiration;
    use cookie::time::{Duration, OffsetDateTime};

    use super::*;

    fn header(cookie: impl Into<Cookie<'static>>) -> String {
        let cookie = SessionCookie::new(cookie).unwrap();
        let header = cookie.header(&Sid::new("abc").unwrap());
        header.to_str().unwrap().into()
    }

    #[test]
    fn the_default_cookie_is_that_of_the_reference() {
        let header = SessionCookie::default().header(&Sid::new("abc").unwrap());
        assert_eq!(header, "io=abc; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn attributes_stand_in_the_order_of_the_reference() {
        let date = OffsetDateTime::from_unix_timestamp(784_111_777).unwrap();
        let all = Cookie::build(("sid", "ignored"))
            .same_site(SameSite::Strict)
            .secure(true)
            .http_only(true)
            .expires(date)
            .path("/a b=c")
            .domain("chat.example")
            .max_age(Duration::days(1));
        assert_eq!(
            header(all),
            "sid=abc; Max-Age=86400; Domain=chat.example; Path=/a b=c; \
             Expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly; Secure; SameSite=Strict"
        );
    }

    #[test]
    fn what_is_not_asked_for_is_not_sent() {
        assert_eq!(header("io"), "io=abc");
        let cookie = Cookie::build("io").http_only(false).secure(false);
        assert_eq!(header(cookie.expires(Expiration::Session)), "io=abc");
    }

    #[test]
    fn what_would_inject_something_or_be_dropped_is_no_cookie() {
        let build = Cookie::build;
        let none = SameSite::None;
        for (cookie, error) in [
            (build(""), InvalidCookie::Name),
            (build("a b"), InvalidCookie::Name),
            (build("a=b"), InvalidCookie::Name),
            (build("a\r\nX-Evil: 1"), InvalidCookie::Name),
            (build("é"), InvalidCookie::Name),
            (
                build("io").path("/; Domain=evil.example"),
                InvalidCookie::Path,
            ),
            (build("io").path("chat"), InvalidCookie::Path),
            (build("io").path("/\n"), InvalidCookie::Path),
            (build("io").path("/é"), InvalidCookie::Path),
            (build("io").domain("a; Secure"), InvalidCookie::Domain),
            (build("io").domain("a\0"), InvalidCookie::Domain),
            (build("io").same_site(none), InvalidCookie::NotSecure),
            (build("io").partitioned(true), InvalidCookie::NotSecure),
            (build("__Secure-io"), InvalidCookie::Prefix),
            (build("__Host-io").secure(true), InvalidCookie::Prefix),
        ] {
            let text = format!("{cookie:?}");
            assert_eq!(SessionCookie::new(cookie), Err(error), "{text}");
        }
        let cookie = build("__Host-io").secure(true).path("/").same_site(none);
        assert_eq!(
            header(cookie),
            "__Host-io=abc; Path=/; Secure; SameSite=None"
        );
    }
}
