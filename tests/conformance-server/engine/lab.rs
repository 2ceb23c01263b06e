//! `lab-engine`: an echo that can be told to do more, and asked what it saw.

mod control;
mod later;
mod records;

use std::ops::ControlFlow;
use std::time::Duration;

use engineio::{Close, Config, Engine, Message, Socket};

use crate::host::{self, Profile};
use crate::options::Options;
use later::Later;
use records::Records;

/// The longest message that a command asks for, in bytes.
const LONGEST: usize = 64 << 20;
/// Messages of a flood between which other sessions have their turn.
const BURST: u32 = 1000;

pub(crate) fn profile(options: &Options) -> Profile {
    let config = Config::default()
        .allow_revision_3(true)
        .max_payload(100_000)
        .upgrade_timeout(Duration::from_secs(1));
    let records = Records::default();
    let engine = Engine::new(options.apply(config), {
        let records = records.clone();
        move |socket| run(socket, records.clone())
    });
    let control = control::service(engine.clone(), records);
    host::with_cors("/engine.io/", engine.service(), control)
}

async fn run(socket: Socket, records: Records) {
    let sid = socket.sid();
    records.open(sid);
    let mut later = Later::default();
    loop {
        tokio::select! {
            message = socket.recv() => {
                let Some(message) = message else { break };
                records.add(sid, &message);
                if react(&socket, message, &mut later).await.is_break() {
                    break;
                }
            }
            text = later.next() => send(&socket, text),
        }
    }
    // What came behind `!close` before it was read is as late as what comes now.
    while socket.recv().await.is_some() {}
    records.close(sid, socket.close_reason());
}

async fn react(socket: &Socket, message: Message, later: &mut Later) -> ControlFlow<()> {
    let command = match &message {
        Message::Binary(_) => None,
        Message::Text(text) => Command::parse(text),
    };
    match command {
        None => send(socket, message),
        Some(Command::Bin(length)) => {
            // The low byte, which is the number modulo 256.
            let bytes: Vec<u8> = (0..length).map(|i| i as u8).collect();
            send(socket, bytes);
        }
        Some(Command::Close) => {
            socket.close(Close::Flush);
            return ControlFlow::Break(());
        }
        Some(Command::Flood(count)) => flood(socket, count).await,
        Some(Command::Later(delay, text)) => later.add(delay, text.into()),
        Some(Command::Text(length)) => send(socket, "x".repeat(length)),
    }
    ControlFlow::Continue(())
}

async fn flood(socket: &Socket, count: u32) {
    for i in 0..count {
        if socket.send(format!("m{i}")).is_err() {
            break;
        }
        if i % BURST == BURST - 1 {
            tokio::task::yield_now().await;
        }
    }
}

/// What cannot be sent any more is dropped: the end of the session is the next
/// thing to be received.
fn send(socket: &Socket, message: impl Into<Message>) {
    let _ = socket.send(message);
}

#[derive(Debug, Eq, PartialEq)]
enum Command<'a> {
    Bin(usize),
    Close,
    Flood(u32),
    Later(Duration, &'a str),
    Text(usize),
}

impl<'a> Command<'a> {
    /// What is no command, or asks for too much, is a message like any other.
    fn parse(text: &'a str) -> Option<Self> {
        if text == "!close" {
            return Some(Self::Close);
        }
        let length = |text: &str| text.parse().ok().filter(|length| *length <= LONGEST);
        let (name, arguments) = text.split_once(' ')?;
        Some(match name {
            "!bin" => Self::Bin(length(arguments)?),
            "!flood" => Self::Flood(arguments.parse().ok()?),
            "!later" => {
                let (delay, text) = arguments.split_once(' ')?;
                // Some weeks at most, so that no point in time overflows.
                let delay: u32 = delay.parse().ok()?;
                Self::Later(Duration::from_millis(delay.into()), text)
            }
            "!text" => Self::Text(length(arguments)?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_whole_and_small_enough_is_a_command() {
        let later = |milliseconds, text| Command::Later(Duration::from_millis(milliseconds), text);
        for (text, command) in [
            ("!close", Some(Command::Close)),
            ("!bin 0", Some(Command::Bin(0))),
            ("!text 300", Some(Command::Text(300))),
            ("!flood 2", Some(Command::Flood(2))),
            ("!later 5 a b", Some(later(5, "a b"))),
            ("!later 5 ", Some(later(5, ""))),
            ("!later 5", None),
            ("!close now", None),
            ("!bin", None),
            ("!bin -1", None),
            ("!bin 99999999999", None),
            ("!flood x", None),
            ("! bin 1", None),
            ("", None),
        ] {
            assert_eq!(Command::parse(text), command, "{text}");
        }
    }
}
