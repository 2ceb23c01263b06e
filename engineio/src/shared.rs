//! A session behind its lock, and who waits for what on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytestring::ByteString;
use tracing::Span;

use crate::figures::Figures;
use crate::websocket::connection::Connection;
use crate::{Handshake, Packet, Payload, ProbeId, Session, Sid, Transport};

/// What the tasks of one session share.
///
/// The lock is held for statements, never across an await, and neither user
/// code nor a wake-up runs under it.
pub(crate) struct Shared {
    sid: Sid,
    handshake: Arc<Handshake>,
    figures: Figures,
    /// What is logged about the session is logged in it.
    span: Span,
    state: Mutex<State>,
}

struct State {
    session: Session,
    /// The upgraded websocket, on its way to the session's task.
    handover: Option<Box<Connection>>,
    task: Option<Parked>,
    recv: Wakers,
    /// The GET that waits.
    poll: Option<Waker>,
    /// The POST whose body is being read.
    body: Option<Waker>,
    /// The POST that waits for room in the inbox.
    room: Option<Waker>,
    /// The candidate of an upgrade.
    probe: Option<(ProbeId, Waker)>,
    ready: Wakers,
}

/// Those who wait for the same. There is hardly ever more than one, who takes no
/// memory beside.
#[derive(Default)]
struct Wakers {
    first: Option<Waker>,
    more: Vec<Waker>,
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
    /// The session was closed when the application ran last.
    pub(crate) saw_close: bool,
}

/// The current time, by tokio's clock, which tests can pause.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl Shared {
    pub(crate) fn new(session: Session, handshake: Arc<Handshake>, figures: Figures) -> Self {
        figures.charged(0, session.buffered());
        let sid = session.sid().clone();
        Self {
            span: tracing::debug_span!("session", %sid),
            sid,
            handshake,
            figures,
            state: Mutex::new(State {
                session,
                handover: None,
                task: None,
                recv: Wakers::default(),
                poll: None,
                body: None,
                room: None,
                probe: None,
                ready: Wakers::default(),
            }),
        }
    }

    pub(crate) fn sid(&self) -> &Sid {
        &self.sid
    }

    pub(crate) fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.figures
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(crate) fn read<R>(&self, f: impl FnOnce(&Session) -> R) -> R {
        f(&self.lock().session)
    }

    /// Gives the session an input, then wakes whoever waited for its outcome.
    pub(crate) fn update<R>(&self, f: impl FnOnce(&mut Session, Instant) -> R) -> R {
        self.change(|state, now| f(&mut state.session, now))
    }

    /// As [`update`](Self::update), from the session's own task just before it
    /// runs the application: what that waits for need not wake the task again.
    pub(crate) fn update_before_application<R>(
        &self,
        cx: &Context<'_>,
        f: impl FnOnce(&mut Session, Instant) -> R,
    ) -> R {
        self.change_as(Some(cx.waker()), |state| f(&mut state.session, now()))
            .0
    }

    /// Gives the session something to send, and leaves it to the caller to wake
    /// whom that concerns. What is sent does not depend on the time.
    pub(crate) fn send_quietly<R>(&self, f: impl FnOnce(&mut Session) -> R) -> (R, Wake) {
        self.change_as(None, |state| f(&mut state.session))
    }

    /// Lets the application take an event; what it takes may make room.
    pub(crate) fn poll_recv<T>(
        &self,
        cx: &mut Context<'_>,
        f: impl FnOnce(&mut Session, Instant) -> Poll<T>,
    ) -> Poll<T> {
        self.change(|state, now| {
            let result = f(&mut state.session, now);
            if result.is_pending() {
                state.recv.add(cx);
            }
            result
        })
    }

    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.lock();
        if !state.session.is_open() {
            return Poll::Ready(false);
        }
        if state.session.is_ready() {
            return Poll::Ready(true);
        }
        state.ready.add(cx);
        Poll::Pending
    }

    /// The answer to the GET that waits.
    pub(crate) fn poll_payload(&self, cx: &mut Context<'_>) -> Poll<Payload> {
        // Outlives the lock, as whatever a waker drops may call back.
        let mut replaced = None;
        let payload = self.change(|state, _| {
            let payload = state.session.poll_payload();
            if payload.is_none() {
                replaced = state.poll.replace(cx.waker().clone());
            }
            payload
        });
        payload.map_or(Poll::Pending, Poll::Ready)
    }

    /// Ready once there is room in the inbox, or nobody takes from it any more.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.has_room() {
            return Poll::Ready(());
        }
        let replaced = state.room.replace(cx.waker().clone());
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// Ready once no POST can bring anything: the session is closed, or on
    /// another transport.
    pub(crate) fn poll_not_polling(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.is_not_polling() {
            return Poll::Ready(());
        }
        let replaced = state.body.replace(cx.waker().clone());
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// Ready once the upgrade is given up or its session closed.
    pub(crate) fn poll_probe_over(&self, cx: &mut Context<'_>, id: ProbeId) -> Poll<()> {
        let mut state = self.lock();
        if !state.session.is_probing(id) {
            return Poll::Ready(());
        }
        let replaced = state.probe.replace((id, cx.waker().clone()));
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// Makes the candidate that sent `5` the session's transport. It comes back
    /// if it was given up meanwhile.
    ///
    /// The decision and the hand-over are one step: a session that ends after
    /// it has its websocket to end as well.
    pub(crate) fn hand_over(
        &self,
        id: ProbeId,
        connection: Box<Connection>,
    ) -> Result<(), Box<Connection>> {
        let revision = connection.revision();
        let (result, wake) = self.change_quietly(|state, now| {
            let upgrade = Packet::Upgrade(ByteString::new());
            match state.session.handle_probe(id, &upgrade, now) {
                Ok(_) => {
                    state.handover = Some(connection);
                    Ok(())
                }
                Err(_) => Err(connection),
            }
        });
        // Before the session's task hears of it, and may end the session.
        if result.is_ok() {
            self.figures.upgraded(revision);
            tracing::debug!("session upgraded");
        }
        drop(wake);
        result
    }

    pub(crate) fn take_handover(&self) -> Option<Box<Connection>> {
        self.lock().handover.take()
    }

    /// The session's task runs: until it parks again it sees for itself what
    /// there is to do, and need not be woken.
    pub(crate) fn unpark(&self) {
        // Outlives the lock, as whatever a waker drops may call back.
        let _parked = self.lock().task.take();
    }

    /// Parks the session's task, unless there is something for it to do. The
    /// check and the waker are one step, so that nothing slips between them.
    pub(crate) fn park(&self, parked: Parked) -> bool {
        let mut state = self.lock();
        if parked.is_called_for(&state) {
            return false;
        }
        let replaced = state.task.replace(parked);
        drop(state);
        drop(replaced);
        true
    }

    /// Changes the state, then wakes those for whom there is something.
    ///
    /// The clock is read under the lock, so that a session never sees it go
    /// back; what is replaced or discarded is dropped after it.
    fn change<R>(&self, f: impl FnOnce(&mut State, Instant) -> R) -> R {
        let (result, wake) = self.change_quietly(f);
        drop(wake);
        result
    }

    fn change_quietly<R>(&self, f: impl FnOnce(&mut State, Instant) -> R) -> (R, Wake) {
        self.change_as(None, |state| f(state, now()))
    }

    /// As `change_quietly`, without the time, and by a task that will look for
    /// events itself, if there is one.
    fn change_as<R>(&self, own: Option<&Waker>, f: impl FnOnce(&mut State) -> R) -> (R, Wake) {
        let mut state = self.lock();
        let before = state.session.buffered();
        let result = f(&mut state);
        let due = state.take_due(own);
        let after = state.session.buffered();
        drop(state);
        self.figures.charged(before, after);
        (result, Wake(due))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // What a task that did not come to its end has left.
        let state = self.state.get_mut();
        let session = &state.unwrap_or_else(PoisonError::into_inner).session;
        self.figures.charged(session.buffered(), 0);
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
    fn has_room(&self) -> bool {
        !self.session.is_inbox_full() || self.session.close_reason().is_some()
    }

    fn is_not_polling(&self) -> bool {
        self.session.close_reason().is_some() || self.session.transport() != Transport::Polling
    }

    /// Takes the wakers of those for whom there is something now. An event is none
    /// for `own`, who stays.
    fn take_due(&mut self, own: Option<&Waker>) -> Option<Due> {
        let is_task_due = self
            .task
            .as_ref()
            .is_some_and(|parked| parked.is_called_for(self));
        let session = &self.session;
        let is_probe_due = self
            .probe
            .as_ref()
            .is_some_and(|(id, _)| !session.is_probing(*id));
        let is_poll_due = self.poll.is_some() && session.has_payload();
        let is_body_due = self.body.is_some() && self.is_not_polling();
        let is_room_due = self.room.is_some() && self.has_room();
        let is_recv_due = self.recv.has_other_than(own) && session.has_events();
        let is_ready_due =
            self.ready.has_other_than(None) && (session.is_ready() || !session.is_open());
        // Most changes concern nobody else.
        if !(is_task_due
            || is_probe_due
            || is_poll_due
            || is_body_due
            || is_room_due
            || is_recv_due
            || is_ready_due
            || session.has_discarded())
        {
            return None;
        }
        Some(Due {
            one: [
                self.task
                    .take_if(|_| is_task_due)
                    .map(|parked| parked.waker),
                self.poll.take_if(|_| is_poll_due),
                self.body.take_if(|_| is_body_due),
                self.room.take_if(|_| is_room_due),
                self.probe.take_if(|_| is_probe_due).map(|(_, waker)| waker),
            ],
            recv: self.recv.take_if(is_recv_due),
            ready: self.ready.take_if(is_ready_due),
            _discarded: self.session.take_discarded(),
        })
    }
}

/// Those to wake, and what to drop, once the lock is released.
struct Due {
    one: [Option<Waker>; 5],
    recv: Wakers,
    ready: Wakers,
    _discarded: Vec<Packet>,
}

impl Due {
    fn wake(self) {
        self.one
            .into_iter()
            .flatten()
            .chain(self.recv.first)
            .chain(self.recv.more)
            .chain(self.ready.first)
            .chain(self.ready.more)
            .for_each(Waker::wake);
    }
}

/// Those who wait for what was just queued, see
/// [`Socket::queue`](crate::Socket::queue). Dropping it wakes them.
///
/// ```
/// # use engineio::{Class, Message, SendError, Socket, Wake};
/// /// The caller drops the wake when its locks are free.
/// fn queue(socket: &Socket, text: &str) -> Result<Wake, SendError> {
///     let (queued, wake) = socket.queue(&[Message::from(text)], Class::Reliable);
///     queued.map(|()| wake)
/// }
/// ```
#[must_use = "it wakes when it is dropped, which is to be after the caller's locks are free"]
pub struct Wake(Option<Due>);

impl Drop for Wake {
    fn drop(&mut self) {
        if let Some(due) = self.0.take() {
            due.wake();
        }
    }
}

impl std::fmt::Debug for Wake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wake").finish_non_exhaustive()
    }
}

impl Wakers {
    fn add(&mut self, cx: &Context<'_>) {
        let mut all = self.first.iter().chain(&self.more);
        if all.any(|waker| waker.will_wake(cx.waker())) {
            return;
        }
        match &self.first {
            None => self.first = Some(cx.waker().clone()),
            Some(_) => self.more.push(cx.waker().clone()),
        }
    }

    /// Whether somebody waits, other than `own` alone.
    fn has_other_than(&self, own: Option<&Waker>) -> bool {
        let is_own = |waker: &Waker| own.is_some_and(|own| waker.will_wake(own));
        !self.more.is_empty() || self.first.as_ref().is_some_and(|first| !is_own(first))
    }

    fn take_if(&mut self, is_due: bool) -> Self {
        match is_due {
            true => std::mem::take(self),
            false => Self::default(),
        }
    }
}
