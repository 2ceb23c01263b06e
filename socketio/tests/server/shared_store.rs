//! A store for recovery that servers share: made of what is public, and of text, as
//! one that is elsewhere.

use std::collections::{BTreeMap, HashSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use socketio::{Absentee, Audience, Encoded, KeptEvent, KeptSession, RecoveryStore};
use tokio::sync::Notify;
use tokio::time::timeout;

/// What the servers share.
#[derive(Debug, Default)]
pub(crate) struct SharedStore {
    /// Told when a log has grown.
    grown: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    fault: Option<Fault>,
    /// How often it was asked for a session.
    restores: usize,
    /// The log of each server.
    logs: Vec<Log>,
    /// What was written of sessions, by their pids.
    sessions: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Log {
    entries: Vec<Entry>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    /// Whether other servers have it as well.
    is_common: bool,
    /// The same wherever the event is kept.
    key: String,
    nsp: String,
    offset: String,
    text: String,
}

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    Fails,
    /// It panics when it is to keep an event.
    Full,
    Hangs,
    /// It gives what is no offset.
    Miscounts,
    Panics,
}

impl SharedStore {
    /// The end of one more server.
    pub(crate) fn handle(self: &Arc<Self>) -> Arc<Handle> {
        let mut state = self.lock();
        state.logs.push(Log::default());
        Arc::new(Handle {
            number: state.logs.len() - 1,
            store: self.clone(),
        })
    }

    pub(crate) fn breaks(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    pub(crate) fn restores(&self) -> usize {
        self.lock().restores
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|state| state.into_inner())
    }
}

/// One server's end of the store.
#[derive(Debug)]
pub(crate) struct Handle {
    number: usize,
    store: Arc<SharedStore>,
}

impl Handle {
    /// The state, unless something is wrong with it.
    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.store.lock();
        if state.fault == Some(Fault::Panics) {
            drop(state);
            panic!("the store is broken");
        }
        state
    }

    /// Waits until this server has all that a client has.
    async fn catch_up(&self, nsp: &str, offset: &str) -> Option<()> {
        loop {
            let grown = self.store.grown.notified();
            if self.state().has_seen(self.number, nsp, offset)? {
                return Some(());
            }
            grown.await;
        }
    }
}

impl RecoveryStore for Handle {
    fn next_offset(&self, _nsp: &str) -> String {
        let mut state = self.state();
        match state.fault {
            Some(Fault::Miscounts) => "none".to_owned(),
            _ => state.next_offset(self.number),
        }
    }

    fn append(&self, event: KeptEvent, _now: Instant) {
        let mut state = self.state();
        assert_ne!(state.fault, Some(Fault::Full), "the store is full");
        if state.fault.is_none() {
            state.append(self.number, &event, None);
        }
    }

    fn persist(&self, session: KeptSession, _now: Instant) {
        let text = serde_json::to_string(&session).expect("it can be written");
        let mut state = self.state();
        let pid = session.pid().to_owned();
        state.sessions.insert(pid, text);
    }

    fn restore<'a>(
        &'a self,
        nsp: &'a str,
        pid: &'a str,
        offset: &'a str,
        _now: Instant,
    ) -> Pin<Box<dyn Future<Output = Option<KeptSession>> + Send + 'a>> {
        Box::pin(async move {
            self.store.lock().restores += 1;
            // As if it asked elsewhere.
            tokio::task::yield_now().await;
            let fault = self.store.lock().fault;
            match fault {
                Some(Fault::Hangs) => std::future::pending().await,
                Some(Fault::Fails) => return None,
                _ => {}
            }
            let is_known = timeout(PATIENCE, self.catch_up(nsp, offset)).await;
            let mut state = self.state();
            let session = state.take(nsp, pid)?;
            is_known.ok()??;
            let earlier = state.earlier(self.number, &session, offset);
            Some(session.with_earlier(earlier))
        })
    }

    fn missed(&self, who: &Absentee<'_>, _now: Instant) -> Option<Vec<Encoded>> {
        let mut state = self.state();
        let is_own = handle_of(who.offset)? == self.number;
        let rooms = who.rooms.iter().map(|room| &**room).collect();
        let before = state.keys_up_to(who.nsp, who.since);
        let is_for_it = |key: &String, event: &KeptEvent| {
            !before.contains(key) && event.audience().includes(who.sid, &rooms)
        };
        let has: HashSet<_> = state
            .entries(self.number, who.nsp)
            .map(|e| &*e.key)
            .collect();
        let mut given = HashSet::new();
        let mut earlier: Vec<_> = who
            .earlier
            .iter()
            .map(|event| (state.key(event.offset()), event.clone(), true))
            .filter(|(key, event, _)| event.id().is_none() || has.contains(&**key))
            .filter(|(key, event, _)| is_for_it(key, event) && given.insert(key.clone()))
            .collect();
        // At its own server a client has an offset for what is here.
        let seen = match is_own {
            true => HashSet::new(),
            false => state.keys_up_to(who.nsp, who.offset),
        };
        let own = state.entries(self.number, who.nsp).filter_map(|entry| {
            let event = entry.event();
            let is_meant = match is_own {
                true => *entry.offset > *who.offset,
                false => entry.is_common,
            };
            let is_missed = is_meant && !seen.contains(&entry.key) && is_for_it(&entry.key, &event);
            is_missed.then(|| (entry.key.clone(), event, !is_own))
        });
        let own = own
            .filter(|(key, ..)| given.insert(key.clone()))
            .collect::<Vec<_>>();
        // What it has offsets for already comes first, so that they rise.
        let found = match is_own {
            true => own.into_iter().chain(earlier).collect::<Vec<_>>(),
            false => {
                earlier.extend(own);
                earlier
            }
        };
        let sent = found.into_iter().map(|(key, event, is_copied)| {
            if !is_copied {
                return event.packet().clone();
            }
            let offset = state.next_offset(self.number);
            let event = event.for_socket(who.sid, &offset);
            state.append(self.number, &event, Some(key));
            event.packet().clone()
        });
        Some(sent.collect())
    }

    fn forget(&self, nsp: &str, who: &Audience) -> Vec<KeptSession> {
        let mut forgotten = Vec::new();
        self.state().sessions.retain(|_, text| {
            let session = read(text);
            let rooms = session.rooms().iter().map(|room| &**room).collect();
            let is_meant = session.nsp() == nsp && who.includes(session.sid(), &rooms);
            if is_meant {
                forgotten.push(session);
            }
            !is_meant
        });
        forgotten
    }

    fn sweep(&self, _now: Instant) {
        self.store.grown.notify_waiters();
    }

    /// It keeps nothing here.
    fn close(&self) {}
}

impl State {
    fn next_offset(&mut self, handle: usize) -> String {
        let next = &mut self.logs[handle].next;
        *next += 1;
        format!("{handle:04x}{next:012x}")
    }

    fn append(&mut self, handle: usize, event: &KeptEvent, key: Option<String>) {
        let own = || match event.id() {
            Some(id) => format!("{}/{}", id.node, id.number),
            None => event.offset().to_owned(),
        };
        self.logs[handle].entries.push(Entry {
            is_common: event.id().is_some(),
            key: key.unwrap_or_else(own),
            nsp: event.nsp().to_owned(),
            offset: event.offset().to_owned(),
            text: serde_json::to_string(event).expect("it can be written"),
        });
    }

    /// The log of a server, as far as it is about a namespace.
    fn entries<'a>(&'a self, handle: usize, nsp: &'a str) -> impl Iterator<Item = &'a Entry> {
        let entries = self.logs[handle].entries.iter();
        entries.filter(move |entry| entry.nsp == nsp)
    }

    fn keys_up_to(&self, nsp: &str, offset: &str) -> HashSet<String> {
        let Some(handle) = handle_of(offset) else {
            return HashSet::new();
        };
        let entries = self.entries(handle, nsp);
        let until = entries.take_while(|entry| *entry.offset <= *offset);
        until.map(|entry| entry.key.clone()).collect()
    }

    fn key(&self, offset: &str) -> String {
        let handle = handle_of(offset).expect("an offset");
        let mut entries = self.logs[handle].entries.iter();
        let entry = entries.find(|entry| entry.offset == offset);
        entry.expect("an entry").key.clone()
    }

    /// Whether a server has all common events up to an offset of another. `None` if
    /// that is not known.
    fn has_seen(&self, handle: usize, nsp: &str, offset: &str) -> Option<bool> {
        let other = handle_of(offset).filter(|other| *other < self.logs.len())?;
        let has: HashSet<_> = self.entries(handle, nsp).map(|entry| &entry.key).collect();
        let mut until = self.entries(other, nsp).filter(|e| *e.offset <= *offset);
        Some(until.all(|entry| !entry.is_common || has.contains(&entry.key)))
    }

    fn take(&mut self, nsp: &str, pid: &str) -> Option<KeptSession> {
        let session = read(self.sessions.get(pid)?);
        (session.nsp() == nsp).then(|| self.sessions.remove(pid))?;
        Some(session)
    }

    /// What others than this server have for a client.
    fn earlier(&self, handle: usize, session: &KeptSession, offset: &str) -> Vec<KeptEvent> {
        let mut earlier = Vec::new();
        let other = handle_of(offset).expect("it was seen");
        if other != handle {
            let entries = self.entries(other, session.nsp());
            let behind = entries.filter(|entry| *entry.offset > *offset);
            earlier.extend(behind.map(Entry::event));
        }
        let entered = session.entered();
        let last = handle_of(entered).expect("it was there");
        if last != other {
            let entries = self.entries(last, session.nsp());
            let events = entries
                .filter(|entry| *entry.offset > *entered)
                .map(Entry::event);
            earlier.extend(events.filter(|e| e.audience().socket() == Some(session.sid())));
        }
        earlier
    }
}

impl Entry {
    fn event(&self) -> KeptEvent {
        serde_json::from_str(&self.text).expect("it was written")
    }
}

fn read(text: &str) -> KeptSession {
    serde_json::from_str(text).expect("it was written")
}

/// The server that gave an offset.
fn handle_of(offset: &str) -> Option<usize> {
    usize::from_str_radix(offset.get(..4)?, 16).ok()
}

/// How long one server is waited for by another.
const PATIENCE: Duration = Duration::from_secs(2);
