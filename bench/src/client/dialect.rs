//! What is asked of a server, in its words.

use std::io::Write as _;

use bytes::Bytes;

use super::websocket;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialect {
    /// The frames of `floor-tcp`.
    Raw,
    /// Socket.IO over a websocket.
    SocketIo,
}

/// What a message asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Ack,
    Binary,
    Broadcast,
    Echo,
    Join,
    Room,
}

/// A message to a server. `sender` and `number` come back with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) kind: Kind,
    /// Whether the server is asked to read the arguments into types.
    pub(crate) typed: bool,
    pub(crate) sender: u32,
    pub(crate) number: u32,
    pub(crate) room: u32,
    /// Characters that need no escape.
    pub(crate) payload: &'a [u8],
}

/// Who sent a message that came back, and which it was of theirs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Reply {
    pub(crate) sender: u32,
    pub(crate) number: u32,
}

impl Dialect {
    /// Writes a request to `out`.
    pub(crate) fn write(self, request: &Request<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Raw => write_raw(request, out),
            Self::SocketIo => write_socket_io(request, out),
        }
    }
}

/// The numbers are at the same place in each frame of the floor: behind the
/// length, the operation and the room.
fn write_raw(request: &Request<'_>, out: &mut Vec<u8>) {
    let operation = match request.kind {
        Kind::Ack => b'a',
        Kind::Binary | Kind::Echo => b'e',
        Kind::Broadcast => b'b',
        Kind::Join => b'j',
        Kind::Room => b'r',
    };
    let length = 13 + request.payload.len() as u32;
    out.extend_from_slice(&length.to_le_bytes());
    out.push(operation);
    out.extend_from_slice(&request.room.to_le_bytes());
    out.extend_from_slice(&request.sender.to_le_bytes());
    out.extend_from_slice(&request.number.to_le_bytes());
    out.extend_from_slice(request.payload);
}

/// Reads the numbers of a frame of the floor, without its length.
pub(crate) fn read_raw(frame: &[u8]) -> Result<Reply, String> {
    let number = |at: usize| {
        let bytes = frame.get(at..at + 4)?;
        bytes.try_into().ok().map(u32::from_le_bytes)
    };
    match (number(5), number(9)) {
        (Some(sender), Some(number)) => Ok(Reply { sender, number }),
        _ => Err("a frame without numbers came back".into()),
    }
}

fn write_socket_io(request: &Request<'_>, out: &mut Vec<u8>) {
    let &Request {
        kind,
        typed,
        sender,
        number,
        room,
        payload,
    } = request;
    let suffix = if typed { "-typed" } else { "" };
    // The number of a sender's request is the id of its answer too.
    let mut text = Vec::with_capacity(payload.len() + 64);
    let written = match kind {
        Kind::Ack => write!(text, "42{number}[\"ack{suffix}\",{sender},{number},\""),
        Kind::Binary => {
            let name = if typed { "binary-typed" } else { "echo" };
            let attachment = "{\"_placeholder\":true,\"num\":0}";
            write!(text, "451-[\"{name}\",{sender},{number},{attachment}]")
        }
        Kind::Broadcast => write!(text, "42[\"broadcast{suffix}\",{sender},{number},\""),
        Kind::Echo => write!(text, "42[\"echo{suffix}\",{sender},{number},\""),
        Kind::Join => write!(text, "42{number}[\"join\",\"room{room}\"]"),
        Kind::Room => write!(text, "42[\"room\",\"room{room}\",[{sender},{number},\""),
    };
    written.expect("a vector takes all that is written");
    match kind {
        Kind::Binary => {
            websocket::write(websocket::TEXT, &text, out);
            return websocket::write(websocket::BINARY, payload, out);
        }
        Kind::Join => {}
        Kind::Room => {
            text.extend_from_slice(payload);
            text.extend_from_slice(b"\"]]");
        }
        Kind::Ack | Kind::Broadcast | Kind::Echo => {
            text.extend_from_slice(payload);
            text.extend_from_slice(b"\"]");
        }
    }
    websocket::write(websocket::TEXT, &text, out);
}

/// Reads the numbers of an event or an answer of Socket.IO. Those of an event
/// with an attachment are in its head.
pub(crate) fn read_socket_io(text: &Bytes) -> Result<Reply, String> {
    let unexpected = || {
        let start = &text[..text.len().min(80)];
        format!("unexpected message: {}", String::from_utf8_lossy(start))
    };
    let body = match text.get(..2) {
        // Behind the event's name; in a room the numbers are in an array.
        Some(b"42" | b"45") => {
            let name = text.iter().position(|byte| *byte == b',');
            let body = name.map(|at| &text[at + 1..]).ok_or_else(unexpected)?;
            body.strip_prefix(b"[").unwrap_or(body)
        }
        Some(b"43") => {
            let at = text.iter().position(|byte| *byte == b'[');
            let body = at.map(|at| &text[at + 1..]).ok_or_else(unexpected)?;
            if body == b"]" {
                // The answer to a join: its id is the number.
                let (number, _) = digits(&text[2..]).ok_or_else(unexpected)?;
                return Ok(Reply { sender: 0, number });
            }
            body
        }
        _ => return Err(unexpected()),
    };
    let (sender, rest) = digits(body).ok_or_else(unexpected)?;
    let rest = rest.strip_prefix(b",").ok_or_else(unexpected)?;
    let (number, _) = digits(rest).ok_or_else(unexpected)?;
    Ok(Reply { sender, number })
}

fn digits(text: &[u8]) -> Option<(u32, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let number = str::from_utf8(digits).ok()?.parse().ok()?;
    Some((number, rest))
}
