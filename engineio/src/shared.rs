//! A session behind its lock, and who waits for what on it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::websocket::connection::Connection;
use crate::{Handshake, Payload, ProbeId, Session, Sid};

/// What the tasks of one session share.
///
/// The lock is held for statements, never across an await, and neither user
/// code nor a wake-up runs under it.
pub(crate) struct Shared {
    sid: Sid,
    handshake: Handshake,
    state: Mutex<State>,
}

struct State {
    session: Session,
    /// The upgraded websocket, on its way to the session's task.
    handover: Option<Connection>,
    task: Option<Parked>,
    recv: Option<Waker>,
    /// The GET that waits.
    poll: Option<Waker>,
    /// The POST under way: it waits for room in the inbox, or for its body.
    push: Option<Waker>,
    /// The candidate of an upgrade.
    probe: Option<Waker>,
    ready: Vec<Waker>,
}

/// The session's task while it sleeps, and what it was told then.
pub(crate) struct Parked {
    pub(crate) waker: Waker,
    /// When it wakes by itself.
    pub(crate) deadline: Option<Instant>,
    /// It does not read, since the inbox is full.
    pub(crate) is_paused: bool,
    /// It waits for the connection to take more.
    pub(crate) is_blocked: bool,
    /// It has seen that the session is closed.
    pub(crate) saw_close: bool,
}

/// The current time, by tokio's clock, which tests can pause.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl Shared {
    pub(crate) fn new(session: Session, handshake: Handshake) -> Self {
        Self {
            sid: session.sid().clone(),
            handshake,
            state: Mutex::new(State {
                session,
                handover: None,
                task: None,
                recv: None,
                poll: None,
                push: None,
                probe: None,
                ready: Vec::new(),
            }),
        }
    }

    pub(crate) fn sid(&self) -> &Sid {
        &self.sid
    }

    pub(crate) fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    pub(crate) fn read<R>(&self, f: impl FnOnce(&Session) -> R) -> R {
        f(&self.lock().session)
    }

    /// Gives the session an input, then wakes whoever waited for its outcome.
    pub(crate) fn update<R>(&self, f: impl FnOnce(&mut Session, Instant) -> R) -> R {
        let now = now();
        let mut state = self.lock();
        let result = f(&mut state.session, now);
        let due = state.take_due();
        drop(state);
        due.wake();
        result
    }

    /// Lets the application take an event; what it takes may make room.
    pub(crate) fn poll_recv<T>(
        &self,
        cx: &mut Context<'_>,
        f: impl FnOnce(&mut Session) -> Poll<T>,
    ) -> Poll<T> {
        let mut state = self.lock();
        let result = f(&mut state.session);
        if result.is_pending() {
            store(&mut state.recv, cx);
        }
        let due = state.take_due();
        drop(state);
        due.wake();
        result
    }

    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.lock();
        if !state.session.is_open() {
            return Poll::Ready(false);
        }
        if state.session.is_ready() {
            return Poll::Ready(true);
        }
        if !state.ready.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.ready.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// The answer to the GET that waits.
    pub(crate) fn poll_payload(&self, cx: &mut Context<'_>) -> Poll<Payload> {
        let mut state = self.lock();
        let payload = state.session.poll_payload();
        if payload.is_none() {
            store(&mut state.poll, cx);
        }
        let due = state.take_due();
        drop(state);
        due.wake();
        payload.map_or(Poll::Pending, Poll::Ready)
    }

    /// Ready once the POST under way has no reason to wait: there is room in
    /// the inbox, or nobody will take from it any more.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if !state.session.is_inbox_full() || state.session.close_reason().is_some() {
            return Poll::Ready(());
        }
        store(&mut state.push, cx);
        Poll::Pending
    }

    /// Ready once the session is closed, which ends the POST under way.
    pub(crate) fn poll_push_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.session.close_reason().is_some() {
            return Poll::Ready(());
        }
        store(&mut state.push, cx);
        Poll::Pending
    }

    /// Ready once the upgrade is given up or its session closed.
    pub(crate) fn poll_probe_over(&self, cx: &mut Context<'_>, id: ProbeId) -> Poll<()> {
        let mut state = self.lock();
        if !state.session.is_probing(id) {
            return Poll::Ready(());
        }
        store(&mut state.probe, cx);
        Poll::Pending
    }

    /// Gives the session's task its websocket.
    pub(crate) fn hand_over(&self, connection: Connection) {
        let mut state = self.lock();
        state.handover = Some(connection);
        let due = state.take_due();
        drop(state);
        due.wake();
    }

    pub(crate) fn take_handover(&self) -> Option<Connection> {
        self.lock().handover.take()
    }

    /// Parks the session's task, unless there is something for it to do. The
    /// check and the waker are one step, so that nothing slips between them.
    pub(crate) fn park(&self, parked: Parked) -> bool {
        let mut state = self.lock();
        if parked.is_called_for(&state) {
            return false;
        }
        state.task = Some(parked);
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parked {
    fn is_called_for(&self, state: &State) -> bool {
        let session = &state.session;
        state.handover.is_some()
            || (session.has_transmit() && !self.is_blocked)
            || (self.is_paused && !session.is_inbox_full())
            || (session.close_reason().is_some() && !self.saw_close)
            || match (session.poll_timeout(), self.deadline) {
                (Some(due), Some(armed)) => due < armed,
                (Some(_), None) => true,
                (None, _) => false,
            }
    }
}

impl State {
    /// Takes the wakers of those for whom there is something now.
    fn take_due(&mut self) -> Due {
        let session = &self.session;
        let is_closed = session.close_reason().is_some();
        let take = |waker: &mut Option<Waker>, is_due: bool| {
            if is_due { waker.take() } else { None }
        };
        let is_task_due = self
            .task
            .as_ref()
            .is_some_and(|parked| parked.is_called_for(self));
        let task = if is_task_due { self.task.take() } else { None };
        Due {
            task: task.map(|parked| parked.waker),
            recv: take(&mut self.recv, session.has_events()),
            poll: take(&mut self.poll, session.has_payload()),
            push: take(&mut self.push, !session.is_inbox_full() || is_closed),
            probe: take(&mut self.probe, !session.is_upgrading()),
            ready: if session.is_ready() || !session.is_open() {
                std::mem::take(&mut self.ready)
            } else {
                Vec::new()
            },
        }
    }
}

/// Those to wake once the lock is released.
struct Due {
    task: Option<Waker>,
    recv: Option<Waker>,
    poll: Option<Waker>,
    push: Option<Waker>,
    probe: Option<Waker>,
    ready: Vec<Waker>,
}

impl Due {
    fn wake(self) {
        let Self {
            task,
            recv,
            poll,
            push,
            probe,
            ready,
        } = self;
        [task, recv, poll, push, probe]
            .into_iter()
            .flatten()
            .chain(ready)
            .for_each(Waker::wake);
    }
}

fn store(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}
