//! The outbound half of a websocket: packets to bytes.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use hyper::rt::Write;

use crate::{Hello, Message, Packet, Revision};

/// Payloads up to this length are copied next to each other; larger ones are
/// written from where they are, shared by all their recipients.
const GATHERED: usize = 2048;

/// How many pieces one system call takes at most.
const SLICES: usize = 64;

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;

/// The frames of one connection that the kernel has not taken yet.
///
/// A server's frames are not masked, so a payload is the same bytes for every
/// recipient: what is queued here is a header, and a share of the payload.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// What is being written.
    queue: VecDeque<Piece>,
    /// The small frames behind it, in a buffer that the thread lends until the next
    /// write.
    gathered: Vec<u8>,
    gathered_charge: usize,
    /// The newest answer to a control frame. It leaves between two frames; one
    /// that has not left yet gives way to the next, so that a client that only
    /// pings and never reads costs one pong (RFC 6455, section 5.5.3).
    control: Vec<u8>,
    released: usize,
    /// Something was written that the stream below may still hold.
    needs_flush: bool,
    /// Our close frame is queued: nothing follows it.
    is_closed: bool,
    /// Binary data leaves as base64 in text frames, as on polling.
    as_base64: bool,
    revision: Revision,
}

#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    /// What the outbox charges for the packets that end in this piece.
    charge: usize,
}

impl Writer {
    pub(crate) fn new(hello: Hello) -> Self {
        Self {
            as_base64: hello.base64,
            revision: hello.revision,
            ..Self::default()
        }
    }

    /// The revision that both directions of the connection speak.
    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// Queues a packet, and says how long its frame's payload is. `charge` is
    /// what comes back through [`take_released`](Self::take_released) when the
    /// kernel took it.
    pub(crate) fn push(&mut self, packet: &Packet, charge: usize) -> usize {
        match packet {
            Packet::Message(Message::Binary(data)) if !self.as_base64 => {
                let kind: &[u8] = match self.revision {
                    Revision::V3 => &[4],
                    Revision::V4 => &[],
                };
                self.push_frame(BINARY, kind, data, charge)
            }
            Packet::Message(Message::Text(text)) => {
                self.push_frame(TEXT, &[], text.frame().as_bytes(), charge)
            }
            // The heartbeat of an idle connection allocates nothing.
            Packet::Ping(data) if data.is_empty() => {
                self.push_frame(TEXT, b"2", &Bytes::new(), charge)
            }
            other => {
                let mut frame = String::new();
                other.write_text(self.revision, &mut frame);
                self.push_frame(TEXT, &[], &Bytes::from(frame), charge)
            }
        }
    }

    /// Queues a ready-made control frame, in the place of one that waits.
    pub(crate) fn set_control(&mut self, frame: Vec<u8>) {
        if !self.is_closed && !frame.is_empty() {
            self.control = frame;
        }
    }

    /// Queues a close frame, without a status if there is no code.
    pub(crate) fn push_close(&mut self, code: Option<u16>) {
        self.is_closed = true;
        self.control = match code.map(u16::to_be_bytes) {
            None => vec![CLOSE, 0],
            Some([high, low]) => vec![CLOSE, 2, high, low],
        };
    }

    /// The charges of the packets that the kernel took since the last call.
    pub(crate) fn take_released(&mut self) -> usize {
        std::mem::take(&mut self.released)
    }

    /// The charges of what will never be written: the connection is given up.
    pub(crate) fn give_up(&mut self) -> usize {
        let queue = std::mem::take(&mut self.queue);
        self.gathered = Vec::new();
        queue.iter().map(|piece| piece.charge).sum::<usize>()
            + std::mem::take(&mut self.gathered_charge)
            + self.take_released()
    }

    /// Writes until all is taken. On `Pending` a part may have been.
    pub(crate) fn poll_flush<W>(&mut self, cx: &mut Context<'_>, io: &mut W) -> Poll<io::Result<()>>
    where
        W: Write + Unpin,
    {
        while !self.queue.is_empty() {
            ready!(self.poll_write_queue(cx, io))?;
        }
        self.gathered.append(&mut self.control);
        if !self.gathered.is_empty() {
            ready!(self.poll_write_gathered(cx, io))?;
        }
        // The connection may have taken a part of that.
        while !self.queue.is_empty() {
            ready!(self.poll_write_queue(cx, io))?;
        }
        if self.needs_flush {
            ready!(Pin::new(io).poll_flush(cx))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes of the queue once.
    fn poll_write_queue<W>(&mut self, cx: &mut Context<'_>, io: &mut W) -> Poll<io::Result<()>>
    where
        W: Write + Unpin,
    {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.queue) {
            *slice = IoSlice::new(&piece.bytes);
            count += 1;
        }
        let written = ready!(Pin::new(&mut *io).poll_write_vectored(cx, &slices[..count]))?;
        self.note(written)?;
        self.advance(written);
        Poll::Ready(Ok(()))
    }

    /// Writes what was gathered once, and gives its buffer back to the thread. What
    /// the connection does not take is queued, in memory of its own.
    fn poll_write_gathered<W>(&mut self, cx: &mut Context<'_>, io: &mut W) -> Poll<io::Result<()>>
    where
        W: Write + Unpin,
    {
        let result = Pin::new(&mut *io).poll_write(cx, &self.gathered);
        let written = match &result {
            Poll::Ready(Ok(written)) => *written,
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        };
        let charge = std::mem::take(&mut self.gathered_charge);
        let rest = &self.gathered[written..];
        if rest.is_empty() {
            self.released += charge;
        } else {
            self.queue.push_back(Piece {
                bytes: Bytes::copy_from_slice(rest),
                charge,
            });
        }
        give_back(std::mem::take(&mut self.gathered));
        self.note(ready!(result)?)?;
        Poll::Ready(Ok(()))
    }

    fn note(&mut self, written: usize) -> io::Result<()> {
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.needs_flush = true;
        Ok(())
    }

    /// Queues a frame of `kind`, which is copied, and `payload`, which is shared.
    fn push_frame(&mut self, first: u8, kind: &[u8], payload: &Bytes, charge: usize) -> usize {
        self.push_head(first, kind.len() + payload.len());
        self.gathered.extend_from_slice(kind);
        if payload.len() <= GATHERED {
            self.gathered.extend_from_slice(payload);
            self.gathered_charge += charge;
        } else {
            self.seal();
            self.queue.push_back(Piece {
                bytes: payload.clone(),
                charge,
            });
        }
        kind.len() + payload.len()
    }

    fn push_head(&mut self, first: u8, length: usize) {
        if self.gathered.capacity() == 0 {
            self.gathered = SPARE.take();
        }
        self.gathered.push(first);
        // RFC 6455, section 5.2: 7 bits, or 126 and 16 bits, or 127 and 64.
        match length {
            0..126 => self.gathered.push(length as u8),
            126..0x1_0000 => {
                self.gathered.push(126);
                self.gathered
                    .extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                self.gathered.push(127);
                self.gathered
                    .extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
    }

    /// Makes a piece of what was gathered.
    fn seal(&mut self) {
        if !self.gathered.is_empty() {
            self.queue.push_back(Piece {
                bytes: Bytes::copy_from_slice(&self.gathered),
                charge: std::mem::take(&mut self.gathered_charge),
            });
            give_back(std::mem::take(&mut self.gathered));
        }
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(piece) = self.queue.front_mut() {
            if written < piece.bytes.len() {
                return piece.bytes.advance(written);
            }
            written -= piece.bytes.len();
            self.released += piece.charge;
            self.queue.pop_front();
        }
        // A burst must not leave a large empty queue behind.
        self.queue = VecDeque::new();
    }
}

/// Keeps a buffer for the next connection that this thread writes to, unless a
/// burst has made it large.
fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() <= SPARE_CAPACITY {
        buffer.clear();
        SPARE.set(buffer);
    }
}

const SPARE_CAPACITY: usize = 64 << 10;

thread_local! {
    /// Taken out while it is used.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::Transport;

    /// A connection that takes a few bytes at a time, and holds them back until
    /// it is flushed for the second time.
    struct Narrow {
        taken: Vec<u8>,
        width: usize,
        is_blocked: bool,
        flushes: usize,
    }

    impl Narrow {
        fn new(width: usize) -> Self {
            Self {
                taken: Vec::new(),
                width,
                is_blocked: false,
                flushes: 0,
            }
        }
    }

    impl Write for Narrow {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            data: &[u8],
        ) -> Poll<io::Result<usize>> {
            let this = self.get_mut();
            this.is_blocked = !this.is_blocked;
            if this.is_blocked {
                return Poll::Pending;
            }
            let count = data.len().min(this.width);
            this.taken.extend_from_slice(&data[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            let this = self.get_mut();
            this.flushes += 1;
            if this.flushes < 2 {
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn write_all(packets: &[Packet], width: usize) -> (Vec<u8>, usize) {
        let mut io = Narrow::new(width);
        let mut writer = Writer::default();
        for packet in packets {
            writer.push(packet, packet.charge());
        }
        let mut cx = Context::from_waker(Waker::noop());
        while writer.poll_flush(&mut cx, &mut io).is_pending() {}
        assert_eq!(io.flushes, 2, "a pending flush is tried again");
        (io.taken, writer.take_released())
    }

    #[test]
    fn a_packet_is_one_unmasked_frame() {
        let packets = [
            Packet::PING,
            Packet::Message(Message::from("é")),
            Packet::Message(Message::from(vec![1, 2])),
        ];
        let (bytes, _) = write_all(&packets, 1000);
        assert_eq!(bytes, b"\x81\x012\x81\x034\xc3\xa9\x82\x02\x01\x02");
    }

    #[test]
    fn the_length_has_three_forms() {
        for (length, header) in [
            (125, &b"\x82\x7d"[..]),
            (126, b"\x82\x7e\x00\x7e"),
            (65_535, b"\x82\x7e\xff\xff"),
            (65_536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        ] {
            let (bytes, _) = write_all(&[Packet::Message(vec![7; length].into())], 100_000);
            assert_eq!(&bytes[..header.len()], header);
            assert_eq!(bytes.len(), header.len() + length);
        }
    }

    #[test]
    fn a_narrow_connection_gets_the_same_bytes_and_every_charge_comes_back() {
        let packets = [
            Packet::Message(Message::from("small")),
            Packet::Message(vec![1; GATHERED + 1].into()),
            Packet::Message(Message::from("small again")),
            Packet::Message("x".repeat(3 * GATHERED).into()),
        ];
        let whole = write_all(&packets, usize::MAX);
        let charge: usize = packets.iter().map(Packet::charge).sum();
        assert_eq!(whole.1, charge);
        for width in [1, 7, 4096] {
            assert_eq!(write_all(&packets, width), whole);
        }
    }

    #[test]
    fn binary_is_text_for_who_wants_base64() {
        let mut io = Narrow::new(100);
        let mut writer = Writer::new(Hello {
            base64: true,
            ..Transport::Websocket.into()
        });
        writer.push(&Packet::Message(vec![1, 2, 3, 4].into()), 0);
        let mut cx = Context::from_waker(Waker::noop());
        while writer.poll_flush(&mut cx, &mut io).is_pending() {}
        assert_eq!(io.taken, b"\x81\x09bAQIDBA==");
    }

    #[test]
    fn binary_of_revision_three_is_behind_its_type() {
        let mut cx = Context::from_waker(Waker::noop());
        for (length, header) in [
            (2, &b"\x82\x03\x04"[..]),
            (125, b"\x82\x7e\x00\x7e\x04"),
            (65_535, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00\x04"),
        ] {
            let mut io = Narrow::new(100_000);
            let mut writer = Writer::new(Hello {
                revision: Revision::V3,
                ..Transport::Websocket.into()
            });
            writer.push(&Packet::Message(vec![7; length].into()), 0);
            while writer.poll_flush(&mut cx, &mut io).is_pending() {}
            assert_eq!(io.taken, [header, &vec![7; length]].concat());
        }
    }

    #[test]
    fn a_client_that_pings_and_never_reads_costs_one_pong() {
        let mut writer = Writer::default();
        let mut io = Narrow::new(1);
        let mut cx = Context::from_waker(Waker::noop());
        writer.push(&Packet::PING, 0);
        for number in 0..100 {
            writer.set_control(vec![0x8a, 1, number]);
            io.is_blocked = false;
            assert!(writer.poll_flush(&mut cx, &mut io).is_pending());
        }
        writer.push_close(None);
        writer.set_control(vec![0x8a, 1, 100]);
        while writer.poll_flush(&mut cx, &mut io).is_pending() {}
        assert_eq!(io.taken, b"\x81\x012\x8a\x01\x00\x88\x00");
    }
}
