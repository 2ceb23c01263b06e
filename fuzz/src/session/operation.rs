//! What can be done to a session, read from bytes.

use std::iter;
use std::time::Duration;

use engineio::{Close, CloseReason, Config, Delivery, Limits, Message, Revision, Transport};

/// A session to be opened, and what is done to it.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(super) revision: Revision,
    pub(super) transport: Transport,
    pub(super) base64: bool,
    pub(super) jsonp: Option<u32>,
    /// A message that goes with the open packet.
    pub(super) initial: Option<&'static str>,
    pub(super) is_patient: bool,
    pub(super) allow_upgrades: bool,
    pub(super) operations: Vec<Operation>,
}

#[derive(Clone, Debug)]
pub(super) enum Operation {
    BeginPoll,
    BeginProbe,
    BeginPush,
    CancelPoll,
    CancelProbe(Which),
    Close(Close),
    Detach,
    /// Everything goes to the client, which reads it.
    Drain,
    /// A response is dropped before it was read; its charge comes back later.
    DropBody,
    EndPoll(Delivery),
    EndPush(Delivery),
    /// What a well-behaved client does: a GET, unless one waits.
    Get,
    Loss(Via, CloseReason),
    /// A whole POST; the packets behind a bad one do not count.
    Post(Vec<Incoming>),
    Probe(Which, Incoming),
    Receive(Via, Incoming),
    Send(Kind, Vec<Part>),
    TakeEvent,
    TakePayload,
    Transmit,
    /// The kernel took this many packets.
    Transmitted(usize),
    Wait {
        time: Time,
        /// Whether the session is told; else its timer is late.
        tick: bool,
    },
}

/// A packet of a client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Incoming {
    /// What is no packet.
    Bad,
    /// A pong of revision 4, a ping of revision 3.
    Beat,
    Close,
    Message(usize),
    Noop,
    Open,
    Probe,
    Upgrade,
    /// A ping of revision 4, a pong of revision 3.
    WrongBeat,
}

/// One of the two transports.
#[derive(Clone, Copy, Debug)]
pub(super) enum Via {
    /// The one that the session is on.
    Current,
    Other,
}

/// One of the candidates that there were.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    Last,
    Older,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Keyed(&'static str),
    Reliable,
    Volatile,
}

/// A part of a message to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) length: Length,
    pub(super) is_binary: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Length {
    Bytes(usize),
    /// So long that as much is buffered as this limit allows, or one byte less
    /// or more.
    To(usize, isize),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Time {
    BeforeDeadline,
    AtDeadline,
    PastDeadline,
    Milliseconds(u64),
}

pub(super) const HIGH_WATER: usize = 1000;
pub(super) const BUDGET: usize = 2000;

/// With a charge of 64 for its place, some of these make exactly the limits.
const LENGTHS: [usize; 8] = [5, 36, 100, 436, 872, 936, 1936, 2500];

impl Scenario {
    /// Any bytes are a scenario.
    pub fn decode(data: &[u8]) -> Self {
        let mut bytes = data.iter().copied();
        let first = bytes.next().unwrap_or_default();
        Self {
            revision: pick(first, [Revision::V4, Revision::V3]),
            transport: pick(first >> 1, [Transport::Polling, Transport::Websocket]),
            base64: first & 4 != 0,
            jsonp: (first & 0x10 != 0).then_some(3),
            initial: (first & 0x20 != 0).then_some("initial"),
            is_patient: first & 8 != 0,
            allow_upgrades: first & 0xc0 != 0xc0,
            operations: iter::from_fn(|| Operation::decode(&mut bytes)).collect(),
        }
    }

    /// Small limits, and times in milliseconds.
    pub(super) fn config(&self) -> Config {
        let (close_timeout, max_pause) = if self.is_patient {
            (2000, 1500)
        } else {
            (350, 250)
        };
        let limits = Limits::default()
            .high_water(HIGH_WATER)
            .budget(BUDGET)
            .inbox(1000)
            .close_timeout(Duration::from_millis(close_timeout))
            .max_pause(Duration::from_millis(max_pause));
        let mut config = Config::default()
            .limits(limits)
            .ping_interval(Duration::from_millis(300))
            .ping_timeout(Duration::from_millis(200))
            .upgrade_timeout(Duration::from_millis(250))
            .allow_upgrades(self.allow_upgrades);
        config.initial_packet = self.initial.map(Message::from);
        config
    }
}

impl Operation {
    /// What ends a session is rare, so that most come far.
    fn decode(bytes: &mut impl Iterator<Item = u8>) -> Option<Self> {
        let kind = bytes.next()?;
        let mut byte = || bytes.next().unwrap_or_default();
        Some(match kind {
            0..=34 => Self::send(&mut byte),
            35..=49 => Self::Drain,
            50..=79 => Self::Receive(via(byte()), incoming(byte())),
            80..=89 => {
                let count = byte() % 5;
                Self::Post((0..count).map(|_| incoming(byte())).collect())
            }
            90..=109 => Self::Get,
            110..=125 => Self::TakePayload,
            126..=139 => Self::EndPoll(Delivery::Done),
            140..=153 => Self::Transmit,
            154..=167 => Self::Transmitted(usize::from(byte() % 4)),
            168..=189 => Self::TakeEvent,
            190..=197 => Self::BeginProbe,
            198..=211 => Self::Probe(which(byte()), on_candidate(byte())),
            212 | 213 => Self::CancelProbe(pick(byte(), [Which::Last, Which::Older])),
            214..=233 => Self::wait(byte(), byte()),
            234..=239 => Self::EndPush(Delivery::Done),
            240 => Self::Close(Close::Flush),
            241..=243 => Self::Detach,
            244 => Self::BeginPoll,
            245 | 246 => Self::rare(&mut byte),
            247..=255 => Self::Receive(Via::Current, Incoming::Beat),
        })
    }

    fn rare(byte: &mut impl FnMut() -> u8) -> Self {
        match byte() % 16 {
            0 | 1 => Self::BeginPoll,
            2 | 3 => Self::BeginPush,
            4 => Self::CancelPoll,
            5 => Self::Close(Close::Discard),
            6 => Self::DropBody,
            7 => Self::EndPoll(Delivery::Aborted),
            8 => Self::EndPush(Delivery::Aborted),
            9 | 10 => Self::Loss(via(byte()), CloseReason::ParseError),
            11 | 12 => Self::Loss(via(byte()), CloseReason::TransportClose),
            _ => Self::Receive(via(byte()), any_incoming(byte())),
        }
    }

    fn send(byte: &mut impl FnMut() -> u8) -> Self {
        let choice = byte();
        let kind = match choice % 8 {
            0..=2 => Kind::Reliable,
            3 | 4 => Kind::Volatile,
            5 => Kind::Keyed("a"),
            6 => Kind::Keyed("bb"),
            _ => Kind::Keyed("ccc"),
        };
        let count = match choice >> 3 & 7 {
            0 => 0,
            1 | 2 => 2,
            3 => 3,
            _ => 1,
        };
        let part = |byte: u8| Part {
            // Short ones are the common case.
            length: match byte & 0x3f {
                index @ 0..8 => Length::Bytes(LENGTHS[usize::from(index)]),
                offset @ 8..=10 => Length::To(BUDGET, isize::from(offset as i8) - 9),
                offset @ 11..=13 => Length::To(HIGH_WATER, isize::from(offset as i8) - 12),
                length => Length::Bytes(usize::from(length)),
            },
            is_binary: byte & 0x40 != 0,
        };
        Self::Send(kind, (0..count).map(|_| part(byte())).collect())
    }

    fn wait(choice: u8, milliseconds: u8) -> Self {
        let time = match choice & 15 {
            0 => Time::BeforeDeadline,
            1..=3 => Time::AtDeadline,
            4 => Time::PastDeadline,
            _ => Time::Milliseconds(u64::from(milliseconds) / 2),
        };
        let tick = choice & 0x30 != 0;
        Self::Wait { time, tick }
    }
}

/// What a client mostly sends.
fn incoming(byte: u8) -> Incoming {
    match byte % 16 {
        0..=6 => message(byte / 16),
        7..=14 => Incoming::Beat,
        _ => any_incoming(byte / 16),
    }
}

fn any_incoming(byte: u8) -> Incoming {
    match byte % 16 {
        0 => Incoming::Bad,
        1 => Incoming::Close,
        2 => Incoming::WrongBeat,
        3 => Incoming::Open,
        4 | 5 => Incoming::Probe,
        6 | 7 => Incoming::Upgrade,
        8..=12 => Incoming::Noop,
        _ => Incoming::Beat,
    }
}

fn on_candidate(byte: u8) -> Incoming {
    match byte % 16 {
        0..=6 => Incoming::Probe,
        7..=14 => Incoming::Upgrade,
        _ => incoming(byte / 16),
    }
}

fn message(byte: u8) -> Incoming {
    Incoming::Message(LENGTHS[usize::from(byte & 7).saturating_sub(1)])
}

fn via(byte: u8) -> Via {
    match byte % 16 {
        0 => Via::Other,
        _ => Via::Current,
    }
}

fn which(byte: u8) -> Which {
    match byte % 16 {
        0 | 1 => Which::Older,
        _ => Which::Last,
    }
}

fn pick<T>(byte: u8, [even, odd]: [T; 2]) -> T {
    if byte & 1 == 0 { even } else { odd }
}
