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
    /// An offset that no store knows, if this one does not give one.
    pub(super) fn next_offset(&self, nsp: &str) -> String {
        let offset = self.call(String::new(), |store| store.next_offset(nsp));
        if is_offset(&offset) {
            return offset;
        }
        tracing::error!("the store for recovery gave what is no offset");
        UNKNOWN.to_owned()
    }

    pub(super) fn append(&self, event: KeptEvent, now: Instant) {
        self.call((), |store| store.append(event, now));
    }

    pub(super) fn persist(&self, session: KeptSession, now: Instant) {
        self.call((), |store| store.persist(session, now));
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
        self.call(None, |store| store.missed(who, now))
    }

    pub(super) fn forget(&self, nsp: &str, who: &Audience) -> Vec<KeptSession> {
        self.call(Vec::new(), |store| store.forget(nsp, who))
    }

    pub(super) fn close(&self) {
        self.call((), |store| store.close());
    }

    pub(super) fn status(&self) -> RecoveryStatus {
        self.call(RecoveryStatus::default(), |store| store.status())
    }

    pub(super) fn sweep(&self, now: Instant) {
        self.call((), |store| store.sweep(now));
    }

    fn call<T>(&self, otherwise: T, call: impl FnOnce(&dyn RecoveryStore) -> T) -> T {
        catch_unwind(AssertUnwindSafe(|| call(&*self.0))).unwrap_or_else(|panic| {
            discard(panic);
            tracing::error!("the store for recovery panicked");
            otherwise
        })
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The offset of an event that is not kept.
const UNKNOWN: &str = "----------------";
