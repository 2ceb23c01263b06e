//! What each session was sent, and how it ended.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engineio::{CloseReason, Message, Sid};
use serde::Serialize;
use serde_json::{Value, json};

/// Closed sessions that are kept.
const CLOSED: usize = 10_000;
/// Messages of a session that are kept.
const MESSAGES: usize = 200;
/// The longest message that is kept whole.
const LENGTH: usize = 200;

/// The sessions, open and closed, by their ids.
#[derive(Clone, Default)]
pub(super) struct Records(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    sessions: HashMap<String, Record>,
    /// The oldest first.
    closed: VecDeque<String>,
}

/// A session, as it is reported.
#[derive(Clone, Serialize)]
pub(super) struct Record {
    state: State,
    reason: Option<&'static str>,
    messages: Vec<Value>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Open,
    Closed,
    Unknown,
}

impl Records {
    pub(super) fn open(&self, sid: &Sid) {
        let record = Record::new(State::Open);
        self.lock().sessions.insert(sid.as_str().into(), record);
    }

    pub(super) fn add(&self, sid: &Sid, message: &Message) {
        if let Some(record) = self.lock().sessions.get_mut(sid.as_str())
            && record.messages.len() < MESSAGES
        {
            record.messages.push(describe(message));
        }
    }

    pub(super) fn close(&self, sid: &Sid, reason: Option<CloseReason>) {
        let mut table = self.lock();
        if let Some(record) = table.sessions.get_mut(sid.as_str()) {
            record.state = State::Closed;
            record.reason = reason.map(CloseReason::as_str);
        }
        table.closed.push_back(sid.as_str().into());
        if table.closed.len() > CLOSED
            && let Some(oldest) = table.closed.pop_front()
        {
            table.sessions.remove(&oldest);
        }
    }

    pub(super) fn get(&self, sid: &str) -> Record {
        let record = self.lock().sessions.get(sid).cloned();
        record.unwrap_or_else(|| Record::new(State::Unknown))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn new(state: State) -> Self {
        Self {
            state,
            reason: None,
            messages: Vec::new(),
        }
    }
}

fn describe(message: &Message) -> Value {
    match message {
        Message::Binary(data) if data.len() > LENGTH => json!({ "binlen": data.len() }),
        Message::Binary(data) => {
            let hex: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "hex": hex })
        }
        // As JavaScript counts.
        Message::Text(text) => match text.encode_utf16().count() {
            length if length > LENGTH => json!({ "len": length }),
            _ => text.as_str().into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sid(number: usize) -> Sid {
        let mut bytes = [0; 15];
        bytes[..size_of::<usize>()].copy_from_slice(&number.to_le_bytes());
        Sid::from_bytes(bytes)
    }

    fn report(records: &Records, number: usize) -> Value {
        serde_json::to_value(records.get(sid(number).as_str())).unwrap()
    }

    #[test]
    fn the_oldest_of_too_many_closed_sessions_is_forgotten() {
        let records = Records::default();
        records.open(&sid(0));
        for number in 1..=CLOSED + 1 {
            records.open(&sid(number));
            records.close(&sid(number), Some(CloseReason::PingTimeout));
        }
        let state = |number| report(&records, number)["state"].clone();
        assert_eq!(state(0), "open");
        assert_eq!(state(1), "unknown");
        assert_eq!(state(2), "closed");
        assert_eq!(state(CLOSED + 1), "closed");
        assert_eq!(report(&records, 2)["reason"], "ping timeout");
    }

    #[test]
    fn the_first_messages_are_kept_and_long_ones_by_their_length() {
        let records = Records::default();
        records.open(&sid(0));
        let emoji = "\u{1f600}";
        for message in [
            "hello".into(),
            "".into(),
            emoji.repeat(100).into(),
            emoji.repeat(101).into(),
            Message::from(vec![0, 171]),
            vec![7; 200].into(),
            vec![7; 201].into(),
        ] {
            records.add(&sid(0), &message);
        }
        let expected = json!([
            "hello",
            "",
            emoji.repeat(100),
            { "len": 202 },
            { "hex": "00ab" },
            { "hex": "07".repeat(200) },
            { "binlen": 201 },
        ]);
        assert_eq!(report(&records, 0)["messages"], expected);
        for _ in 0..MESSAGES {
            records.add(&sid(0), &"more".into());
        }
        let kept = report(&records, 0)["messages"].as_array().unwrap().len();
        assert_eq!(kept, MESSAGES);
    }
}
