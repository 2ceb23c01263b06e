//! Who is in a namespace and in which of its rooms: pure, local and
//! deterministic.
//!
//! Members sit in numbered slots that do not change while they stay, and a
//! room is an ordered set of slot numbers. So a broadcast walks upwards
//! through the numbers in pieces, the index may change between two pieces,
//! and still nobody is visited twice and nobody who stays is left out.

mod changes;
mod slots;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use self::changes::Changes;
use self::slots::Slots;

pub(crate) use self::changes::Change;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_member_of_two_targeted_rooms_is_selected_once() {
        let rooms = index(&[("a", &["x", "y"]), ("b", &["y"]), ("c", &[])]);
        assert_eq!(select(&rooms, &["x", "y"], &[]), ["a", "b"]);
        assert_eq!(select(&rooms, &["x", "x"], &[]), ["a"]);
        assert_eq!(select(&rooms, &[], &[]), ["a", "b", "c"]);
    }

    #[test]
    fn an_id_names_its_socket_and_the_room_so_named() {
        let rooms = index(&[("a", &[]), ("b", &["a"]), ("c", &[])]);
        assert_eq!(select(&rooms, &["a"], &[]), ["a", "b"]);
        assert_eq!(select(&rooms, &[], &["a"]), ["c"]);
        assert_eq!(select(&rooms, &["c", "a"], &["b"]), ["a", "c"]);
    }

    #[test]
    fn the_sender_is_left_out_but_not_who_joined_a_room_of_its_name() {
        let rooms = index(&[("a", &["x"]), ("b", &["x", "a"])]);
        let mut out = Vec::new();
        let mut to_x = selection(&["x"], &[]);
        to_x.sender = Some("a".into());
        rooms.select(&to_x, 0, 99, &mut out);
        assert_eq!(out, ["b"]);
    }

    #[test]
    fn joining_or_leaving_ones_own_id_does_nothing() {
        let mut rooms = index(&[("a", &[])]);
        assert!(rooms.join("a", "a", 8));
        assert_eq!(rooms.room_count(), 0);
        rooms.leave("a", "a");
        assert_eq!(select(&rooms, &["a"], &[]), ["a"]);
    }

    #[test]
    fn a_room_without_members_is_forgotten() {
        let mut rooms = index(&[("a", &["x"]), ("b", &["x"])]);
        rooms.leave("a", "x");
        rooms.leave("a", "unknown");
        assert_eq!(rooms.room_count(), 1);
        assert_eq!(names(rooms.remove("b")), ["x"]);
        assert_eq!(rooms.room_count(), 0);
        assert!(rooms.room_names().is_empty());
        assert!(select(&rooms, &["x"], &[]).is_empty());
    }

    #[test]
    fn rooms_are_told_in_the_order_of_joining() {
        let mut rooms = index(&[("a", &["z", "b", "m"])]);
        rooms.leave("a", "b");
        rooms.join("a", "b", 8);
        assert_eq!(names(rooms.rooms_of("a")), ["z", "m", "b"]);
        assert!(rooms.rooms_of("unknown").is_empty());
    }

    #[test]
    fn a_member_joins_no_more_rooms_than_the_limit() {
        let mut rooms = index(&[("a", &["x", "y"])]);
        assert!(!rooms.join("a", "z", 2));
        assert!(rooms.join("a", "y", 2), "it is in there already");
        assert_eq!(rooms.room_count(), 2);
        rooms.leave("a", "x");
        assert!(rooms.join("a", "z", 2));
    }

    #[test]
    fn a_member_that_is_not_admitted_is_not_reached() {
        let mut rooms = index(&[("a", &["x"])]);
        rooms.insert("p".into(), "p");
        rooms.join("p", "x", 8);
        assert_eq!(select(&rooms, &["x", "p"], &[]), ["a"]);
        assert_eq!((rooms.len(), rooms.get("p")), (1, None));
        rooms.admit("p");
        rooms.admit("p");
        assert_eq!(select(&rooms, &["x"], &[]), ["a", "p"]);
        assert_eq!((rooms.len(), rooms.get("p")), (2, Some("p")));
    }

    #[test]
    fn a_crowd_that_has_gone_takes_no_room() {
        let mut rooms = index(&[]);
        let crowd: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        for id in &crowd {
            rooms.insert(id.as_str().into(), "");
            rooms.join(id, &format!("room {id}"), 8);
        }
        for id in &crowd {
            rooms.remove(id);
        }
        assert!(rooms.ids.capacity() + rooms.names.capacity() < 32);
        assert_eq!(rooms.members.iter().count() + rooms.rooms.iter().count(), 0);
    }

    #[test]
    fn a_piece_ends_also_where_nobody_is_left() {
        let mut rooms = index(&[("a", &[])]);
        let crowd: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        for id in &crowd {
            rooms.insert(id.as_str().into(), "");
        }
        rooms.insert("z".into(), "z");
        rooms.admit("z");
        for id in &crowd {
            rooms.remove(id);
        }
        let everyone = selection(&[], &[]);
        let mut out = Vec::new();
        assert_eq!(rooms.select(&everyone, 0, 256, &mut out), Some(256));
        assert_eq!(rooms.select(&everyone, 800, 256, &mut out), None);
        assert_eq!(out, ["a", "z"]);
    }

    #[test]
    fn a_change_between_two_pieces_repeats_nobody_and_loses_nobody() {
        let mut rooms = index(&[("a", &["x"]), ("b", &["x"]), ("c", &["x"]), ("d", &["x"])]);
        let x = selection(&["x"], &[]);
        let mut out = Vec::new();
        let next = rooms.select(&x, 0, 2, &mut out);
        // One who was reached leaves, and another takes its slot.
        rooms.remove("a");
        rooms.insert("e".into(), "e");
        rooms.admit("e");
        rooms.join("e", "x", 8);
        out.clear();
        let end = rooms.select(&x, next.expect("there are more"), 9, &mut out);
        assert_eq!((out, end), (vec!["c", "d"], None));
    }

    proptest! {
        #[test]
        fn selection_agrees_with_a_search_through_all(
            joins in prop::collection::vec((0..12_usize, 0..16_usize), 0..60),
            leaves in prop::collection::vec((0..12_usize, 0..16_usize), 0..20),
            gone in prop::collection::vec(0..12_usize, 0..4),
            to in prop::collection::vec(0..16_usize, 0..4),
            except in prop::collection::vec(0..16_usize, 0..4),
            limit in 1..5_u32,
        ) {
            // The first names are ids as well.
            const NAMES: [&str; 16] =
                ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "w", "x", "y", "z"];
            let mut rooms = index(&[]);
            let mut model: Vec<Option<BTreeSet<&str>>> = Vec::new();
            for id in &NAMES[..12] {
                rooms.insert((*id).into(), *id);
                rooms.admit(id);
                model.push(Some(BTreeSet::from([*id])));
            }
            for (who, room) in joins {
                rooms.join(NAMES[who], NAMES[room], 99);
                model[who].as_mut().map(|rooms| rooms.insert(NAMES[room]));
            }
            for (who, room) in leaves {
                rooms.leave(NAMES[who], NAMES[room]);
                if who != room {
                    model[who].as_mut().map(|rooms| rooms.remove(NAMES[room]));
                }
            }
            for who in gone {
                rooms.remove(NAMES[who]);
                model[who] = None;
            }
            let pick = |list: &[usize]| list.iter().map(|&i| NAMES[i]).collect::<Vec<_>>();
            let (to, except) = (pick(&to), pick(&except));
            let expected: Vec<&str> = model.iter().zip(NAMES)
                .filter_map(|(rooms, id)| Some((rooms.as_ref()?, id)))
                .filter(|(rooms, _)| to.is_empty() || to.iter().any(|name| rooms.contains(name)))
                .filter(|(rooms, _)| !except.iter().any(|name| rooms.contains(name)))
                .map(|(_, id)| id)
                .collect();

            let selection = selection(&to, &except);
            let (mut found, mut next) = (Vec::new(), Some(0));
            while let Some(from) = next {
                let mut piece = Vec::new();
                next = rooms.select(&selection, from, limit, &mut piece);
                prop_assert!(piece.len() <= limit as usize);
                found.extend(piece);
            }
            let means = |rooms: &BTreeSet<&str>, id| {
                selection.means(id, &rooms.iter().copied().filter(|name| *name != id).collect())
            };
            let meant: Vec<&str> = model.iter().zip(NAMES)
                .filter(|(rooms, id)| rooms.as_ref().is_some_and(|rooms| means(rooms, *id)))
                .map(|(_, id)| id)
                .collect();
            prop_assert_eq!(meant, &expected[..]);
            prop_assert_eq!(found, expected);
        }
    }

    fn index(members: &[(&'static str, &[&str])]) -> Rooms<&'static str> {
        let mut rooms = Rooms::new();
        for (id, joined) in members {
            rooms.insert((*id).into(), *id);
            rooms.admit(id);
            for room in *joined {
                rooms.join(id, room, 8);
            }
        }
        rooms
    }

    fn select(rooms: &Rooms<&'static str>, to: &[&str], except: &[&str]) -> Vec<&'static str> {
        let mut out = Vec::new();
        assert_eq!(rooms.select(&selection(to, except), 0, 99, &mut out), None);
        out
    }

    fn selection(to: &[&str], except: &[&str]) -> Selection {
        let list = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        Selection {
            rooms: list(to),
            except: list(except),
            sender: None,
        }
    }

    fn names(list: Vec<Arc<str>>) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }
}
