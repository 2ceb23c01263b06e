//! A store, whose panics are nobody else's.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::time::timeout;

use super::{Absentee, Audience, Claim, KeptEvent, KeptSession, RecoveryStatus, RecoveryStore};
use crate::Encoded;
use crate::proto::draft::is_offset;
use crate::unwind::discard;

/// A store, whose panics are nobody else's.
#[derive(Clone)]
pub(crate) struct Keeper(pub(super) Arc<dyn RecoveryStore>);

impl Keeper {
    /// `None` if the store does not give one.
    pub(super) fn next_offset(&self, nsp: &str) -> Option<String> {
        let offset = self.call(|store| store.next_offset(nsp))?;
        let is_good = is_offset(&offset);
        if !is_good {
            tracing::error!("the store for recovery gave what is no offset");
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
        let restore = async { self.0.restore(nsp, &claim.pid, &claim.offset, now).await };
        let restore = AssertUnwindSafe(restore).catch_unwind();
        match timeout(limit, restore).await {
            Ok(Ok(session)) => session,
            Ok(Err(panic)) => {
                discard(panic);
                tracing::error!("the store for recovery panicked");
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
    }

    pub(super) fn status(&self) -> RecoveryStatus {
        self.call(|store| store.status()).unwrap_or_default()
    }

    pub(super) fn sweep(&self, now: Instant) {
        let _ = self.call(|store| store.sweep(now));
    }

    /// `None` if it panics.
    fn call<T>(&self, call: impl FnOnce(&dyn RecoveryStore) -> T) -> Option<T> {
        let called = catch_unwind(AssertUnwindSafe(|| call(&*self.0)));
        let told = called.map_err(|panic| {
            discard(panic);
            tracing::error!("the store for recovery panicked");
        });
        told.ok()
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}
