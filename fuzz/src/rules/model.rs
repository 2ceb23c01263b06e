//! The table, without any cleverness.

use std::collections::BTreeMap;

use socketio::Protocol;

use super::{ATTACHMENT_TIMEOUT, CONNECT_TIMEOUT, LIMIT, Outcome, Step};

/// What may be said, by what was said and decided before.
pub(super) struct Model {
    now: u64,
    /// The namespaces that the client is in, or asked for; whether it is in.
    joined: BTreeMap<usize, bool>,
    /// Those that the server made the client leave, the last one at the end.
    left: Vec<usize>,
    was_joined: bool,
    /// The namespace of the event at hand, how many attachments are due, and by
    /// when.
    partial: Option<(usize, usize, u64)>,
}

impl Model {
    pub(super) fn new(protocol: Protocol) -> Self {
        let implied = (protocol == Protocol::V4).then_some((0, false));
        Self {
            now: 0,
            joined: implied.into_iter().collect(),
            left: Vec::new(),
            was_joined: false,
            partial: None,
        }
    }

    pub(super) fn apply(&mut self, step: Step) -> Outcome {
        match step {
            Step::Accept(nsp) => {
                if let Some(is_joined) = self.joined.get_mut(&nsp) {
                    *is_joined = true;
                    self.was_joined = true;
                }
                Outcome::Nothing
            }
            Step::Attachment => self.attach(),
            Step::Judge => self.judge(),
            Step::Leave(nsp) => {
                self.leave(nsp);
                Outcome::Nothing
            }
            Step::Refuse(nsp) => {
                if self.joined.get(&nsp) == Some(&false) {
                    self.joined.remove(&nsp);
                }
                Outcome::Nothing
            }
            Step::Wait(seconds) => {
                self.now += seconds;
                Outcome::Nothing
            }
            // Nothing may come between an event and its attachments.
            _ if self.partial.is_some() => Outcome::Violation("no packet"),
            Step::Ack(nsp) => self.say("ack", nsp),
            Step::AckWithoutId(nsp) => match self.say("ack", nsp) {
                Outcome::Input(..) => Outcome::Nothing,
                other => other,
            },
            Step::Bad => Outcome::Violation("no packet"),
            Step::Connect(nsp) => self.connect(nsp),
            Step::ConnectError(_) => Outcome::Violation("CONNECT_ERROR"),
            Step::Disconnect(nsp) => {
                let outcome = self.say("disconnect", nsp);
                self.joined.remove(&nsp);
                outcome
            }
            Step::Event(nsp) => self.say("event", nsp),
            Step::EventWithAttachments(nsp, count) => {
                self.partial = Some((nsp, count, self.now + ATTACHMENT_TIMEOUT));
                Outcome::Nothing
            }
        }
    }

    /// The first of the times at which something has to be there.
    pub(super) fn deadline(&self) -> Option<u64> {
        let connect = (!self.was_joined).then_some(CONNECT_TIMEOUT);
        let attachments = self.partial.map(|(_, _, deadline)| deadline);
        connect.into_iter().chain(attachments).min()
    }

    pub(super) fn awaits_attachments(&self) -> bool {
        self.partial.is_some()
    }

    fn attach(&mut self) -> Outcome {
        match self.partial.take() {
            None => Outcome::Violation("no packet"),
            Some((nsp, 1, _)) => self.say("event", nsp),
            Some((nsp, due, deadline)) => {
                self.partial = Some((nsp, due - 1, deadline));
                Outcome::Nothing
            }
        }
    }

    fn connect(&mut self, nsp: usize) -> Outcome {
        if self.joined.contains_key(&nsp) {
            return Outcome::Violation("second CONNECT");
        }
        if self.joined.len() == LIMIT {
            return Outcome::Violation("too many");
        }
        self.left.retain(|left| *left != nsp);
        self.joined.insert(nsp, false);
        Outcome::Input("connect", nsp)
    }

    fn judge(&self) -> Outcome {
        if !self.was_joined && self.now >= CONNECT_TIMEOUT {
            return Outcome::Violation("late CONNECT");
        }
        match self.partial {
            Some((_, _, deadline)) if self.now >= deadline => Outcome::Violation("late attachment"),
            _ => Outcome::Nothing,
        }
    }

    fn leave(&mut self, nsp: usize) {
        if self.joined.remove(&nsp).is_some() || self.left.contains(&nsp) {
            self.left.retain(|left| *left != nsp);
            self.left.push(nsp);
        }
        if self.left.len() > LIMIT {
            self.left.remove(0);
        }
    }

    /// A packet that only members may send. Who was made to leave may not know.
    fn say(&self, what: &'static str, nsp: usize) -> Outcome {
        if self.joined.contains_key(&nsp) {
            Outcome::Input(what, nsp)
        } else if self.left.contains(&nsp) {
            Outcome::Nothing
        } else {
            Outcome::Violation("not in there")
        }
    }
}
