//! The inbound half of a websocket: bytes to frames.

use std::io::{self, Read, Write};

use bytes::Bytes;
use bytestring::ByteString;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::border::Border;

/// What tungstenite reads at once into the buffer that it keeps for the
/// connection. The buffer grows for a larger frame, and only then.
pub(crate) const CODEC_BUFFER: usize = 1024;

/// How long a message may be whose buffer is kept for the next one.
const KEPT_BUFFER: usize = 16 << 10;

/// Tungstenite's protocol half, fed with slices.
///
/// It checks masks, fragments, UTF-8 and sizes. Of what it wants to send (pongs,
/// and the answer to a close) the newest frame is kept until it is
/// [taken](Self::take_control).
pub(crate) struct Reader {
    border: Border,
    context: Box<WebSocketContext>,
    control: Vec<u8>,
    /// The length of the longest message, for which the buffer has grown.
    longest: usize,
}

/// What a client sent.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Frame {
    Binary(Bytes),
    /// The client closed; the answer is ready to be sent.
    Close,
    Text(ByteString),
}

/// The client broke the websocket protocol, which this close code tells it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Violation {
    pub(crate) code: u16,
}

impl Reader {
    pub(crate) fn new(max_payload: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(CODEC_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(max_payload))
            .max_frame_size(Some(max_payload));
        Self {
            border: Border::default(),
            context: Box::new(WebSocketContext::new(Role::Server, Some(config))),
            control: Vec::new(),
            longest: CODEC_BUFFER,
        }
    }

    /// The next frame of `input`, which is moved on. `None` once all of it is
    /// read; the rest of an unfinished frame is kept.
    pub(crate) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Violation> {
        loop {
            let mut stream = Stream {
                border: &mut self.border,
                input: &mut *input,
                control: &mut self.control,
            };
            match self.context.read(&mut stream) {
                Ok(Message::Binary(data)) => return Ok(Some(Frame::Binary(self.cut(data)))),
                Ok(Message::Text(text)) => {
                    let text = ByteString::try_from(self.cut(text.into()))
                        .expect("tungstenite checks the UTF-8 of a text frame");
                    return Ok(Some(Frame::Text(text)));
                }
                Ok(Message::Close(_)) => {
                    // The next read writes the answer, and says that it is over.
                    let _ = self.context.read(&mut Stream {
                        border: &mut self.border,
                        input: &mut &[][..],
                        control: &mut self.control,
                    });
                    return Ok(Some(Frame::Close));
                }
                Ok(Message::Frame(_) | Message::Ping(_) | Message::Pong(_)) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.shrink();
                    return Ok(None);
                }
                Err(error) => return violation(&error),
            }
        }
    }

    /// Gives a large buffer back once there is nothing in it: tungstenite would keep
    /// it for as long as the connection lasts.
    fn shrink(&mut self) {
        if self.longest > KEPT_BUFFER && self.border.is_between_messages() {
            let config = *self.context.get_config();
            *self.context = WebSocketContext::new(Role::Server, Some(config));
            self.longest = CODEC_BUFFER;
        }
    }

    /// A message, which shares the buffer that it was read into unless that has
    /// grown for a much longer one.
    fn cut(&mut self, message: Bytes) -> Bytes {
        self.longest = self.longest.max(message.len());
        if self.longest > CODEC_BUFFER && message.len() < self.longest / 2 {
            Bytes::copy_from_slice(&message)
        } else {
            message
        }
    }

    /// What is to be sent in answer to what was read.
    pub(crate) fn take_control(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.control)
    }
}

/// `None` where the error only says that the connection is over.
fn violation(error: &Error) -> Result<Option<Frame>, Violation> {
    let code = match error {
        Error::AlreadyClosed
        | Error::ConnectionClosed
        | Error::Protocol(ProtocolError::ReceivedAfterClosing) => return Ok(None),
        Error::Capacity(CapacityError::MessageTooLong { .. }) => 1009,
        Error::Utf8(_) => 1007,
        _ => 1002,
    };
    Err(Violation { code })
}

/// A slice to read from, and a buffer to write to.
struct Stream<'a, 'b> {
    border: &'a mut Border,
    input: &'a mut &'b [u8],
    control: &'a mut Vec<u8>,
}

impl Read for Stream<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // A read of nothing would be the end of the file, which the slice is not.
        match self.input.read(out)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            read => {
                self.border.pass(&out[..read]);
                Ok(read)
            }
        }
    }
}

impl Write for Stream<'_, '_> {
    /// Tungstenite writes a frame at a time, as it buffers nothing.
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        self.control.clear();
        self.control.write(frame)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A masked client frame. The mask is zero, so the payload stays readable.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        assert!(length < 126);
        let mut frame = vec![first, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        frame
    }

    fn read_all(input: &[u8]) -> (Vec<Frame>, Option<u16>, Vec<u8>) {
        let mut reader = Reader::new(100);
        let mut input = input;
        let mut frames = Vec::new();
        let code = loop {
            match reader.next(&mut input) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break None,
                Err(violation) => break Some(violation.code),
            }
        };
        (frames, code, reader.take_control())
    }

    #[test]
    fn frames_are_found_wherever_the_bytes_are_cut() {
        let bytes = [frame(0x81, "4é".as_bytes()), frame(0x82, b"\x01")].concat();
        for cut in 0..=bytes.len() {
            let mut reader = Reader::new(100);
            let mut frames = Vec::new();
            for mut part in [&bytes[..cut], &bytes[cut..]] {
                while let Some(frame) = reader.next(&mut part).unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(
                frames,
                [
                    Frame::Text("4é".into()),
                    Frame::Binary(Bytes::from_static(&[1]))
                ]
            );
        }
    }

    #[test]
    fn fragments_are_one_message() {
        let bytes = [frame(0x01, b"4a"), frame(0x89, b""), frame(0x80, b"b")].concat();
        let (frames, code, control) = read_all(&bytes);
        assert_eq!((frames, code), (vec![Frame::Text("4ab".into())], None));
        assert_eq!(control, [0x8a, 0], "the ping between them is answered");
    }

    #[test]
    fn the_last_of_several_pings_is_answered_with_its_data() {
        let pings = [frame(0x89, b"a"), frame(0x89, b"b"), frame(0x89, b"hi")].concat();
        let (_, _, control) = read_all(&pings);
        assert_eq!(control, [0x8a, 2, b'h', b'i']);
    }

    #[test]
    fn a_close_is_answered_and_ends_the_input() {
        let bytes = [frame(0x88, &[3, 232]), frame(0x81, b"4late")].concat();
        let (frames, code, control) = read_all(&bytes);
        assert_eq!((frames, code), (vec![Frame::Close], None));
        assert_eq!(control, [0x88, 2, 3, 232]);
    }

    #[test]
    fn a_violation_has_its_close_code() {
        let too_long = [0x82, 0xfe, 0, 101, 0, 0, 0, 0];
        let claims_2_to_63 = [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for (bytes, code) in [
            (too_long.to_vec(), 1009),
            (claims_2_to_63.to_vec(), 1009),
            (frame(0x81, &[0xff]), 1007),
            (frame(0xa1, b"4"), 1002),
            (frame(0x83, b"4"), 1002),
            (vec![0x81, 1, b'4'], 1002),
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), 1002),
        ] {
            let (frames, got, _) = read_all(&bytes);
            assert_eq!((frames, got), (vec![], Some(code)), "{bytes:?}");
        }
    }

    #[test]
    fn a_short_message_does_not_keep_the_buffer_of_a_long_one() {
        let mut reader = Reader::new(100_000);
        let mut read = |frame: &[u8]| {
            let mut input = frame;
            let mut last = None;
            while let Some(frame) = reader.next(&mut input).unwrap() {
                last = Some(frame);
            }
            match last {
                Some(Frame::Binary(data)) => data,
                Some(Frame::Text(text)) => text.into_bytes(),
                other => panic!("{other:?}"),
            }
        };
        let (text, binary) = (frame(0x81, b"4a"), frame(0x82, b"a"));
        assert!(!read(&text).is_unique(), "it is copied for nothing");
        let mut long = vec![0x81, 0xfe, 0x40, 0, 0, 0, 0, 0];
        long.resize(long.len() + 0x4000, b'4');
        for short in [text, binary] {
            let long = read(&[&long[..], &short].concat());
            let short = read(&short);
            assert!(short.is_unique(), "it shares the buffer");
            drop(long);
        }
    }

    #[test]
    fn a_long_message_leaves_no_large_buffer_behind() {
        let mut reader = Reader::new(100_000);
        let mut long = vec![0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0];
        long.resize(long.len() + 0xffff, b'4');
        let short = frame(0x81, b"4a");
        let text = |reader: &mut Reader, mut input: &[u8]| {
            let frame = reader.next(&mut input).unwrap();
            assert_eq!(reader.next(&mut input), Ok(None));
            frame
        };
        assert!(text(&mut reader, &long).is_some());
        assert_eq!(reader.longest, CODEC_BUFFER, "it is given back");
        // A part of the next message is not lost with it.
        assert!(text(&mut reader, &[&long[..], &short[..3]].concat()).is_some());
        assert_eq!(reader.longest, 0xffff);
        let rest = text(&mut reader, &short[3..]);
        assert_eq!(rest, Some(Frame::Text("4a".into())));
        assert_eq!(reader.longest, CODEC_BUFFER);
    }

    #[test]
    fn long_messages_are_read_wherever_the_bytes_are_cut() {
        let mut long = vec![0x81, 0xff, 0, 0, 0, 0, 0, 1, 0x12, 0x34, 1, 2, 3, 4];
        long.extend((0..0x1_1234).map(|n| b'4' ^ [1, 2, 3, 4][n % 4]));
        let bytes = [&long[..], &frame(0x81, b"4a"), &long, &long].concat();
        for step in [1000, 4096, 65_535, 65_536, 65_550, bytes.len()] {
            let mut reader = Reader::new(100_000);
            let mut count = 0;
            for mut piece in bytes.chunks(step) {
                while let Some(frame) = reader.next(&mut piece).unwrap() {
                    assert!(matches!(frame, Frame::Text(_)));
                    count += 1;
                }
                assert!(piece.is_empty());
            }
            assert_eq!(count, 4, "{step}");
        }
    }

    #[test]
    fn the_size_of_a_fragmented_message_is_limited() {
        let bytes = [frame(0x02, &[0; 60]), frame(0x80, &[0; 41])].concat();
        assert_eq!(read_all(&bytes).1, Some(1009));
    }
}
