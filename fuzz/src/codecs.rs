//! The codecs of Engine.IO, each with any bytes.

use bytes::Bytes;
use bytestring::ByteString;
use engineio::{
    Config, Origins, Packet, PayloadBody, Refused, Request, Revision, Transport, decode_jsonp,
    decode_payload, encode_jsonp, encode_payload,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

/// More than a run of any speed has.
const PACKETS: usize = 1000;

/// Reads text as a payload and as a packet of revision 4.
pub fn engineio_payload(data: &[u8]) {
    let Some(body) = text(data) else { return };
    packet(&body, Revision::V4);
    let pieces = body.split('\u{1e}').map(ByteString::from);
    let expected: Vec<_> = pieces
        .map_while(|piece| Packet::from_text(piece, Revision::V4).ok())
        .collect();
    let packets = payload(body.into(), Revision::V4);
    if packets.len() < PACKETS {
        assert_eq!(packets, expected, "what a naive reader finds");
    }
}

/// Reads text as a payload and as a packet of revision 3.
pub fn engineio_payload_counted(data: &[u8]) {
    let Some(body) = text(data) else { return };
    packet(&body, Revision::V3);
    payload(body.into(), Revision::V3);
}

/// Reads bytes as a binary payload, and as a binary packet, of revision 3.
pub fn engineio_payload_binary(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    let _ = Packet::from_binary(body.clone(), Revision::V3);
    payload(body.into(), Revision::V3);
}

/// Reads bytes as the form of a JSONP client; what it holds makes a script
/// that a browser reads as one string.
pub fn engineio_jsonp(data: &[u8]) {
    let Some(payload) = decode_jsonp(data) else {
        return;
    };
    let index = data.len() as u32;
    let script = encode_jsonp(index, &payload);
    let json = script
        .strip_prefix(&format!("___eio[{index}]("))
        .and_then(|rest| rest.strip_suffix(");"))
        .expect("a call of the client's function");
    let ends_line = |character| matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}');
    assert!(!json.contains(ends_line), "a string is on one line");
    let read: String = serde_json::from_str(json).expect("the argument is JSON");
    assert_eq!(read, *payload);
}

/// Reads lines as a request: what the server is configured to, the path, the
/// query, the method, then headers.
pub fn engineio_request(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let config = config(line().first().copied().unwrap_or_default());
    let path = String::from_utf8_lossy(line());
    let query = String::from_utf8_lossy(line());
    let method = Method::from_bytes(line()).unwrap_or_default();
    let headers = headers(lines);

    assert_eq!(config.serves(&path), path.starts_with("/engine.io/"));
    // What is no target, hyper refuses.
    let Ok(target) = Uri::try_from(format!("/engine.io/?{query}")) else {
        return;
    };
    match Request::parse(&target, &headers, &config) {
        Ok(request) => {
            assert!(config.transports.contains(&request.transport));
            assert_ne!(request.sid.as_deref(), Some(""));
            check(request.check_revision(&config));
            check(request.check_handshake(&method));
            let hello = request.hello();
            assert_eq!(hello.transport, request.transport);
            assert_eq!(hello.revision, request.revision);
        }
        Err(refused) => {
            let has_origin = headers.contains_key(http::header::ORIGIN);
            let is_about_origin = matches!(refused, Refused::Forbidden | Refused::InvalidOrigin);
            assert!(has_origin || !is_about_origin, "without one all pass");
            check(Err(refused));
        }
    }
}

fn text(data: &[u8]) -> Option<ByteString> {
    ByteString::try_from(Bytes::copy_from_slice(data)).ok()
}

/// A packet that was read is written and read again the same.
fn packet(frame: &ByteString, revision: Revision) {
    if let Ok(packet) = Packet::from_text(frame.clone(), revision) {
        let mut written = String::new();
        packet.write_text(revision, &mut written);
        assert_eq!(Packet::from_text(written.into(), revision), Ok(packet));
    }
}

/// Packets that were read are written, in either form, and read again the same.
fn payload(body: PayloadBody, revision: Revision) -> Vec<Packet> {
    let (packets, _) = decode_payload(body.clone(), revision, PACKETS);
    if !packets.is_empty() {
        for base64 in [false, true] {
            let body = encode_payload(&packets, revision, base64);
            let again = decode_payload(body, revision, PACKETS);
            assert_eq!(again, (packets.clone(), Ok(())));
        }
        let (fewer, _) = decode_payload(body, revision, packets.len() - 1);
        assert_eq!(fewer[..], packets[..packets.len() - 1]);
    }
    packets
}

fn config(choice: u8) -> Config {
    let transports: &[Transport] = match choice & 3 {
        0 => &[Transport::Polling],
        1 => &[Transport::Websocket],
        _ => &[Transport::Polling, Transport::Websocket],
    };
    let origins = match choice >> 2 & 3 {
        0 => Origins::Any,
        1 => Origins::List(vec!["https://example.com".into()]),
        _ => Origins::Same,
    };
    Config::default()
        .transports(transports.iter().copied())
        .origins(origins)
        .allow_revision_3(choice & 0x10 == 0)
}

fn headers<'a>(lines: impl Iterator<Item = &'a [u8]>) -> HeaderMap {
    lines
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
            Some((name, value))
        })
        .collect()
}

/// A refusal has a status of an error, and its number in a body of JSON.
fn check(result: Result<(), Refused>) {
    if let Err(refused) = result {
        let status = refused.status();
        assert!(status.is_client_error() || status.is_server_error());
        assert_eq!(refused.code().is_some(), refused.body().is_some());
    }
}
