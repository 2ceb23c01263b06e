//! The machine against the table of what breaks the rules, written down
//! without any cleverness.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What happens on a connection: the client says a packet, or the server
/// decides.
#[derive(Clone, Copy, Debug)]
enum Step {
    Accept(usize),
    Ack(usize),
    AckWithoutId(usize),
    Connect(usize),
    ConnectError(usize),
    Disconnect(usize),
    Event(usize),
    Leave(usize),
    Refuse(usize),
}

/// What comes out of a step.
#[derive(Debug, PartialEq)]
enum Outcome {
    Nothing,
    Input(&'static str, usize),
    Violation(Violation),
}

/// The names, of which there are more than a client may be in.
const NAMES: [&str; 4] = ["/", "/a", "/b", "/c"];
const LIMIT: usize = 2;

fn step() -> impl Strategy<Value = Step> {
    (0..9, 0..NAMES.len()).prop_map(|(kind, nsp)| match kind {
        0 => Step::Accept(nsp),
        1 => Step::Ack(nsp),
        2 => Step::AckWithoutId(nsp),
        3 => Step::Connect(nsp),
        4 => Step::ConnectError(nsp),
        5 => Step::Disconnect(nsp),
        6 => Step::Event(nsp),
        7 => Step::Leave(nsp),
        _ => Step::Refuse(nsp),
    })
}

/// What may be said, by what was said and decided before.
#[derive(Default)]
struct Model {
    /// The namespaces that are pending or joined.
    states: BTreeMap<usize, State>,
    /// Those that the server made the client leave, the last one at the end.
    left: Vec<usize>,
    was_joined: bool,
}

impl Model {
    fn new(protocol: Protocol) -> Self {
        let mut model = Self::default();
        if protocol == Protocol::V4 {
            model.states.insert(0, State::Pending);
        }
        model
    }

    fn apply(&mut self, step: Step) -> Outcome {
        match step {
            Step::Accept(nsp) => {
                if self.states.get(&nsp) == Some(&State::Pending) {
                    self.states.insert(nsp, State::Joined);
                    self.was_joined = true;
                }
                Outcome::Nothing
            }
            Step::Refuse(nsp) => {
                if self.states.get(&nsp) == Some(&State::Pending) {
                    self.states.remove(&nsp);
                }
                Outcome::Nothing
            }
            Step::Leave(nsp) => {
                if self.states.remove(&nsp).is_some() || self.left.contains(&nsp) {
                    self.left.retain(|left| *left != nsp);
                    self.left.push(nsp);
                }
                if self.left.len() > LIMIT {
                    self.left.remove(0);
                }
                Outcome::Nothing
            }
            Step::Connect(nsp) if self.states.contains_key(&nsp) => {
                Outcome::Violation(Violation::AlreadyJoined)
            }
            Step::Connect(_) if self.states.len() == LIMIT => {
                Outcome::Violation(Violation::TooManyNamespaces)
            }
            Step::Connect(nsp) => {
                self.left.retain(|left| *left != nsp);
                self.states.insert(nsp, State::Pending);
                Outcome::Input("connect", nsp)
            }
            Step::ConnectError(_) => Outcome::Violation(Violation::ConnectError),
            Step::Ack(nsp) => self.say("ack", nsp),
            Step::Event(nsp) => self.say("event", nsp),
            Step::AckWithoutId(nsp) => match self.say("ack", nsp) {
                Outcome::Input(..) => Outcome::Nothing,
                other => other,
            },
            Step::Disconnect(nsp) => {
                let outcome = self.say("disconnect", nsp);
                self.states.remove(&nsp);
                outcome
            }
        }
    }

    /// A packet that only members may send. Who was made to leave may not know.
    fn say(&self, what: &'static str, nsp: usize) -> Outcome {
        if self.states.contains_key(&nsp) {
            Outcome::Input(what, nsp)
        } else if self.left.contains(&nsp) {
            Outcome::Nothing
        } else {
            Outcome::Violation(Violation::NotJoined)
        }
    }
}

fn apply(pair: &mut Pair, step: Step) -> Outcome {
    let mut say = |text: String| match pair.say(text) {
        Ok(None) => Outcome::Nothing,
        Ok(Some(input)) => {
            let (what, nsp) = match input {
                Input::Ack { nsp, .. } => ("ack", nsp),
                Input::Connect { nsp, .. } => ("connect", nsp),
                Input::Disconnect { nsp } => ("disconnect", nsp),
                Input::Event { nsp, .. } => ("event", nsp),
            };
            let nsp = NAMES.iter().position(|name| nsp == **name);
            Outcome::Input(what, nsp.expect("it was named"))
        }
        Err(violation) => Outcome::Violation(violation),
    };
    match step {
        Step::Accept(nsp) => pair.connection.accept(NAMES[nsp]),
        Step::Leave(nsp) => pair.connection.leave(NAMES[nsp]),
        Step::Refuse(nsp) => pair.connection.refuse(NAMES[nsp]),
        Step::Ack(nsp) => return say(format!("3{},7[]", NAMES[nsp])),
        Step::AckWithoutId(nsp) => return say(format!("3{},[]", NAMES[nsp])),
        Step::Connect(nsp) => return say(format!("0{},", NAMES[nsp])),
        Step::ConnectError(nsp) => return say(format!("4{},\"no\"", NAMES[nsp])),
        Step::Disconnect(nsp) => return say(format!("1{},", NAMES[nsp])),
        Step::Event(nsp) => return say(format!("2{},[\"a\"]", NAMES[nsp])),
    }
    Outcome::Nothing
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_machine_does_what_the_table_of_rules_says(
        steps in prop::collection::vec(step(), 0..40),
        protocol in prop_oneof![Just(Protocol::V4), Just(Protocol::V5)],
    ) {
        let mut model = Model::new(protocol);
        let mut pair = Pair::with_protocol(protocol, Limits::default().namespaces(LIMIT));
        let implied = pair.connection.poll_input();
        prop_assert_eq!(implied.is_some(), protocol == Protocol::V4);
        for step in steps {
            let outcome = apply(&mut pair, step);
            prop_assert_eq!(&outcome, &model.apply(step), "{:?}", step);
            if matches!(outcome, Outcome::Violation(_)) {
                break;
            }
            prop_assert_eq!(pair.connection.poll_timeout().is_none(), model.was_joined);
        }
    }
}
