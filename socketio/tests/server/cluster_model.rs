//! Three servers do what one would: random operations against a set of rooms
//! for each socket.

use std::collections::BTreeSet;

use proptest::prelude::*;
use socketio::{Broadcast, Namespace};

use crate::crowd::Crowd;

const SOCKETS: usize = 6;
const ROOMS: [&str; 3] = ["a", "b", "c"];

/// Something that is done, on a node or by a socket.
#[derive(Clone, Debug)]
enum Op {
    Close(usize, Target),
    Disconnect(usize, Target),
    Emit(usize, Target),
    EmitFrom(usize, Target),
    Fetch(usize, Target),
    Join(usize, &'static str),
    JoinAll(usize, Target, &'static str),
    LeaveAll(usize, Target, &'static str),
}

/// Names to reach and names to leave out: rooms, and sockets by number.
#[derive(Clone, Debug)]
struct Target {
    to: Vec<Name>,
    except: Vec<Name>,
}

#[derive(Clone, Copy, Debug)]
enum Name {
    Room(&'static str),
    Socket(usize),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn several_servers_do_what_one_would(ops in proptest::collection::vec(op(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(run(ops));
    }
}

async fn run(ops: Vec<Op>) {
    let mut crowd = Crowd::gather().await;
    let mut model = Model::default();
    for (n, op) in ops.into_iter().enumerate() {
        let event = format!("e{n}");
        match op {
            Op::Close(node, target) => {
                crowd.select(node, &target).close();
                model.disconnect(&target);
            }
            Op::Disconnect(node, target) => {
                crowd.select(node, &target).disconnect();
                model.disconnect(&target);
            }
            Op::Emit(node, target) => {
                let sent = crowd.select(node, &target).emit(&event, ());
                sent.expect("it can be written");
                model.emit(&target, None, &event);
            }
            Op::EmitFrom(sender, target) => {
                let from = crowd.sockets[sender].broadcast();
                let sent = crowd.narrow(from, &target).emit(&event, ());
                sent.expect("it can be written");
                model.emit(&target, Some(sender), &event);
            }
            Op::Fetch(node, target) => {
                let found = crowd.select(node, &target).fetch_sockets().await;
                let found = found.expect("all nodes answer").into_iter().map(|found| {
                    let id = found.id.to_string();
                    (id, found.rooms.iter().map(ToString::to_string).collect())
                });
                let mut found: Vec<(String, BTreeSet<String>)> = found.collect();
                found.sort();
                let meant = model.select(&target, None).into_iter().map(|n| {
                    let rooms = model.sockets[n].rooms.iter().map(ToString::to_string);
                    (crowd.sockets[n].id().to_owned(), rooms.collect())
                });
                let mut meant: Vec<_> = meant.collect();
                meant.sort();
                assert_eq!(found, meant);
            }
            Op::Join(socket, room) => {
                crowd.sockets[socket].join(room).expect("it may");
                model.sockets[socket].join(room);
            }
            Op::JoinAll(node, target, room) => {
                let joined = crowd.select(node, &target).join(room);
                joined.expect("all may");
                for n in model.select(&target, None) {
                    model.sockets[n].join(room);
                }
            }
            Op::LeaveAll(node, target, room) => {
                crowd.select(node, &target).leave(room);
                for n in model.select(&target, None) {
                    model.sockets[n].rooms.remove(room);
                }
            }
        }
        crowd.settle().await;
    }
    for (n, socket) in model.sockets.iter_mut().enumerate() {
        if !socket.has_left {
            crowd.sockets[n].emit("end", ()).expect("it is connected");
            socket.heard.push(r#"2["end"]"#.into());
        }
        for expected in &socket.heard {
            assert_eq!(crowd.clients[n].recv().await, *expected, "socket {n}");
        }
    }
    crowd.is_at_rest().await;
}

/// What the servers should do.
#[derive(Default)]
struct Model {
    sockets: [Member; SOCKETS],
}

#[derive(Default)]
struct Member {
    has_left: bool,
    heard: Vec<String>,
    rooms: BTreeSet<&'static str>,
}

impl Member {
    fn join(&mut self, room: &'static str) {
        if !self.has_left {
            self.rooms.insert(room);
        }
    }
}

impl Model {
    fn select(&self, target: &Target, sender: Option<usize>) -> Vec<usize> {
        let is_named = |names: &[Name], n: usize| {
            names.iter().any(|name| match name {
                Name::Room(room) => self.sockets[n].rooms.contains(room),
                Name::Socket(named) => *named == n,
            })
        };
        let is_meant = |n: &usize| {
            !self.sockets[*n].has_left
                && sender != Some(*n)
                && (target.to.is_empty() || is_named(&target.to, *n))
                && !is_named(&target.except, *n)
        };
        (0..SOCKETS).filter(is_meant).collect()
    }

    fn emit(&mut self, target: &Target, sender: Option<usize>, event: &str) {
        for n in self.select(target, sender) {
            self.sockets[n].heard.push(format!(r#"2["{event}"]"#));
        }
    }

    fn disconnect(&mut self, target: &Target) {
        for n in self.select(target, None) {
            self.sockets[n].has_left = true;
            self.sockets[n].heard.push("1".into());
        }
    }
}

impl Crowd {
    fn select(&self, node: usize, target: &Target) -> Broadcast {
        let main: Namespace = self.nodes[node].io.of("/");
        self.narrow(main.everyone(), target)
    }

    fn narrow(&self, all: Broadcast, Target { to, except }: &Target) -> Broadcast {
        let text = |name: &Name| match name {
            Name::Room(room) => (*room).to_owned(),
            Name::Socket(n) => self.sockets[*n].id().to_owned(),
        };
        let to = to.iter().map(text).fold(all, Broadcast::to);
        except.iter().map(text).fold(to, Broadcast::except)
    }
}

fn op() -> impl Strategy<Value = Op> {
    let (node, socket) = (0..3_usize, 0..SOCKETS);
    prop_oneof![
        1 => (node.clone(), narrow_target()).prop_map(|(n, t)| Op::Close(n, t)),
        1 => (node.clone(), narrow_target()).prop_map(|(n, t)| Op::Disconnect(n, t)),
        8 => (node.clone(), target()).prop_map(|(n, t)| Op::Emit(n, t)),
        8 => (socket.clone(), target()).prop_map(|(s, t)| Op::EmitFrom(s, t)),
        4 => (node.clone(), target()).prop_map(|(n, t)| Op::Fetch(n, t)),
        8 => (socket, room()).prop_map(|(s, r)| Op::Join(s, r)),
        4 => (node.clone(), target(), room()).prop_map(|(n, t, r)| Op::JoinAll(n, t, r)),
        4 => (node, target(), room()).prop_map(|(n, t, r)| Op::LeaveAll(n, t, r)),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    let names = |most| proptest::collection::vec(name(), 0..=most);
    (names(3), names(2)).prop_map(|(to, except)| Target { to, except })
}

/// One that leaves somebody.
fn narrow_target() -> impl Strategy<Value = Target> {
    (name(), proptest::collection::vec(name(), 0..=2)).prop_map(|(name, except)| Target {
        to: vec![name],
        except,
    })
}

fn name() -> impl Strategy<Value = Name> {
    prop_oneof![
        room().prop_map(Name::Room),
        (0..SOCKETS).prop_map(Name::Socket)
    ]
}

fn room() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&ROOMS[..])
}
