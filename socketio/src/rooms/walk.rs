//! Who is meant, and the way through them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::Rooms;

/// Who is meant: members of any of the rooms, but of none of the exceptions,
/// and not the sender. No room at all means everyone. A member's id counts as a
/// room of its own, except for the sender's, which names nobody else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) rooms: Vec<Arc<str>>,
    pub(crate) except: Vec<Arc<str>>,
    pub(crate) sender: Option<Arc<str>>,
}

impl Selection {
    /// Whether it means somebody of this id who is in these rooms.
    pub(crate) fn means(&self, id: &str, rooms: &HashSet<&str>) -> bool {
        let stands_for = |name: &Arc<str>| **name == *id || rooms.contains(&**name);
        self.sender.as_deref() != Some(id)
            && !self.except.iter().any(stands_for)
            && (self.rooms.is_empty() || self.rooms.iter().any(stands_for))
    }
}

impl<M: Clone> Rooms<M> {
    /// Looks at up to `limit` slots in their order from `from` on, and copies the
    /// handles of the members who are meant into `out`. Gives the slot to go on
    /// from, or `None` when there are no more.
    pub(crate) fn select(
        &self,
        selection: &Selection,
        from: u32,
        limit: u32,
        out: &mut Vec<M>,
    ) -> Option<u32> {
        let except = self.sets(&selection.except);
        let sender = selection.sender.as_ref().and_then(|id| self.ids.get(id));
        let mut look = |slot: u32| {
            if let Some(member) = self.members.get(slot)
                && member.admitted
                && sender != Some(&slot)
                && !except.iter().any(|set| set.contains(slot))
            {
                out.push(member.handle.clone());
            }
        };
        if selection.rooms.is_empty() {
            let end = self.members.end();
            let stop = from.saturating_add(limit).min(end);
            (from..stop).for_each(look);
            return (stop < end).then_some(stop);
        }
        let rooms = self.sets(&selection.rooms);
        let mut next = from;
        for _ in 0..limit {
            let slot = rooms.iter().filter_map(|set| set.first_from(next)).min()?;
            look(slot);
            next = slot + 1;
        }
        Some(next)
    }

    /// The members that each of these names stands for.
    fn sets<'a>(&'a self, names: &'a [Arc<str>]) -> Vec<Set<'a>> {
        names
            .iter()
            .flat_map(|name| {
                let own = self.ids.get(name).map(|&slot| Set::One(slot));
                let room = self.names.get(name).and_then(|&room| self.rooms.get(room));
                own.into_iter()
                    .chain(room.map(|room| Set::Room(&room.members)))
            })
            .collect()
    }
}

/// The slots of one room, or the one slot of the socket with that id.
enum Set<'a> {
    One(u32),
    Room(&'a BTreeSet<u32>),
}

impl Set<'_> {
    fn contains(&self, slot: u32) -> bool {
        match self {
            Self::One(own) => *own == slot,
            Self::Room(members) => members.contains(&slot),
        }
    }

    fn first_from(&self, slot: u32) -> Option<u32> {
        match self {
            Self::One(own) => (*own >= slot).then_some(*own),
            Self::Room(members) => members.range(slot..).next().copied(),
        }
    }
}
