//! Messages that wait until a newer one of their key takes their place.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::proto::packet::{Message, Packet};

/// The keyed messages of an outbox, apart from its queue: one that is replaced
/// leaves no hole there, and none is searched for.
///
/// Keys may come from peers, so they are compared and not hashed.
#[derive(Debug, Default)]
pub(super) struct Keyed {
    /// In the order in which they were sent.
    messages: BTreeMap<u64, Waiting>,
    by_key: BTreeMap<Arc<str>, u64>,
    sent: u64,
}

/// A message with its key.
#[derive(Debug)]
pub(super) struct Waiting {
    key: Arc<str>,
    /// How many packets of the queue were there before it.
    ahead: usize,
    pub(super) charge: usize,
    pub(super) parts: Vec<Packet>,
}

/// What is charged for a message while it waits: its parts, and the key. One
/// without parts does not wait.
pub(super) fn charge(key: &str, parts: &[Message]) -> usize {
    let parts: usize = parts.iter().map(Message::charge).sum();
    if parts > 0 { key.len() + parts } else { 0 }
}

impl Keyed {
    /// What the message of this key is charged.
    pub(super) fn charged(&self, key: &str) -> Option<usize> {
        let number = self.by_key.get(key)?;
        Some(self.messages.get(number)?.charge)
    }

    /// Adds a message of a key that no other has, behind all there are and
    /// `ahead` packets of the queue.
    pub(super) fn push(&mut self, key: &str, parts: &[Message], ahead: usize) {
        let key: Arc<str> = key.into();
        let number = self.sent;
        self.sent += 1;
        self.by_key.insert(key.clone(), number);
        let waiting = Waiting {
            ahead,
            charge: charge(&key, parts),
            key,
            parts: parts.iter().cloned().map(Packet::Message).collect(),
        };
        self.messages.insert(number, waiting);
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Waiting> {
        let number = self.by_key.remove(key)?;
        self.messages.remove(&number)
    }

    pub(super) fn remove_oldest(&mut self) -> Option<Waiting> {
        let (_, oldest) = self.messages.pop_first()?;
        self.by_key.remove(&oldest.key);
        Some(oldest)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Moves all messages into `out`, each behind the packets of the queue that
    /// were there before it. Returns what was charged for their keys.
    pub(super) fn take(&mut self, queue: &mut VecDeque<Packet>, out: &mut Vec<Packet>) -> usize {
        let queued = queue.len();
        let mut keys = 0;
        for (_, waiting) in std::mem::take(&mut self.messages) {
            let gone = queued - queue.len();
            out.extend(queue.drain(..waiting.ahead - gone));
            out.extend(waiting.parts);
            keys += waiting.key.len();
        }
        self.by_key.clear();
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_forgotten_with_its_message() {
        let mut keyed = Keyed::default();
        let fill = |keyed: &mut Keyed| {
            for key in ["x", "y"] {
                keyed.push(key, &["message".into()], 0);
            }
        };
        fill(&mut keyed);
        assert_eq!(keyed.take(&mut VecDeque::new(), &mut Vec::new()), 2);
        assert!(keyed.is_empty() && keyed.by_key.is_empty());
        fill(&mut keyed);
        assert_eq!(&*keyed.remove_oldest().unwrap().key, "x");
        assert!(keyed.remove("x").is_none());
        assert!(keyed.remove("y").is_some());
        assert!(keyed.is_empty() && keyed.by_key.is_empty());
    }
}
