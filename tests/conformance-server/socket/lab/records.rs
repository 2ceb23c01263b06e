//! What became of each connection and of each socket.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value as Json, json};
use socketio::{Incoming, Value};

/// Connections and sockets that are kept, each.
const KEPT: usize = 20_000;
/// Events of a socket that are kept.
const EVENTS: usize = 200;
/// Levels of an argument that are kept.
const DEPTH: usize = 50;

/// The connections and sockets by their ids, those that ended as well.
#[derive(Clone, Default)]
pub(super) struct Records(Arc<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    engines: Table<engineio::Socket>,
    sockets: Table<Record>,
}

#[derive(Default)]
struct Record {
    events: Vec<Json>,
    is_connected: bool,
    is_recovered: bool,
    reason: Option<&'static str>,
}

impl Records {
    pub(super) fn open(&self, engine: &engineio::Socket) {
        let sid = engine.sid().as_str().to_owned();
        self.lock().engines.insert(sid, engine.clone());
    }

    /// A socket is connected, for the first time or again.
    pub(super) fn connect(&self, id: &str, is_recovered: bool) {
        let mut tables = self.lock();
        if tables.sockets.get(id).is_none() {
            tables.sockets.insert(id.to_owned(), Record::default());
        }
        if let Some(record) = tables.sockets.get(id) {
            (record.is_connected, record.reason) = (true, None);
            record.is_recovered = is_recovered;
        }
    }

    pub(super) fn add(&self, id: &str, event: &Incoming) {
        if let Some(record) = self.lock().sockets.get(id)
            && record.events.len() < EVENTS
        {
            record.events.push(describe(event));
        }
    }

    pub(super) fn disconnect(&self, id: &str, reason: &'static str) {
        if let Some(record) = self.lock().sockets.get(id) {
            (record.is_connected, record.reason) = (false, Some(reason));
        }
    }

    pub(super) fn engine(&self, sid: &str) -> Json {
        let reason = self
            .lock()
            .engines
            .get(sid)
            .map(|engine| engine.close_reason());
        let state = match reason {
            None => "unknown",
            Some(None) => "open",
            Some(Some(_)) => "closed",
        };
        let reason = reason.flatten().map(engineio::CloseReason::as_str);
        json!({ "state": state, "reason": reason })
    }

    pub(super) fn socket(&self, id: &str) -> Json {
        let mut tables = self.lock();
        let record = tables.sockets.get(id);
        let state = match &record {
            None => "unknown",
            Some(record) if record.is_connected => "connected",
            Some(_) => "disconnected",
        };
        let empty = Record::default();
        let Record {
            events,
            is_recovered,
            reason,
            ..
        } = record.as_deref().unwrap_or(&empty);
        json!({ "state": state, "reason": reason, "recovered": is_recovered, "events": events })
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As many as are kept; the oldest goes.
struct Table<T> {
    entries: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T> Table<T> {
    fn get(&mut self, id: &str) -> Option<&mut T> {
        self.entries.get_mut(id)
    }

    fn insert(&mut self, id: String, entry: T) {
        self.entries.insert(id.clone(), entry);
        self.order.push_back(id);
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }
}

/// The event's name, its arguments, and whether an answer is asked for.
fn describe(event: &Incoming) -> Json {
    let mut parts = vec![event.name().into()];
    let args: Vec<Value> = event.args().to_list().unwrap_or_default();
    parts.extend(args.iter().map(|arg| plain(arg, DEPTH)));
    if event.wants_ack() {
        parts.push("<ack>".into());
    }
    parts.into()
}

fn plain(value: &Value, levels: usize) -> Json {
    if levels == 0 && matches!(value, Value::Array(_) | Value::Object(_)) {
        return "<deep>".into();
    }
    match value {
        Value::Array(values) => values
            .iter()
            .map(|value| plain(value, levels - 1))
            .collect(),
        Value::Binary(binary) => {
            let hex: String = binary.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "$hex": hex })
        }
        Value::Bool(value) => (*value).into(),
        Value::Null => Json::Null,
        Value::Number(number) => number.clone().into(),
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (name.clone(), plain(value, levels - 1)));
            Json::Object(members.collect::<Map<_, _>>())
        }
        Value::String(text) => text.as_str().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_too_many_is_forgotten() {
        let records = Records::default();
        for number in 0..=KEPT {
            records.connect(&number.to_string(), false);
        }
        records.disconnect("2", "transport close");
        let report = |id| records.socket(id);
        assert_eq!(report("0")["state"], "unknown");
        assert_eq!(report("1")["state"], "connected");
        assert_eq!(report("2")["state"], "disconnected");
        assert_eq!(report("2")["reason"], "transport close");
        records.connect("2", true);
        assert_eq!(report("2")["reason"], Json::Null);
        assert_eq!(report("2")["recovered"], true);
    }

    #[test]
    fn what_is_too_deep_is_left_out() {
        let nested = (0..DEPTH + 5).fold(Value::Null, |value, _| Value::Array(vec![value]));
        let mut json = plain(&nested, DEPTH);
        for _ in 0..DEPTH {
            json = json[0].take();
        }
        assert_eq!(json, "<deep>");
    }
}
