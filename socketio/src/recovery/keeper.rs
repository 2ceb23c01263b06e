//! A store, whose panics are nobody else's.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::time::timeout;

use super::{Absentee, Audience, Claim, KeptEvent, KeptSession, RecoveryStatus, RecoveryStore};
use crate::Encoded;
use crate::proto::draft::is_offset;
use crate::sync::lock;
use crate::unwind::discard;

/// A store, whose panics are nobody else's.
#[derive(Clone)]
pub(crate) struct Keeper {
    faults: Arc<Faults>,
    store: Arc<dyn RecoveryStore>,
}

/// What went wrong with a store. It is told behind the turn, since who logs may emit.
#[derive(Default)]
struct Faults {
    /// Whether there is something that was not told, or not dropped.
    is_new: AtomicBool,
    state: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    count: u64,
    is_due: bool,
    panics: Vec<Box<dyn Any + Send>>,
}

impl Keeper {
    pub(super) fn new(store: Arc<dyn RecoveryStore>) -> Self {
        Self {
            faults: Arc::default(),
            store,
        }
    }

    /// `None` if the store does not give one.
    pub(super) fn next_offset(&self, nsp: &str) -> Option<String> {
        let offset = self.call(|store| store.next_offset(nsp))?;
        let is_good = is_offset(&offset);
        if !is_good {
            self.faults.note(None);
        }
        is_good.then_some(offset)
    }

    /// `None` if it may not be kept.
    pub(super) fn append(&self, event: KeptEvent, now: Instant) -> Option<()> {
        self.call(|store| store.append(event, now))
    }

    pub(super) fn persist(&self, session: KeptSession, now: Instant) {
        // Who is not kept is new.
        let _ = self.call(|store| store.persist(session, now));
    }

    /// Who is kept waiting for too long is new.
    pub(super) async fn restore(
        &self,
        nsp: &str,
        claim: &Claim,
        now: Instant,
        limit: Duration,
    ) -> Option<KeptSession> {
        let restore = async {
            self.store
                .restore(nsp, &claim.pid, &claim.offset, now)
                .await
        };
        let restore = AssertUnwindSafe(restore).catch_unwind();
        match timeout(limit, restore).await {
            Ok(Ok(session)) => session,
            Ok(Err(panic)) => {
                self.faults.note(Some(panic));
                self.faults.tell();
                None
            }
            Err(_) => {
                tracing::warn!(?limit, "the store for recovery took too long");
                None
            }
        }
    }

    pub(super) fn missed(&self, who: &Absentee<'_>, now: Instant) -> Option<Vec<Encoded>> {
        self.call(|store| store.missed(who, now)).flatten()
    }

    /// `None` if they may not be forgotten.
    pub(super) fn forget(&self, nsp: &str, who: &Audience) -> Option<Vec<KeptSession>> {
        self.call(|store| store.forget(nsp, who))
    }

    pub(super) fn close(&self) {
        let _ = self.call(|store| store.close());
        self.faults.tell();
    }

    pub(super) fn status(&self) -> RecoveryStatus {
        self.call(|store| store.status()).unwrap_or_default()
    }

    pub(super) fn sweep(&self, now: Instant) {
        let _ = self.call(|store| store.sweep(now));
        self.faults.tell();
    }

    /// `None` if it panics, which is told later.
    fn call<T>(&self, call: impl FnOnce(&dyn RecoveryStore) -> T) -> Option<T> {
        let called = catch_unwind(AssertUnwindSafe(|| call(&*self.store)));
        called.map_err(|panic| self.faults.note(Some(panic))).ok()
    }
}

impl Faults {
    fn note(&self, panic: Option<Box<dyn Any + Send>>) {
        let mut state = lock(&self.state);
        state.count += 1;
        // One that is broken may be asked for each event.
        state.is_due |= state.count.is_power_of_two();
        state.panics.extend(panic);
        self.is_new.store(true, Ordering::Release);
    }

    /// Logs it. To be called while nothing is locked.
    fn tell(&self) {
        if !self.is_new.swap(false, Ordering::Acquire) {
            return;
        }
        let (faults, is_due, panics) = {
            let mut state = lock(&self.state);
            let is_due = std::mem::take(&mut state.is_due);
            (state.count, is_due, std::mem::take(&mut state.panics))
        };
        panics.into_iter().for_each(discard);
        if is_due {
            tracing::error!(
                faults,
                "the store for recovery panicked, or gave what is no offset"
            );
        }
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}
