//! The table of handlers, the same for a server's sockets and for a client.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, RwLock};

use crate::proto::encoder::is_reserved;
use crate::sync::{read, write};
use crate::unwind::discard;
use crate::{Cause, DecodeError, FromEvent, Incoming, Reply};

/// A handler at work; it answers the event itself when it is done.
pub(crate) type Call = Pin<Box<dyn Future<Output = Result<(), Cause>> + Send>>;

/// A handler whose types are known to nobody but itself.
pub(crate) trait Handle<S>: Send + Sync {
    /// Parses the event and calls the handler. The acker stays in the event,
    /// unless the handler takes the whole event.
    fn start(&self, socket: S, event: &mut Incoming) -> Result<Call, DecodeError>;

    /// The type of the payload, as people read it.
    fn takes(&self) -> &'static str;
}

/// Handlers by the name of their event, generic in the handle that they get.
pub(crate) struct Handlers<S> {
    table: RwLock<Table<S>>,
}

type Table<S> = HashMap<Box<str>, Arc<dyn Handle<S>>>;

impl<S: 'static> Handlers<S> {
    pub(crate) fn new() -> Self {
        Self {
            table: RwLock::default(),
        }
    }

    /// Adds a handler; one that has the same name is replaced.
    ///
    /// # Panics
    ///
    /// If no client can send an event of that name.
    pub(crate) fn insert<D, F, Fut>(&self, name: &str, handler: F)
    where
        D: FromEvent + 'static,
        F: FnOnce(S, D) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: Reply> + Send + 'static,
    {
        assert!(
            !is_reserved(name),
            "`{name}` is a reserved event name: see `on_connect` and `on_disconnect`"
        );
        let handler = Arc::new(Typed(handler, PhantomData::<fn(D)>));
        // What is replaced is dropped after the lock is free: dropping it can
        // run code of the user.
        let _replaced = write(&self.table).insert(name.into(), handler);
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<dyn Handle<S>>> {
        read(&self.table).get(name).cloned()
    }

    pub(crate) fn clear(&self) {
        let table = std::mem::take(&mut *write(&self.table));
        // The lock is free: dropping handlers can run code of the user.
        discard(table);
    }
}

impl<S> fmt::Debug for Handlers<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = read(&self.table);
        f.debug_struct("Handlers")
            .field("len", &table.len())
            .finish()
    }
}

struct Typed<F, D>(F, PhantomData<fn(D)>);

impl<S, D, F, Fut> Handle<S> for Typed<F, D>
where
    D: FromEvent,
    F: FnOnce(S, D) -> Fut + Clone + Send + Sync,
    Fut: Future<Output: Reply> + Send + 'static,
{
    fn start(&self, socket: S, event: &mut Incoming) -> Result<Call, DecodeError> {
        let payload = D::from_event(event)?;
        let acker = event.peek_acker();
        let future = (self.0.clone())(socket, payload);
        Ok(Box::pin(async move { future.await.answer(acker) }))
    }

    fn takes(&self) -> &'static str {
        std::any::type_name::<D>()
    }
}
