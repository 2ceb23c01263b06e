//! Who is forgotten while a store is asked.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::Audience;
use crate::rooms::Selection;

/// Who is forgotten while a store is asked for sessions: it may have taken them out
/// already, so that it forgets none of them.
#[derive(Default)]
pub(super) struct Restoring {
    /// When each was asked for that is waited for.
    begun: BTreeSet<u64>,
    /// Those who were forgotten since the first of them, and when.
    forgotten: VecDeque<(u64, Audience)>,
    now: u64,
}

impl Restoring {
    /// A session is asked for. When that was.
    pub(super) fn begin(&mut self) -> u64 {
        self.now += 1;
        self.begun.insert(self.now);
        self.now
    }

    /// It is known, or not waited for any more.
    pub(super) fn end(&mut self, since: u64) {
        self.begun.remove(&since);
        let first = self.begun.first();
        let is_past = |(at, _): &(u64, Audience)| first.is_none_or(|first| at < first);
        while self.forgotten.front().is_some_and(is_past) {
            self.forgotten.pop_front();
        }
    }

    pub(super) fn forget(&mut self, who: &Audience) {
        if self.begun.is_empty() {
            return;
        }
        self.now += 1;
        if self.forgotten.len() < MAX_FORGOTTEN {
            self.forgotten.push_back((self.now, who.clone()));
        } else {
            let everyone = Audience::selection(&Selection::default());
            self.forgotten = [(self.now, everyone)].into();
        }
    }

    /// Whether somebody was forgotten who was asked for then.
    pub(super) fn is_forgotten(&self, since: u64, sid: &str, rooms: &HashSet<&str>) -> bool {
        let mut later = self.forgotten.iter().filter(|(at, _)| *at > since);
        later.any(|(_, who)| who.includes(sid, rooms))
    }
}

/// As many are told apart; then all were forgotten.
const MAX_FORGOTTEN: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_meant_is_forgotten_since_it_was_asked_for() {
        let (one, rooms) = (Audience::one("one".into()), HashSet::new());
        let mut restoring = Restoring::default();
        restoring.forget(&one);
        let first = restoring.begin();
        assert!(!restoring.is_forgotten(first, "one", &rooms));
        restoring.forget(&one);
        let second = restoring.begin();
        assert!(restoring.is_forgotten(first, "one", &rooms));
        assert!(!restoring.is_forgotten(first, "other", &rooms));
        assert!(!restoring.is_forgotten(second, "one", &rooms));
        restoring.end(first);
        assert_eq!(restoring.forgotten.len(), 0, "nobody asks for it");
        restoring.forget(&one);
        restoring.end(second);
        assert_eq!((restoring.forgotten.len(), restoring.begun.len()), (0, 0));
    }

    #[test]
    fn too_many_to_tell_apart_are_everybody() {
        let mut restoring = Restoring::default();
        let since = restoring.begin();
        for _ in 0..=MAX_FORGOTTEN {
            restoring.forget(&Audience::one("one".into()));
        }
        assert_eq!(restoring.forgotten.len(), 1);
        assert!(restoring.is_forgotten(since, "other", &HashSet::new()));
    }
}
