//! What a client may say to the namespaces of Socket.IO, against the table of
//! what breaks the rules.

mod model;

use std::sync::Arc;
use std::time::Duration;

use engineio::{Message, Text};
use socketio::{Connection, Input, Limits, Parser, Protocol, Violation};

use self::model::Model;
use crate::start;

/// A client, and what happens on its connection.
#[derive(Clone, Debug)]
pub struct Conversation {
    protocol: Protocol,
    steps: Vec<Step>,
}

/// What the client says, what the server decides, or time that passes. Numbers
/// stand for namespaces.
#[derive(Clone, Copy, Debug)]
enum Step {
    Accept(usize),
    Ack(usize),
    AckWithoutId(usize),
    Attachment,
    Bad,
    Connect(usize),
    ConnectError(usize),
    Disconnect(usize),
    Event(usize),
    EventWithAttachments(usize, usize),
    /// The deadlines are judged.
    Judge,
    Leave(usize),
    Refuse(usize),
    Wait(u64),
}

/// What comes out of a step.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// Something to do for the server, in a namespace.
    Input(&'static str, usize),
    Nothing,
    Violation(&'static str),
}

/// The names, of which there are more than a client may be in.
const NAMES: [&str; 4] = ["/", "/a", "/b", "/c"];
const LIMIT: usize = 2;

/// In seconds.
const CONNECT_TIMEOUT: u64 = 45;
const ATTACHMENT_TIMEOUT: u64 = 10;

impl Conversation {
    /// Any bytes are a conversation. What ends it is rare, so that most go far.
    pub fn decode(data: &[u8]) -> Self {
        let (first, rest) = data.split_first().unwrap_or((&0, &[]));
        let steps = rest.iter().map(|byte| {
            let (kind, nsp) = (byte / 4, usize::from(byte % 4));
            match kind {
                0..=9 => Step::Connect(nsp),
                10..=19 => Step::Accept(nsp),
                20..=29 => Step::Event(nsp),
                30..=33 => Step::Leave(nsp),
                34..=36 => Step::Refuse(nsp),
                37..=40 => Step::Disconnect(nsp),
                41..=43 => Step::Ack(nsp),
                44 | 45 => Step::AckWithoutId(nsp),
                46..=49 => Step::EventWithAttachments(nsp, 1),
                50 | 51 => Step::EventWithAttachments(nsp, 2),
                52..=57 => Step::Attachment,
                58 | 59 => Step::Wait([1, 4, 10, 30][nsp]),
                60 | 61 => Step::Judge,
                62 => Step::ConnectError(nsp),
                _ => Step::Bad,
            }
        });
        Self {
            protocol: match first % 2 {
                0 => Protocol::V5,
                _ => Protocol::V4,
            },
            steps: steps.collect(),
        }
    }
}

/// Reads bytes as a conversation, see [`run_conversation`].
pub fn socketio_rules(data: &[u8]) {
    run_conversation(&Conversation::decode(data));
}

/// Does one step after the other, up to the first that breaks the rules: what
/// comes out, and the next deadline, are what the table says.
pub fn run_conversation(conversation: &Conversation) {
    let mut client = Client::new(conversation.protocol);
    let mut model = Model::new(conversation.protocol);
    for (index, step) in conversation.steps.iter().enumerate() {
        let outcome = client.apply(*step);
        assert_eq!(outcome, model.apply(*step), "{index} of {conversation:?}");
        if matches!(outcome, Outcome::Violation(_)) {
            return;
        }
        let seconds = |time| Duration::from_secs(time);
        let deadline = client.connection.poll_timeout();
        assert_eq!(
            deadline.map(|deadline| deadline - client.start),
            model.deadline().map(seconds),
            "{index} of {conversation:?}"
        );
        assert_eq!(
            client.connection.awaits_attachments(),
            model.awaits_attachments()
        );
    }
}

struct Client {
    connection: Connection,
    now: std::time::Instant,
    start: std::time::Instant,
}

impl Client {
    fn new(protocol: Protocol) -> Self {
        let start = start();
        let limits = Limits::default()
            .namespaces(LIMIT)
            .attachment_timeout(Duration::from_secs(ATTACHMENT_TIMEOUT));
        let timeout = Duration::from_secs(CONNECT_TIMEOUT);
        let mut connection =
            Connection::new(Parser::Json, protocol, Arc::new(limits), timeout, start);
        let implied = connection.poll_input();
        assert_eq!(implied.is_some(), protocol == Protocol::V4);
        assert_eq!(connection.poll_input(), None);
        let now = start;
        Self {
            connection,
            now,
            start,
        }
    }

    fn apply(&mut self, step: Step) -> Outcome {
        match step {
            Step::Accept(nsp) => self.connection.accept(NAMES[nsp]),
            Step::Leave(nsp) => self.connection.leave(NAMES[nsp]),
            Step::Refuse(nsp) => self.connection.refuse(NAMES[nsp]),
            Step::Wait(seconds) => self.now += Duration::from_secs(seconds),
            Step::Judge => {
                let judged = self.connection.handle_timeout(self.now);
                return judged.map_or_else(broken, |()| Outcome::Nothing);
            }
            Step::Attachment => return self.say(Message::Binary(vec![1].into())),
            Step::Ack(nsp) => return self.write(format!("3{},7[]", NAMES[nsp])),
            Step::AckWithoutId(nsp) => return self.write(format!("3{},[]", NAMES[nsp])),
            Step::Bad => return self.write("2".into()),
            Step::Connect(nsp) => return self.write(format!("0{},", NAMES[nsp])),
            Step::ConnectError(nsp) => return self.write(format!("4{},\"no\"", NAMES[nsp])),
            Step::Disconnect(nsp) => return self.write(format!("1{},", NAMES[nsp])),
            Step::Event(nsp) => return self.write(format!("2{},[\"a\"]", NAMES[nsp])),
            Step::EventWithAttachments(nsp, count) => {
                return self.write(format!("5{count}-{},[\"a\"]", NAMES[nsp]));
            }
        }
        Outcome::Nothing
    }

    fn write(&mut self, text: String) -> Outcome {
        self.say(Text::from(text).into())
    }

    fn say(&mut self, message: Message) -> Outcome {
        let (what, nsp) = match self.connection.handle(message, self.now) {
            Ok(None) => return Outcome::Nothing,
            Ok(Some(Input::Ack { nsp, .. })) => ("ack", nsp),
            Ok(Some(Input::Connect { nsp, .. })) => ("connect", nsp),
            Ok(Some(Input::Disconnect { nsp })) => ("disconnect", nsp),
            Ok(Some(Input::Event { nsp, .. })) => ("event", nsp),
            Ok(Some(other)) => panic!("{other:?} is new"),
            Err(violation) => return broken(violation),
        };
        let nsp = NAMES.iter().position(|name| nsp == **name);
        Outcome::Input(what, nsp.expect("it was named"))
    }
}

fn broken(violation: Violation) -> Outcome {
    Outcome::Violation(match violation {
        Violation::AlreadyJoined => "second CONNECT",
        Violation::AttachmentTimeout => "late attachment",
        Violation::ConnectError => "CONNECT_ERROR",
        Violation::ConnectTimeout => "late CONNECT",
        Violation::NotJoined => "not in there",
        Violation::Packet(_) => "no packet",
        Violation::TooManyNamespaces => "too many",
        other => panic!("{other:?} is new"),
    })
}
