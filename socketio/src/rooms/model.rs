//! Operations on rooms, each done to a naive model of them as well: a list of
//! members, which is searched through for everything.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::{Rooms, Selection};

/// Names of rooms, of which the first are ids of members as well.
const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "x", "y", "z"];
const IDS: usize = 6;

/// Rooms that a member may be in.
const LIMIT: usize = 3;

/// What can be done; numbers stand for names.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Admit(usize),
    Begin {
        rooms: Vec<usize>,
        except: Vec<usize>,
        sender: Option<usize>,
    },
    Insert(usize),
    Join(usize, usize),
    Leave(usize, usize),
    Remove(usize),
    /// The walk that was begun goes on for a piece of so many slots.
    Walk(u32),
}

/// Reads bytes as operations.
pub(crate) fn operations(data: &[u8]) -> Vec<Operation> {
    let mut bytes = data.iter().map(|byte| usize::from(*byte));
    let mut operations = Vec::new();
    while let (Some(kind), Some(of)) = (bytes.next(), bytes.next()) {
        let (id, name) = (of % IDS, of / IDS % NAMES.len());
        // The high bits of the kind are a few names more.
        let more = kind / 16;
        operations.push(match kind % 16 {
            0 | 1 => Operation::Insert(id),
            2 | 3 => Operation::Admit(id),
            4..=7 => Operation::Join(id, name),
            8 | 9 => Operation::Leave(id, name),
            10 => Operation::Remove(id),
            11 | 12 => Operation::Begin {
                rooms: [id, name][..more % 3].to_vec(),
                except: [more % NAMES.len(), name][..more / 3 % 3].to_vec(),
                sender: (more > 9).then_some(id),
            },
            _ => Operation::Walk(1 + of as u32 % 4),
        });
    }
    operations
}

/// Does one operation after the other to rooms and to their model: all that can
/// be seen is the same after each. A walk visits who is meant all the while, once,
/// and nobody who is not meant then.
pub(crate) fn run(operations: &[Operation]) {
    let mut run = Run {
        rooms: Rooms::new(),
        members: BTreeMap::new(),
        open: BTreeSet::new(),
        serial: 0,
        walk: None,
    };
    run.rooms.watch();
    for operation in operations {
        run.step(operation);
        run.compare();
    }
    while run.walk.is_some() {
        run.walk_on(2);
    }
}

struct Run {
    rooms: Rooms<u32>,
    members: BTreeMap<usize, Member>,
    /// The names that somebody stands for, as the changes tell it.
    open: BTreeSet<Arc<str>>,
    /// Members that there were.
    serial: u32,
    walk: Option<Walk>,
}

struct Member {
    handle: u32,
    is_admitted: bool,
    /// In the order in which they were joined.
    rooms: Vec<usize>,
}

struct Walk {
    selection: Selection,
    next: u32,
    visited: BTreeSet<u32>,
    /// Those who are meant since it began.
    due: BTreeSet<u32>,
}

impl Run {
    fn step(&mut self, operation: &Operation) {
        match *operation {
            Operation::Admit(id) => {
                self.rooms.admit(NAMES[id]);
                if let Some(member) = self.members.get_mut(&id) {
                    member.is_admitted = true;
                }
            }
            Operation::Begin {
                ref rooms,
                ref except,
                sender,
            } => self.begin(rooms, except, sender),
            Operation::Insert(id) => self.insert(id),
            Operation::Join(id, room) => {
                let is_in = self.rooms.join(NAMES[id], NAMES[room], LIMIT);
                let mut may_join = true;
                if let Some(member) = self.members.get_mut(&id)
                    && id != room
                    && !member.rooms.contains(&room)
                {
                    may_join = member.rooms.len() < LIMIT;
                    member.rooms.extend(may_join.then_some(room));
                }
                assert_eq!(is_in, may_join);
            }
            Operation::Leave(id, room) => {
                self.rooms.leave(NAMES[id], NAMES[room]);
                if let Some(member) = self.members.get_mut(&id) {
                    member.rooms.retain(|joined| *joined != room);
                }
            }
            Operation::Remove(id) => {
                let left = self.rooms.remove(NAMES[id]);
                let member = self.members.remove(&id);
                let rooms = member.map(|member| member.rooms).unwrap_or_default();
                assert_eq!(left, names(&rooms));
            }
            Operation::Walk(limit) => self.walk_on(limit),
        }
        self.keep_due();
    }

    fn insert(&mut self, id: usize) {
        // Ids are never given twice.
        if self.members.contains_key(&id) {
            return;
        }
        let handle = self.serial;
        self.serial += 1;
        self.rooms.insert(NAMES[id].into(), handle);
        let member = Member {
            handle,
            is_admitted: false,
            rooms: Vec::new(),
        };
        self.members.insert(id, member);
    }

    fn begin(&mut self, rooms: &[usize], except: &[usize], sender: Option<usize>) {
        let selection = Selection {
            rooms: names(rooms),
            except: names(except),
            sender: sender.map(|id| NAMES[id].into()),
        };
        self.walk = Some(Walk {
            due: self.meant(&selection),
            selection,
            next: 0,
            visited: BTreeSet::new(),
        });
    }

    fn walk_on(&mut self, limit: u32) {
        let Some(mut walk) = self.walk.take() else {
            return;
        };
        let mut piece = Vec::new();
        let next = self
            .rooms
            .select(&walk.selection, walk.next, limit, &mut piece);
        assert!(piece.len() <= limit as usize, "a piece has its limit");
        let meant = self.meant(&walk.selection);
        for handle in piece {
            assert!(meant.contains(&handle), "{handle} is not meant");
            assert!(walk.visited.insert(handle), "{handle} is visited again");
        }
        match next {
            Some(next) => {
                assert!(next > walk.next, "it goes on");
                walk.next = next;
                self.walk = Some(walk);
            }
            None => assert!(walk.due.is_subset(&walk.visited), "who stays is visited"),
        }
    }

    /// Who is not meant now is not due any more, whatever comes.
    fn keep_due(&mut self) {
        if let Some(mut walk) = self.walk.take() {
            let meant = self.meant(&walk.selection);
            walk.due.retain(|handle| meant.contains(handle));
            self.walk = Some(walk);
        }
    }

    /// The handles of those who are meant, by the words of [`Selection`].
    fn meant(&self, selection: &Selection) -> BTreeSet<u32> {
        let mut meant = BTreeSet::new();
        for (&id, member) in &self.members {
            let stands_for = |name: &Arc<str>| {
                **name == *NAMES[id] || member.rooms.iter().any(|room| **name == *NAMES[*room])
            };
            let is_named = selection.rooms.is_empty() || selection.rooms.iter().any(stands_for);
            let is_excepted = selection.except.iter().any(stands_for);
            let is_sender = selection.sender.as_deref() == Some(NAMES[id]);
            let is_meant = is_named && !is_excepted && !is_sender;
            let rooms: HashSet<_> = member.rooms.iter().map(|room| NAMES[*room]).collect();
            assert_eq!(selection.means(NAMES[id], &rooms), is_meant);
            if is_meant && member.is_admitted {
                meant.insert(member.handle);
            }
        }
        meant
    }

    fn compare(&mut self) {
        let mut rooms = BTreeSet::new();
        for (id, name) in NAMES[..IDS].iter().enumerate() {
            let member = self.members.get(&id);
            let joined = member.map(|member| names(&member.rooms));
            let joined = joined.unwrap_or_default();
            assert_eq!(self.rooms.rooms_of(name), joined);
            rooms.extend(joined);
            let reachable = member.filter(|member| member.is_admitted);
            assert_eq!(self.rooms.get(name), reachable.map(|member| member.handle));
        }
        let admitted = self.members.values().filter(|member| member.is_admitted);
        assert_eq!(self.rooms.len(), admitted.count());
        assert_eq!(self.rooms.room_count(), rooms.len());
        let mut named = self.rooms.room_names();
        named.sort();
        assert!(named.iter().eq(&rooms), "{named:?} {rooms:?}");
        self.hear();
        rooms.extend(self.members.keys().map(|id| NAMES[*id].into()));
        assert_eq!(self.open, rooms, "what the changes tell");
    }

    /// Takes the changes out, as who tells them does.
    fn hear(&mut self) {
        let mut change = self.rooms.first_change();
        while let Some(told) = change {
            let is_new = match told.is_open {
                true => self.open.insert(told.name),
                false => self.open.remove(&told.name),
            };
            assert!(is_new, "nothing is told twice");
            change = self.rooms.next_change();
        }
    }
}

fn names(numbers: &[usize]) -> Vec<Arc<str>> {
    numbers.iter().map(|number| NAMES[*number].into()).collect()
}
