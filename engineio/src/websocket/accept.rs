//! The websocket handshake (RFC 6455, section 4.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::Refused;

/// Checks a client's handshake, and gives the headers of the 101, with the
/// connection that is there behind it.
///
/// Without one nothing could follow the 101: in HTTP/2, or below a host that
/// does not let go of its connections.
pub(crate) fn accept(parts: &mut Parts) -> Result<(HeaderMap, OnUpgrade), Refused> {
    let answer = answer(&parts.headers)?;
    let upgrade = parts.extensions.remove();
    Ok((answer, upgrade.ok_or(Refused::WebsocketHandshake)?))
}

/// The first subprotocol that is offered is taken, as browsers fail a
/// connection whose offer is ignored. Extensions are not taken up.
fn answer(headers: &HeaderMap) -> Result<HeaderMap, Refused> {
    let key = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|key| is_key(key.as_bytes()))
        .ok_or(Refused::WebsocketHandshake)?;
    let is_version_13 = headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_some_and(|version| version == "13");
    if !is_version_13 || !asks_for_upgrade(headers) {
        return Err(Refused::WebsocketHandshake);
    }

    let mut answer = HeaderMap::new();
    answer.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(UPGRADE, HeaderValue::from_static("websocket"));
    let accept =
        HeaderValue::try_from(derive_accept_key(key.as_bytes())).expect("base64 is a header value");
    answer.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = first_protocol(headers) {
        answer.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    Ok(answer)
}

/// 16 bytes in base64.
fn is_key(key: &[u8]) -> bool {
    STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("upgrade"))
}

fn first_protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let offered = headers.get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let first = offered.split(',').next()?.trim();
    HeaderValue::from_str(first)
        .ok()
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> HeaderMap {
        // The key and its answer are the example of RFC 6455, section 1.3.
        [
            (CONNECTION, "keep-alive, Upgrade"),
            (UPGRADE, "websocket"),
            (SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
            (SEC_WEBSOCKET_VERSION, "13"),
        ]
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect()
    }

    #[test]
    fn a_handshake_is_answered_with_the_key_of_its_key() {
        let answer = super::answer(&request()).unwrap();
        assert_eq!(answer[SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!answer.contains_key(SEC_WEBSOCKET_PROTOCOL));
    }

    #[test]
    fn the_first_subprotocol_is_taken() {
        let mut headers = request();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("a , b"));
        assert_eq!(answer(&headers).unwrap()[SEC_WEBSOCKET_PROTOCOL], "a");
    }

    #[test]
    fn an_invalid_handshake_is_refused() {
        for (name, value) in [
            (CONNECTION, "keep-alive"),
            (SEC_WEBSOCKET_KEY, "short"),
            (SEC_WEBSOCKET_KEY, "24 characters, no base64"),
            (SEC_WEBSOCKET_VERSION, "8"),
        ] {
            let mut headers = request();
            headers.insert(&name, HeaderValue::from_static(value));
            assert_eq!(answer(&headers), Err(Refused::WebsocketHandshake), "{name}");
        }
    }
}
