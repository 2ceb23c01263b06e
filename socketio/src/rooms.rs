//! Who is in a namespace and in which of its rooms: pure, local and
//! deterministic.
//!
//! Members sit in numbered slots that do not change while they stay, and a
//! room is an ordered set of slot numbers. So a broadcast walks upwards
//! through the numbers in pieces, the index may change between two pieces,
//! and still nobody is visited twice and nobody who stays is left out.

mod changes;
#[cfg(any(test, feature = "__fuzzing"))]
pub(crate) mod model;
mod slots;
mod walk;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use self::changes::Changes;
use self::slots::Slots;

pub(crate) use self::changes::Change;
pub(crate) use self::walk::Selection;

/// The members of one namespace and their rooms. `M` is the handle of a
/// member; it is copied out, never called.
#[derive(Debug)]
pub(crate) struct Rooms<M> {
    members: Slots<Member<M>>,
    rooms: Slots<Room>,
    ids: HashMap<Arc<str>, u32>,
    names: HashMap<Arc<str>, u32>,
    admitted: usize,
    changes: Option<Box<Changes>>,
}

#[derive(Debug)]
struct Member<M> {
    handle: M,
    /// A member whose connect is still undecided has rooms but hears nothing.
    admitted: bool,
    /// Slots of rooms, in the order in which they were joined.
    rooms: Vec<u32>,
}

#[derive(Debug)]
struct Room {
    name: Arc<str>,
    members: BTreeSet<u32>,
}

impl<M: Clone> Rooms<M> {
    pub(crate) fn new() -> Self {
        Self {
            members: Slots::default(),
            rooms: Slots::default(),
            ids: HashMap::new(),
            names: HashMap::new(),
            admitted: 0,
            changes: None,
        }
    }

    /// Notes from now on which names get their first member, and lose their
    /// last.
    pub(crate) fn watch(&mut self) {
        self.changes = Some(Box::default());
    }

    /// The first change that is noted, unless somebody took one before and has
    /// not come to the end yet.
    pub(crate) fn first_change(&mut self) -> Option<Change> {
        self.changes.as_mut()?.first()
    }

    /// The next change that is noted, for the one who took the first.
    pub(crate) fn next_change(&mut self) -> Option<Change> {
        self.changes.as_mut()?.next()
    }

    /// Adds a member that may join rooms but is not reached yet.
    pub(crate) fn insert(&mut self, id: Arc<str>, handle: M) {
        let slot = self.members.insert(Member {
            handle,
            admitted: false,
            rooms: Vec::new(),
        });
        self.note(&id, true);
        let previous = self.ids.insert(id, slot);
        debug_assert!(previous.is_none(), "ids are random and never given twice");
    }

    /// Makes a member reachable.
    pub(crate) fn admit(&mut self, id: &str) {
        if let Some(member) = self.member_mut(id)
            && !member.admitted
        {
            member.admitted = true;
            self.admitted += 1;
        }
    }

    /// Takes a member out, and says which rooms it was in.
    pub(crate) fn remove(&mut self, id: &str) -> Vec<Arc<str>> {
        let Some(slot) = self.ids.remove(id) else {
            return Vec::new();
        };
        shrink(&mut self.ids);
        self.note(id, false);
        let member = self.members.remove(slot).expect("ids name taken slots");
        self.admitted -= usize::from(member.admitted);
        let names = self.names_of(&member.rooms);
        for room in member.rooms {
            self.drop_from(room, slot);
        }
        names
    }

    /// Puts a member into a room. Its own id is no room that it can join.
    ///
    /// Gives `false`, and changes nothing, if it is in `limit` rooms already.
    pub(crate) fn join(&mut self, id: &str, name: &str, limit: usize) -> bool {
        let Some(&slot) = self.ids.get(id) else {
            return true;
        };
        if id == name || self.is_in(slot, name) {
            return true;
        }
        if self
            .members
            .get(slot)
            .is_some_and(|m| m.rooms.len() >= limit)
        {
            return false;
        }
        let room = self.room(name);
        self.rooms
            .get_mut(room)
            .expect("names name taken slots")
            .members
            .insert(slot);
        self.members
            .get_mut(slot)
            .expect("ids name taken slots")
            .rooms
            .push(room);
        true
    }

    /// Takes a member out of a room; a room without members is forgotten.
    pub(crate) fn leave(&mut self, id: &str, name: &str) {
        let (Some(&slot), Some(&room)) = (self.ids.get(id), self.names.get(name)) else {
            return;
        };
        let member = self.members.get_mut(slot).expect("ids name taken slots");
        let Some(position) = member.rooms.iter().position(|&joined| joined == room) else {
            return;
        };
        member.rooms.remove(position);
        self.drop_from(room, slot);
    }

    /// The rooms of a member, in the order in which it joined them.
    pub(crate) fn rooms_of(&self, id: &str) -> Vec<Arc<str>> {
        let member = self.ids.get(id).and_then(|&slot| self.members.get(slot));
        member.map_or_else(Vec::new, |member| self.names_of(&member.rooms))
    }

    /// An admitted member by its id.
    pub(crate) fn get(&self, id: &str) -> Option<M> {
        let member = self.members.get(*self.ids.get(id)?)?;
        member.admitted.then(|| member.handle.clone())
    }

    /// Whether there is a member of this id, admitted or not.
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// Members that are admitted.
    pub(crate) fn len(&self) -> usize {
        self.admitted
    }

    /// The names of all rooms that have a member.
    pub(crate) fn room_names(&self) -> Vec<Arc<str>> {
        self.rooms.iter().map(|room| room.name.clone()).collect()
    }

    /// Rooms that have a member.
    pub(crate) fn room_count(&self) -> usize {
        self.names.len()
    }

    fn member_mut(&mut self, id: &str) -> Option<&mut Member<M>> {
        self.members.get_mut(*self.ids.get(id)?)
    }

    fn is_in(&self, slot: u32, name: &str) -> bool {
        let room = self.names.get(name).and_then(|&room| self.rooms.get(room));
        room.is_some_and(|room| room.members.contains(&slot))
    }

    /// The slot of the room of that name, which is made if there is none.
    fn room(&mut self, name: &str) -> u32 {
        if let Some(&room) = self.names.get(name) {
            return room;
        }
        self.note(name, true);
        let name: Arc<str> = name.into();
        let room = self.rooms.insert(Room {
            name: name.clone(),
            members: BTreeSet::new(),
        });
        self.names.insert(name, room);
        room
    }

    fn drop_from(&mut self, room: u32, slot: u32) {
        let members = &mut self
            .rooms
            .get_mut(room)
            .expect("members name taken rooms")
            .members;
        members.remove(&slot);
        if members.is_empty()
            && let Some(room) = self.rooms.remove(room)
        {
            self.names.remove(&room.name);
            shrink(&mut self.names);
            self.note(&room.name, false);
        }
    }

    /// Notes that a name has somebody now, or nobody, unless it stands for
    /// another as well. It is in neither table meanwhile.
    fn note(&mut self, name: &str, is_open: bool) {
        if let Some(changes) = &mut self.changes
            && !self.ids.contains_key(name)
            && !self.names.contains_key(name)
        {
            changes.push(name, is_open);
        }
    }

    fn names_of(&self, rooms: &[u32]) -> Vec<Arc<str>> {
        rooms
            .iter()
            .filter_map(|&room| self.rooms.get(room))
            .map(|room| room.name.clone())
            .collect()
    }
}

/// Gives back what a crowd took that has gone, a fixed share at a time, so that
/// it costs each of them the same.
fn shrink(map: &mut HashMap<Arc<str>, u32>) {
    if map.len() < map.capacity() / 4 {
        map.shrink_to(map.len() * 2);
    }
}

#[cfg(test)]
mod tests;
