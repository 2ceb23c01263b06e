//! Which sockets of one connection may come back.

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::namespace::WeakNamespace;
use crate::sync::lock;
use crate::{Audience, Namespace};

/// The sockets of one connection that are away, to be forgotten together.
#[derive(Default)]
pub(crate) struct Away(Mutex<State>);

#[derive(Default)]
struct State {
    /// The server closed the connection: nobody comes back to it.
    is_closed: bool,
    /// Their namespaces and ids.
    sockets: Vec<(WeakNamespace, Arc<str>)>,
}

impl Away {
    /// A socket leaves that may come back. `false` if it may not.
    pub(super) fn add(&self, namespace: &Namespace, id: &Arc<str>) -> bool {
        let mut state = lock(&self.0);
        if !state.is_closed {
            state.sockets.push((namespace.downgrade(), id.clone()));
        }
        !state.is_closed
    }

    /// Lets none of them come back as who it was, in none of its namespaces.
    pub(crate) fn close(&self) {
        let sockets = {
            let mut state = lock(&self.0);
            state.is_closed = true;
            std::mem::take(&mut state.sockets)
        };
        for (namespace, id) in sockets {
            // One that is gone has nobody who may come back.
            if let Some(namespace) = namespace.upgrade()
                && let Some(ledger) = namespace.recovery()
            {
                let ((), forgotten) = ledger.forget(namespace.name(), &Audience::one(id), || ());
                // Who comes back just now is the same client.
                forgotten.close();
            }
        }
    }
}

impl fmt::Debug for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Away").finish_non_exhaustive()
    }
}
