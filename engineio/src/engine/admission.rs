//! A place in the engine, from the handshake to the end of the session.

use std::sync::Arc;

use super::table::Place;
use super::{Engine, TaskGuard};
use crate::driver::Driver;
use crate::proto::request::Request;
use crate::shared::{Shared, now};
use crate::websocket::connection::Connection;
use crate::{Close, CloseReason, Handshake, Hello, Refused, Session, Sid, Socket};

/// A place in the engine, from the handshake request to the end of the
/// session's task.
pub(crate) struct Admission {
    /// Given back when the session ends; its handler may still run then.
    place: Option<Place>,
    task: TaskGuard,
}

impl Admission {
    /// Takes a place, asks the application, and reserves the session's id.
    pub(super) async fn new(
        engine: &Engine,
        handshake: &Arc<Handshake>,
        asked: &Request,
    ) -> Result<Self, Refused> {
        // Counted first: whoever closes the engine sees the count or is seen.
        let task = engine.task();
        let inner = &engine.0;
        if inner.is_closing() {
            return Err(Refused::Unavailable);
        }
        // The place comes before the application is asked: those who wait for
        // its answer are as many as those who may get in.
        let place = inner
            .table()
            .enter(handshake.address, &inner.config.limits)?;
        let mut admission = Self {
            place: Some(place),
            task,
        };
        let answer = async {
            inner.config.hooks.allow(handshake).await?;
            asked.check_revision(&inner.config)?;
            inner.config.hooks.generate(handshake).await
        };
        let sid = tokio::select! {
            biased;
            sid = answer => sid?,
            () = admission.task.closing() => return Err(Refused::Unavailable),
        };
        admission.reserve(sid)?;
        Ok(admission)
    }

    fn reserve(&mut self, sid: Sid) -> Result<(), Refused> {
        let place = self.place.as_mut().expect("it is given back at the end");
        self.task.0.table().reserve(sid, place)
    }

    pub(crate) fn task(&self) -> &TaskGuard {
        &self.task
    }

    /// The id of the session to be.
    pub(crate) fn sid(&self) -> &Sid {
        let sid = self.place.as_ref().and_then(Place::sid);
        sid.expect("it was reserved, and is given back at the end")
    }

    /// Opens the session, on polling or on this websocket.
    ///
    /// `first` is called before the session's task exists, so that what it
    /// takes from the session is not mixed with what the handler sends.
    pub(crate) fn open<R>(
        self,
        handshake: Arc<Handshake>,
        hello: Hello,
        connection: Option<Box<Connection>>,
        first: impl FnOnce(&Arc<Shared>) -> R,
    ) -> R {
        let engine = self.task.0.clone();
        let session = Session::new(engine.config.clone(), self.sid().clone(), hello, now());
        let shared = Arc::new(Shared::new(session, handshake, engine.figures.clone()));
        let _entered = shared.span().enter();
        let result = first(&shared);
        engine.table().open(shared.clone());
        let Hello {
            revision,
            transport,
            ..
        } = hello;
        engine.figures.opened(transport, revision);
        tracing::debug!(%transport, %revision, "session opened");
        if engine.is_closing() {
            // The engine was closed meanwhile, and has not seen this session.
            shared.update(|session, now| session.close(Close::Discard, now));
        }
        let application = (engine.handler)(Socket(shared.clone()));
        tokio::spawn(Driver::new(shared.clone(), self, application, connection));
        result
    }

    /// Takes the closed session out of the table.
    pub(crate) fn end(&mut self, reason: CloseReason) {
        if let Some(shared) = self.leave() {
            let _entered = shared.span().enter();
            tracing::debug!(%reason, "session closed");
            self.task.figures().closed(reason);
        }
    }

    /// The session, if it was in the table until now.
    fn leave(&mut self) -> Option<Arc<Shared>> {
        let place = self.place.take()?;
        let shared = self.task.0.table().leave(&place)?;
        let (transport, revision) =
            shared.read(|session| (session.transport(), session.hello().revision));
        self.task.figures().gone(transport, revision);
        Some(shared)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.leave();
    }
}
