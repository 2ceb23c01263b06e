//! The frames of a websocket client.

use bytes::{Buf, Bytes, BytesMut};

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;

/// A frame of the server.
#[derive(Debug)]
pub(crate) enum Frame {
    Text(Bytes),
    Binary,
    Close,
    /// Nothing for the application.
    Other,
}

/// Writes a frame, masked with zeros: what it holds stays as it is, and costs
/// the server as much as any other mask.
pub(crate) fn write(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    let length = payload.len();
    match length {
        0..126 => out.push(0x80 | length as u8),
        126..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// Takes the next frame, if it is there whole.
pub(crate) fn next(buffer: &mut BytesMut) -> Result<Option<Frame>, String> {
    let [first, second, rest @ ..] = &buffer[..] else {
        return Ok(None);
    };
    let (mut rest, first) = (rest, *first);
    let (extra, length) = match second & 0x7f {
        126 if rest.len() >= 2 => (2, usize::from(rest.get_u16())),
        127 if rest.len() >= 8 => (8, rest.get_u64() as usize),
        126 | 127 => return Ok(None),
        short => (0, usize::from(short)),
    };
    if rest.len() < length {
        return Ok(None);
    }
    buffer.advance(2 + extra);
    let payload = buffer.split_to(length).freeze();
    match first {
        0x81 => Ok(Some(Frame::Text(payload))),
        0x82 => Ok(Some(Frame::Binary)),
        _ => match first & 0x0f {
            CLOSE => Ok(Some(Frame::Close)),
            PING..=0x0a => Ok(Some(Frame::Other)),
            _ => Err(format!("unexpected frame 0x{first:02x}")),
        },
    }
}
