use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use engineio::Message;
use proptest::prelude::*;

use super::*;
use crate::proto::draft::Draft;
use crate::recovery::{Local, Ticket};
use crate::rooms::Selection;
use crate::{Args, Binary, EventId, Extensions, Namespace, Parser};

const LIFETIME: Duration = Duration::from_secs(120);
const DETECTION: Duration = Duration::from_secs(45);

#[test]
fn who_comes_back_gets_what_was_for_it_and_nothing_else() {
    let mut test = Test::new(1 << 20, 1 << 20);
    let first = test.emit("/", selection(&[], &[], None));
    let mut expected = Vec::new();
    for (to, except, is_meant) in [
        (&[][..], &[][..], true),
        (&["room1"], &[], true),
        (&["room2"], &[], false),
        (&["room2", "me"], &[], true),
        (&[], &["room1"], false),
        (&[], &["room2"], true),
        (&["room1"], &["me"], false),
    ] {
        let sent = test.emit("/", selection(to, except, None));
        expected.extend(is_meant.then_some(sent));
    }
    test.emit("/", selection(&[], &[], Some("me")));
    expected.push(test.emit("/", selection(&[], &[], Some("you"))));
    expected.push(test.emit("/", Audience::one("me".into())));
    test.emit("/", Audience::one("room1".into()));
    test.emit("/other", selection(&[], &[], None));

    let pid = test.leave("/", "me", &["room1"]);
    let missed = test.come_back("/", &pid, &first);
    assert_eq!(missed, Some(expected));
}

#[test]
fn offsets_are_different_and_of_one_length() {
    let mut test = Test::new(1 << 20, 0);
    let offsets: BTreeSet<_> = (0..100).map(|_| test.broadcast()).collect();
    assert_eq!(offsets.len(), 100);
    assert!(offsets.iter().all(|offset| offset.len() == 16));
}

#[test]
fn a_pid_is_good_once() {
    let mut test = Test::new(1 << 20, 1 << 20);
    let offset = test.broadcast();
    let pid = test.leave("/", "me", &[]);
    assert!(test.restore("/", &pid, &offset).is_some());
    assert!(test.restore("/", &pid, &offset).is_none());
}

#[test]
fn a_pid_is_used_up_by_an_offset_that_is_unknown() {
    let mut test = Test::new(1 << 20, 1 << 20);
    let offset = test.broadcast();
    for unknown in [
        "",
        "abc",
        "é".repeat(8).as_str(),
        &offset[..15],
        &format!("{offset}0"),
        &offset.to_uppercase().replace("00", "0A"),
        &format!("{}+00000000001", &offset[..4]),
        &format!("{}00000000ffff", &offset[..4]),
        &format!("????{}", &offset[4..]),
    ] {
        let pid = test.leave("/", "me", &[]);
        assert!(test.restore("/", &pid, unknown).is_none(), "{unknown}");
        assert!(test.restore("/", &pid, &offset).is_none(), "{unknown}");
    }
}

#[test]
fn a_pid_means_nothing_in_another_namespace() {
    let mut test = Test::new(1 << 20, 1 << 20);
    let offset = test.broadcast();
    let pid = test.leave("/", "me", &[]);
    assert!(test.restore("/other", &pid, &offset).is_none());
    assert!(test.restore("/", &pid, &offset).is_some());
}

#[test]
fn a_session_waits_for_as_long_as_it_is_told() {
    let mut test = Test::new(1 << 20, 1 << 20);
    let offset = test.broadcast();
    let early = test.leave("/", "early", &[]);
    let late = test.leave("/", "late", &[]);
    test.now += LIFETIME - Duration::from_nanos(1);
    assert!(test.restore("/", &early, &offset).is_some());
    test.now += Duration::from_nanos(1);
    assert!(test.restore("/", &late, &offset).is_none());
    test.store.sweep(test.now);
    assert!(
        lock(&test.store.state)
            .sessions
            .take("/", &late, test.now)
            .is_none()
    );
}

#[test]
fn an_offset_that_is_too_old_to_be_kept_is_still_good() {
    let mut test = Test::new(1 << 20, 1 << 20);
    let offset = test.broadcast();
    test.now += 100 * LIFETIME;
    test.store.sweep(test.now);
    // Sent while the client was there, so its heartbeat says that it has it.
    test.emit("/", selection(&["room"], &[], None));
    test.now += LIFETIME + DETECTION;
    let pid = test.leave("/", "me", &["room"]);
    let missed = test.emit("/", selection(&["room"], &[], None));
    assert_eq!(test.come_back("/", &pid, &offset), Some(vec![missed]));
}

#[test]
fn what_was_sent_before_the_session_began_is_not_for_it() {
    let mut test = Test::new(1 << 20, 1 << 20);
    let offset = test.broadcast();
    test.now += Duration::from_secs(1);
    test.emit("/", selection(&["room"], &[], None));
    test.now += Duration::from_secs(1);
    test.begin = test.store.next_offset("/").into();
    let pid = test.leave("/", "me", &["room"]);
    assert_eq!(test.come_back("/", &pid, &offset), Some(vec![]));
}

#[test]
fn who_missed_what_had_to_go_is_not_recovered() {
    let mut test = Test::new(4096, 1 << 20);
    let first = test.broadcast();
    let quiet = test.emit("/quiet", selection(&[], &[], None));
    let in_other = test.leave("/quiet", "you", &[]);
    let pids = [(); 3].map(|()| test.leave("/", "me", &[]));
    for _ in 0..100 {
        test.broadcast();
    }
    assert!(lock(&test.store.state).logs.bytes() <= 4096);
    assert!(test.restore("/", &pids[0], &first).is_none());
    assert!(test.restore("/quiet", &in_other, &quiet).is_some());
    // Once it would have been too old anyway, it does not matter any more.
    test.now += LIFETIME + DETECTION;
    let pid = test.leave("/", "me", &[]);
    assert!(test.restore("/", &pid, &first).is_some());
}

#[test]
fn a_packet_that_is_too_large_to_be_kept_is_sent_all_the_same() {
    let mut test = Test::new(100, 1 << 20);
    let offset = test.broadcast();
    let pid = test.leave("/", "me", &[]);
    assert!(test.restore("/", &pid, &offset).is_some());
    let pid = test.leave("/", "me", &[]);
    test.broadcast();
    assert!(test.restore("/", &pid, &offset).is_none());
}

#[test]
fn sessions_are_limited_in_bytes() {
    let mut test = Test::new(1 << 20, 10_000);
    let offset = test.broadcast();
    let first = test.leave("/", "first", &[]);
    for _ in 0..100 {
        test.leave("/", "me", &["a room with a name", "another one"]);
    }
    let last = test.leave("/", "last", &[]);
    assert!(lock(&test.store.state).sessions.bytes() <= 10_000);
    assert!(test.restore("/", &first, &offset).is_none());
    assert!(test.restore("/", &last, &offset).is_some());
}

#[test]
fn what_is_kept_of_a_namespace_for_a_session_is_counted() {
    let test = Test::new(1 << 20, 1 << 20);
    let bytes = || lock(&test.store.state).sessions.bytes();
    let session = test.session("/x", "me", &[]);
    let pattern = session.local.as_ref().unwrap().namespace.clone();
    test.store.persist(session, test.now);
    let named = bytes();
    pattern.be_pattern();
    let name = format!("/{}", "x".repeat(200));
    let mut session = test.session("/x", "me", &[]);
    let child = pattern.child(name.as_str().into());
    session.nsp = child.shared_name().clone();
    session.local.as_mut().unwrap().namespace = child;
    test.store.persist(session, test.now);
    assert!(bytes() > 2 * named + 2 * name.len());
    let who = selection(&[], &[], None);
    test.store.forget(&name, &who);
    assert_eq!(bytes(), named);
}

#[test]
fn what_the_application_kept_is_dropped_under_no_lock() {
    /// Uses the store that drops it.
    struct Curious(Arc<Memory>, Instant, Arc<AtomicUsize>);
    impl Drop for Curious {
        fn drop(&mut self) {
            self.0.sweep(self.1);
            self.2.fetch_add(1, Ordering::SeqCst);
        }
    }
    let test = Test::new(1 << 20, 1000);
    let dropped = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let session = test.session("/", "me", &[]);
        let value = Curious(test.store.clone(), test.now, dropped.clone());
        session.local.as_ref().unwrap().extensions.insert(value);
        test.store.persist(session, test.now);
    }
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    test.store.sweep(test.now);
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    test.store.close();
    assert_eq!(dropped.load(Ordering::SeqCst), 3);
}

#[test]
fn what_is_written_of_a_session_and_of_an_event_is_read() {
    let mut test = Test::new(1 << 20, 1 << 20);
    let offset = test.broadcast();
    let pid = test.leave("/", "me", &["room"]);
    let mut session = test.restore("/", &pid, &offset).unwrap();
    session.data = Args::from_list([vec![Binary::from(vec![7])]]).unwrap();
    let json = serde_json::to_string(&session).unwrap();
    let read: KeptSession = serde_json::from_str(&json).unwrap();
    assert!(read.local.is_none());
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    assert_eq!((read.pid(), read.sid(), read.nsp()), (&*pid, "me", "/"));
    assert_eq!(read.data, session.data);

    for parser in parsers() {
        let args = (Binary::from(vec![1, 2]), "text");
        let draft = Draft::new(parser, "/x", "e", &args).unwrap();
        let id = EventId::new("node".into(), 7);
        let audience = selection(&["a"], &["b"], Some("c"));
        let event = KeptEvent::new("/x".into(), audience, Some(id), draft, &offset);
        let json = serde_json::to_string(&event).unwrap();
        let read: KeptEvent = serde_json::from_str(&json).unwrap();
        assert_eq!(read.packet(), event.packet());
        assert_eq!((read.id(), read.offset()), (event.id(), &*offset));
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        for (good, bad) in [
            ("\"gap\":", "\"gap\":9"),
            ("\"parts\":[", "\"parts\":[],\"_\":["),
        ] {
            let json = json.replace(good, bad);
            assert!(serde_json::from_str::<KeptEvent>(&json).is_err(), "{json}");
        }
        let other = "x".repeat(16);
        assert_eq!(read.for_socket("me", &other).offset(), other);
        assert_eq!(read.offset(), offset);
    }
}

fn parsers() -> Vec<Parser> {
    vec![
        Parser::Json,
        #[cfg(feature = "msgpack")]
        Parser::MessagePack,
    ]
}

#[test]
fn namespaces_that_are_silent_take_no_room() {
    let mut test = Test::new(1 << 20, 1 << 20);
    for n in 0..10_000 {
        test.emit(&format!("/{n}"), selection(&[], &[], None));
        test.now += LIFETIME;
        test.store.sweep(test.now);
    }
    assert!(lock(&test.store.state).logs.ring_count() <= 64);
}

/// What is done to a store, and to a list of all that ever was.
#[derive(Clone, Debug)]
enum Step {
    Emit {
        nsp: usize,
        audience: usize,
        size: usize,
    },
    Leave {
        nsp: usize,
        rooms: Vec<usize>,
    },
    Return {
        session: usize,
        offset: usize,
    },
    Wait {
        seconds: u64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..2_usize, 0..6_usize, 0..600_usize)
            .prop_map(|(nsp, audience, size)| Step::Emit { nsp, audience, size }),
        2 => (0..2_usize, prop::collection::vec(0..3_usize, 0..3))
            .prop_map(|(nsp, rooms)| Step::Leave { nsp, rooms }),
        2 => (0..20_usize, 0..60_usize)
            .prop_map(|(session, offset)| Step::Return { session, offset }),
        1 => (1..100_u64).prop_map(|seconds| Step::Wait { seconds }),
    ];
    prop::collection::vec(step, 0..120)
}

struct Sent {
    nsp: usize,
    at: Instant,
    audience: Audience,
    charge: usize,
    offset: String,
    /// It had to go before its time.
    is_lost: bool,
}

struct Gone {
    nsp: usize,
    at: Instant,
    rooms: Vec<Arc<str>>,
    pid: String,
    is_taken: bool,
}

proptest! {
    #[test]
    fn a_store_agrees_with_a_list_of_all_that_ever_was(steps in steps()) {
        const NSPS: [&str; 2] = ["/", "/other"];
        const ROOMS: [&str; 3] = ["a", "b", "c"];
        let mut test = Test::new(5000, 1 << 20);
        let mut sent: Vec<Sent> = Vec::new();
        let mut gone: Vec<Gone> = Vec::new();
        let max_age = LIFETIME + DETECTION;
        for step in steps {
            let now = test.now;
            match step {
                Step::Emit { nsp, audience, size } => {
                    let make = || audience_of(audience);
                    let draft = Draft::new(Parser::Json, NSPS[nsp], "e", &"x".repeat(size)).unwrap();
                    let packet = test.append(NSPS[nsp], make(), draft);
                    let content: usize = packet.parts().iter().map(|part| part.len() + 192).sum();
                    sent.push(Sent {
                        nsp,
                        at: now,
                        charge: content + make().bytes(),
                        audience: make(),
                        offset: offset_of(&packet),
                        is_lost: false,
                    });
                    let is_kept = |sent: &Sent| !sent.is_lost && now < sent.at + max_age;
                    while sent.iter().filter(|sent| is_kept(sent)).map(|sent| sent.charge).sum::<usize>() > 5000 {
                        sent.iter_mut().find(|sent| is_kept(sent)).unwrap().is_lost = true;
                    }
                }
                Step::Leave { nsp, rooms } => {
                    let rooms: Vec<_> = rooms.iter().map(|&room| ROOMS[room]).collect();
                    let mut session = test.session(NSPS[nsp], "me", &rooms);
                    session.since = test.begin.clone();
                    gone.push(Gone {
                        nsp,
                        at: now,
                        rooms: session.rooms.clone(),
                        pid: session.pid.as_str().into(),
                        is_taken: false,
                    });
                    test.store.persist(session, now);
                }
                Step::Return { session, offset } => {
                    let (Some(gone), Some(from)) = (gone.get_mut(session), sent.get(offset)) else {
                        continue;
                    };
                    let behind = || sent[offset..].iter().skip(1).filter(|sent| sent.nsp == gone.nsp);
                    let is_known = !gone.is_taken
                        && now < gone.at + LIFETIME
                        && !behind().any(|sent| sent.is_lost && now < sent.at + max_age);
                    let rooms = gone.rooms.iter().map(|room| &**room).collect();
                    let missed: Vec<_> = behind()
                        .filter(|sent| now < sent.at + max_age && sent.audience.includes("me", &rooms))
                        .map(|sent| sent.offset.clone())
                        .collect();
                    let found = test.come_back(NSPS[gone.nsp], &gone.pid, &from.offset);
                    prop_assert_eq!(found, is_known.then_some(missed));
                    gone.is_taken = true;
                }
                Step::Wait { seconds } => {
                    test.now += Duration::from_secs(seconds);
                    test.store.sweep(test.now);
                }
            }
        }
    }
}

fn audience_of(number: usize) -> Audience {
    match number {
        0 => selection(&[], &[], None),
        1 => selection(&["a"], &[], None),
        2 => selection(&["b", "c"], &["a"], None),
        3 => selection(&[], &["b"], Some("you")),
        4 => selection(&[], &[], Some("me")),
        _ => Audience::one("me".into()),
    }
}

struct Test {
    begin: Arc<str>,
    now: Instant,
    store: Arc<Memory>,
}

impl Test {
    #[expect(clippy::disallowed_methods, reason = "a clock has to begin somewhere")]
    fn new(bytes: usize, session_bytes: usize) -> Self {
        let recovery = Recovery::default().max_disconnection(LIFETIME);
        let limits = Limits::default()
            .recovery_bytes(bytes)
            .recovery_session_bytes(session_bytes);
        let store = Arc::new(Memory::new(&recovery, DETECTION, &limits));
        Self {
            begin: store.next_offset("/").into(),
            now: Instant::now(),
            store,
        }
    }

    fn broadcast(&mut self) -> String {
        self.emit("/", selection(&[], &[], None))
    }

    /// Sends something, and gives its offset.
    fn emit(&mut self, nsp: &str, audience: Audience) -> String {
        let draft = Draft::new(Parser::Json, nsp, "e", &()).unwrap();
        offset_of(&self.append(nsp, audience, draft))
    }

    fn append(&self, nsp: &str, audience: Audience, draft: Draft) -> Encoded {
        let offset = self.store.next_offset(nsp);
        let event = KeptEvent::new(nsp.into(), audience, None, draft, &offset);
        let packet = event.packet().clone();
        self.store.append(event, self.now);
        packet
    }

    fn session(&self, nsp: &str, sid: &str, rooms: &[&str]) -> KeptSession {
        let local = Local {
            away: Arc::default(),
            extensions: Extensions::default(),
            farewell: Ticket::new(&Args::default()).farewell(),
            namespace: Namespace::new(nsp.into(), Arc::default(), None),
        };
        KeptSession {
            auth: [0; 32],
            data: Args::default(),
            earlier: Vec::new(),
            entered: self.begin.clone(),
            local: Some(local),
            nsp: nsp.into(),
            pid: Sid::random(),
            rooms: rooms.iter().map(|&room| room.into()).collect(),
            sid: sid.into(),
            since: self.begin.clone(),
        }
    }

    /// Lets a client go, and gives its pid.
    fn leave(&mut self, nsp: &str, sid: &str, rooms: &[&str]) -> String {
        let session = self.session(nsp, sid, rooms);
        let pid = session.pid.as_str().to_owned();
        self.store.persist(session, self.now);
        pid
    }

    fn restore(&self, nsp: &str, pid: &str, offset: &str) -> Option<KeptSession> {
        self.store.take(nsp, pid, offset, self.now)
    }

    /// The offsets of what a client gets that comes back.
    fn come_back(&self, nsp: &str, pid: &str, offset: &str) -> Option<Vec<String>> {
        let session = self.restore(nsp, pid, offset)?;
        let who = Absentee {
            earlier: &[],
            nsp,
            offset,
            rooms: &session.rooms,
            sid: &session.sid,
            since: &session.since,
        };
        let missed = self.store.missed(&who, self.now);
        let missed = missed.expect("the offset was good");
        Some(missed.iter().map(offset_of).collect())
    }
}

fn selection(to: &[&str], except: &[&str], sender: Option<&str>) -> Audience {
    let list = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
    Audience::selection(&Selection {
        rooms: list(to),
        except: list(except),
        sender: sender.map(Into::into),
    })
}

fn offset_of(packet: &Encoded) -> String {
    let Message::Text(text) = &packet.parts()[0] else {
        panic!("expected text")
    };
    let text = text.strip_suffix("\"]").expect("a last argument");
    text[text.len() - 16..].to_owned()
}
