//! Answers that are waited for: who owes them, and where they arrive.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::cluster::Question;
use crate::sync::lock;
use crate::{AckError, Args, EmitError};

/// The answers that one socket owes, by the id that they will carry.
#[derive(Debug)]
pub(crate) struct AckTable(Mutex<Debts>);

#[derive(Debug)]
struct Debts {
    open: bool,
    waiting: HashMap<u64, Arc<Mailbox>>,
}

impl AckTable {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Debts {
            open: true,
            waiting: HashMap::new(),
        }))
    }

    /// Takes an answer. One that nobody waits for, or waits for no more, is
    /// ignored: `false`.
    pub(crate) fn resolve(&self, id: u64, args: Args) -> bool {
        let mailbox = lock(&self.0).waiting.remove(&id);
        match &mailbox {
            Some(mailbox) => mailbox.settle(Some(args)),
            None => tracing::debug!(id, "answer to no question"),
        }
        mailbox.is_some()
    }

    /// The socket left: it answers nothing any more.
    pub(crate) fn close(&self) {
        let waiting = {
            let mut debts = lock(&self.0);
            debts.open = false;
            std::mem::take(&mut debts.waiting)
        };
        for mailbox in waiting.into_values() {
            mailbox.settle(None);
        }
    }

    /// Answers that are waited for.
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).waiting.len()
    }

    fn expect(&self, id: u64, mailbox: &Arc<Mailbox>) -> bool {
        let mut debts = lock(&self.0);
        if debts.open {
            debts.waiting.insert(id, mailbox.clone());
        }
        debts.open
    }

    fn forget(&self, id: u64) -> bool {
        // Dropped when the lock is free: in it is the waker of whoever waits.
        let mailbox = lock(&self.0).waiting.remove(&id);
        mailbox.is_some()
    }
}

/// An event on its way to one or more sockets, and their answers on the way
/// back. Dropping it frees what the sockets keep for it.
#[derive(Debug)]
pub(crate) struct Pending {
    id: u64,
    mailbox: Arc<Mailbox>,
    /// What other nodes are asked.
    question: Option<Question>,
    tables: Vec<Arc<AckTable>>,
}

impl Pending {
    pub(crate) fn new(id: u64) -> Self {
        Self {
            id,
            mailbox: Arc::default(),
            question: None,
            tables: Vec::new(),
        }
    }

    /// Whether a socket of this node was asked.
    pub(crate) fn is_asking(&self) -> bool {
        !self.tables.is_empty()
    }

    /// Waits for what other nodes answer, too. `ask` is given where their
    /// answers arrive.
    pub(crate) fn ask_nodes(&mut self, ask: impl FnOnce(&Arc<Mailbox>) -> Question) {
        self.question = Some(ask(&self.mailbox));
    }

    /// The next answer; `None` when nobody is left who owes one.
    pub(crate) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Args>> {
        self.mailbox.poll_next(cx)
    }

    /// Sends the event to one more socket, and waits for its answer if it was
    /// sent. The answer is expected before it can possibly come.
    pub(crate) fn ask(
        &mut self,
        table: &Arc<AckTable>,
        send: impl FnOnce() -> Result<(), EmitError>,
    ) -> Result<(), EmitError> {
        self.mailbox.expect_one();
        if !table.expect(self.id, &self.mailbox) {
            self.mailbox.settle(None);
            return Err(EmitError::NotConnected);
        }
        let sent = send();
        if sent.is_ok() {
            self.tables.push(table.clone());
        } else if table.forget(self.id) {
            self.mailbox.settle(None);
        }
        sent
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        for table in &self.tables {
            table.forget(self.id);
        }
    }
}

/// Where answers arrive.
#[derive(Debug, Default)]
pub(crate) struct Mailbox(Mutex<Post>);

#[derive(Debug, Default)]
struct Post {
    arrived: VecDeque<Args>,
    outstanding: usize,
    waker: Option<Waker>,
}

impl Mailbox {
    /// One more to wait for.
    pub(crate) fn expect_one(&self) {
        lock(&self.0).outstanding += 1;
    }

    /// An answer of those of whom there may be more.
    pub(crate) fn push(&self, answer: Args) {
        self.take(0, Some(answer));
    }

    /// One less to wait for: it answered, or it never will.
    pub(crate) fn settle(&self, answer: Option<Args>) {
        self.take(1, answer);
    }

    fn take(&self, settled: usize, answer: Option<Args>) {
        let waker = {
            let mut post = lock(&self.0);
            post.outstanding -= settled;
            post.arrived.extend(answer);
            post.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Args>> {
        // Wakers are cloned before the lock is taken and dropped after it, as
        // both can run anything.
        let mut waker = Some(cx.waker().clone());
        let mut post = lock(&self.0);
        if let Some(args) = post.arrived.pop_front() {
            return Poll::Ready(Some(args));
        }
        if post.outstanding == 0 {
            return Poll::Ready(None);
        }
        std::mem::swap(&mut post.waker, &mut waker);
        drop(post);
        Poll::Pending
    }
}

/// The error of an event that was not sent, for the one who waits for an answer.
pub(crate) fn take_error(error: &mut Option<EmitError>) -> AckError {
    let error = error
        .take()
        .expect("a future is not polled after it is ready");
    AckError::Emit(error)
}

/// Until when answers are waited for. Its timer is made when somebody does, so
/// that an event can be sent outside of a runtime.
#[derive(Debug, Default)]
pub(crate) struct Deadline {
    /// `None`: for ever.
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        Self {
            at: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            timer: None,
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::{Replies, Request};

    #[test]
    fn a_request_takes_the_answer_to_its_event() {
        let table = Arc::new(AckTable::new());
        let mut request = request(&table, 7);
        assert!((&mut request).now_or_never().is_none());
        table.resolve(6, Args::default());
        assert!((&mut request).now_or_never().is_none());
        table.resolve(7, Args::default());
        table.resolve(7, Args::default());
        assert!(request.now_or_never().expect("it is answered").is_ok());
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_request_ends_when_its_socket_leaves() {
        let table = Arc::new(AckTable::new());
        let waiting = request(&table, 0);
        table.close();
        let late = request(&table, 1);
        let outcome = waiting.now_or_never().expect("the socket left");
        assert!(matches!(outcome, Err(AckError::Disconnected)));
        let outcome = late.now_or_never().expect("the socket left");
        assert!(matches!(
            outcome,
            Err(AckError::Emit(EmitError::NotConnected))
        ));
    }

    #[test]
    fn an_event_that_was_not_sent_is_not_waited_for() {
        let table = Arc::new(AckTable::new());
        let mut pending = Pending::new(0);
        let sent = pending.ask(&table, || Err(EmitError::NotConnected));
        assert!(sent.is_err());
        assert_eq!(table.len(), 0);
        let none = Replies::<Args>::new(Ok(pending)).collect().now_or_never();
        assert!(none.is_some_and(|none| none.is_ok()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_times_out_leaves_nothing_behind() {
        let table = Arc::new(AckTable::new());
        let outcome = request(&table, 0).timeout(Duration::from_secs(1)).await;
        assert!(matches!(outcome, Err(AckError::Timeout)));
        assert_eq!(table.len(), 0);
        drop(request(&table, 1));
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_question_may_be_asked_outside_of_a_runtime() {
        let table = Arc::new(AckTable::new());
        let request = request(&table, 0).timeout(Duration::from_secs(1));
        table.resolve(0, Args::default());
        assert!(request.now_or_never().is_some_and(|answer| answer.is_ok()));
    }

    #[test]
    fn a_broadcast_does_not_wait_for_who_leaves() {
        let tables = [(); 3].map(|()| Arc::new(AckTable::new()));
        let mut replies = broadcast(&tables);
        tables[2].resolve(5, Args::default());
        assert!(matches!(replies.next().now_or_never(), Some(Some(Ok(_)))));
        tables[0].close();
        assert!(replies.next().now_or_never().is_none());
        tables[1].resolve(5, Args::default());
        let rest = replies
            .collect()
            .now_or_never()
            .expect("all have answered or left");
        assert_eq!(rest.map(|rest| rest.len()).ok(), Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_broadcast_that_times_out_gives_what_came() {
        let tables = [(); 3].map(|()| Arc::new(AckTable::new()));
        let replies = broadcast(&tables).timeout(Duration::from_secs(1));
        tables[1].resolve(5, Args::default());
        let incomplete = replies.collect().await.expect_err("two are missing");
        assert!(matches!(incomplete.error, AckError::Timeout));
        assert_eq!(incomplete.replies.len(), 1);
        assert!(tables.iter().all(|table| table.len() == 0));
    }

    #[test]
    fn a_broadcast_to_nobody_ends_at_once() {
        let replies = broadcast(&[]);
        let none = replies
            .collect()
            .now_or_never()
            .expect("there is nobody to wait for");
        assert!(none.is_ok_and(|none| none.is_empty()));
    }

    fn request(table: &Arc<AckTable>, id: u64) -> Request<Args> {
        let mut pending = Pending::new(id);
        let sent = pending.ask(table, || Ok(()));
        Request::new(sent.map(|()| pending))
    }

    fn broadcast(tables: &[Arc<AckTable>]) -> Replies<Args> {
        let mut pending = Pending::new(5);
        for table in tables {
            pending.ask(table, || Ok(())).expect("the table is open");
        }
        Replies::new(Ok(pending))
    }
}
