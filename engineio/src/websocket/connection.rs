//! A websocket connection: packets in, packets out.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBuf, Write};
use hyper::upgrade::Upgraded;

use super::reader::{Frame, Reader};
use super::writer::Writer;
use crate::figures::Figures;
use crate::{CloseReason, Config, Hello, Packet, Revision, Transport};

/// How much is read at once, into a buffer that all connections of a thread
/// share.
const READ_BUFFER: usize = 64 * 1024;

/// How long a peer has to end its side of a connection that is closed.
pub(crate) const LINGER: Duration = Duration::from_secs(2);

/// Places for packets that a connection keeps between two reads.
const INBOUND: usize = 16;

thread_local! {
    static SCRATCH: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// A websocket connection.
pub(crate) struct Connection {
    io: Upgraded,
    reader: Reader,
    /// What was read and not taken yet.
    pub(crate) inbound: VecDeque<Packet>,
    loss: Option<Loss>,
    pub(crate) writer: Writer,
    is_shut: bool,
    /// The peer has ended its side.
    is_ended: bool,
    figures: Figures,
}

/// Why nothing more comes from a connection, and what its peer is to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Loss {
    pub(crate) reason: CloseReason,
    pub(crate) farewell: Farewell,
}

/// The close frame that a peer is owed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Farewell {
    Close(Option<u16>),
    /// It has closed itself, and is answered already, or it is gone.
    None,
}

impl Connection {
    /// Boxed, as it moves from task to task.
    pub(crate) fn new(io: Upgraded, config: &Config, figures: Figures, hello: Hello) -> Box<Self> {
        Box::new(Self {
            io,
            reader: Reader::new(config.max_payload),
            inbound: VecDeque::new(),
            loss: None,
            writer: Writer::new(hello),
            is_shut: false,
            is_ended: false,
            figures,
        })
    }

    /// The revision that is spoken on it.
    pub(crate) fn revision(&self) -> Revision {
        self.writer.revision()
    }

    /// Reads once, into `inbound`; ready if there is something to look at. What
    /// precedes the loss of the connection is delivered first.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.inbound.is_empty() || self.loss.is_some() {
            return Poll::Ready(());
        }
        let read = self.poll_read(cx, Self::decode);
        if self.is_ended && self.loss.is_none() {
            self.loss = Some(Loss::closed());
        }
        read
    }

    /// Takes what was read, and gives back the room that a burst took.
    pub(crate) fn drain_inbound(&mut self, mut take: impl FnMut(Packet)) {
        self.inbound.drain(..).for_each(&mut take);
        self.inbound.shrink_to(INBOUND);
    }

    /// Why nothing more will come, once `inbound` is empty.
    pub(crate) fn loss(&self) -> Option<Loss> {
        self.loss.filter(|_| self.inbound.is_empty())
    }

    /// Queues packets, with what each is charged.
    pub(crate) fn push(&mut self, packets: impl IntoIterator<Item = (Packet, usize)>) {
        let (mut count, mut bytes) = (0, 0);
        for (packet, charge) in packets {
            count += 1;
            bytes += self.writer.push(&packet, charge);
        }
        self.figures.sent(Transport::Websocket, count, bytes);
    }

    /// Writes what the writer holds.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.poll_flush(cx, &mut self.io)
    }

    /// Writes the rest, then ends the outbound side and waits for the peer to
    /// end its own. What the peer still sends is read and dropped: an end with
    /// unread data would be a reset, which can overtake the close frame.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_flush(cx))?;
        if !self.is_shut {
            ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
            self.is_shut = true;
        }
        while !self.is_ended {
            ready!(self.poll_read(cx, |_, _| ()));
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once, and lets `take` see what was there.
    fn poll_read(&mut self, cx: &mut Context<'_>, take: impl FnOnce(&mut Self, &[u8])) -> Poll<()> {
        let mut scratch = SCRATCH
            .take()
            .unwrap_or_else(|| vec![0; READ_BUFFER].into());
        let mut buffer = ReadBuf::new(&mut scratch);
        let read = Pin::new(&mut self.io).poll_read(cx, buffer.unfilled());
        match read {
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => take(self, buffer.filled()),
            Poll::Ready(_) => self.is_ended = true,
            Poll::Pending => {}
        }
        SCRATCH.set(Some(scratch));
        read.map(|_| ())
    }

    fn decode(&mut self, mut input: &[u8]) {
        let revision = self.revision();
        let (mut count, mut bytes) = (0, 0);
        let loss = loop {
            let packet = match self.reader.next(&mut input) {
                Ok(Some(Frame::Binary(data))) => {
                    bytes += data.len();
                    Packet::from_binary(data, revision)
                }
                Ok(Some(Frame::Text(text))) => {
                    bytes += text.len();
                    Packet::from_text(text, revision)
                }
                Ok(Some(Frame::Close)) => {
                    // Nothing follows a close frame, so the connection has no
                    // more use, whenever the peer ends it.
                    self.is_ended = true;
                    break Some(Loss::closed());
                }
                Ok(None) => break None,
                Err(violation) => break Some(Loss::violation(violation.code)),
            };
            match packet {
                Ok(packet) => {
                    if self.inbound.capacity() == 0 {
                        // As in the inbox.
                        self.inbound.reserve_exact(1);
                    }
                    self.inbound.push_back(packet);
                    count += 1;
                }
                Err(error) => {
                    tracing::debug!(%error, "bad packet");
                    break Some(Loss::parse_error());
                }
            }
        };
        self.figures.received(Transport::Websocket, count, bytes);
        self.loss = loss;
        self.writer.set_control(self.reader.take_control());
    }
}

impl Loss {
    fn closed() -> Self {
        Self {
            reason: CloseReason::TransportClose,
            farewell: Farewell::None,
        }
    }

    fn parse_error() -> Self {
        Self {
            reason: CloseReason::ParseError,
            farewell: Farewell::Close(None),
        }
    }

    fn violation(code: u16) -> Self {
        Self {
            reason: CloseReason::TransportError,
            farewell: Farewell::Close(Some(code)),
        }
    }
}
