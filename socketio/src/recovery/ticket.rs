//! What a socket has by which its client may come back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use engineio::Sid;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{AuthDigest, KeptEvent, KeptSession, auth};
use crate::Args;
use crate::proto::draft::UNKNOWN;
use crate::sync::lock;

/// What a socket has by which its client may come back.
#[derive(Debug)]
pub(crate) struct Ticket {
    auth: AuthDigest,
    /// Told when the last handler of the socket is done.
    done: watch::Sender<bool>,
    /// The offset at which the client was let in last.
    entered: Mutex<Option<Arc<str>>>,
    /// It is not known what the client has.
    is_lost: AtomicBool,
    is_recovered: bool,
    pid: Sid,
    /// How the client comes back, until it is let in.
    returning: Mutex<Option<Returning>>,
    /// The offset from which on events are for the client, which was let in then.
    since: OnceLock<Arc<str>>,
}

/// How a client comes back.
#[derive(Debug)]
pub(crate) struct Returning {
    /// What it missed by the log of another server.
    pub(crate) earlier: Vec<KeptEvent>,
    /// The last handlers of the socket that it was, if they may still run here.
    farewell: Option<Farewell>,
    /// That of the last packet that the client has.
    pub(crate) offset: String,
    /// The rooms that it was in when packets were sent that it missed.
    pub(crate) rooms: Vec<Arc<str>>,
}

impl Ticket {
    /// That of a client that is new.
    pub(crate) fn new(auth: &Args) -> Self {
        Self {
            auth: auth::digest(auth),
            done: watch::Sender::new(false),
            entered: Mutex::default(),
            is_lost: AtomicBool::new(false),
            is_recovered: false,
            pid: Sid::random(),
            returning: Mutex::default(),
            since: OnceLock::new(),
        }
    }

    /// That of a client that comes back to its session.
    pub(crate) fn returning(session: &mut KeptSession, offset: String, auth: &Args) -> Self {
        let rooms = session.rooms.clone();
        let earlier = std::mem::take(&mut session.earlier);
        let local = session.local.as_ref();
        Self {
            auth: auth::digest(auth),
            done: watch::Sender::new(false),
            entered: Mutex::new(Some(session.entered.clone())),
            is_lost: AtomicBool::new(false),
            is_recovered: true,
            pid: session.pid.clone(),
            returning: Mutex::new(Some(Returning {
                earlier,
                farewell: local.map(|local| local.farewell.clone()),
                offset,
                rooms,
            })),
            since: OnceLock::from(session.since.clone()),
        }
    }

    pub(crate) fn pid(&self) -> &Sid {
        &self.pid
    }

    pub(crate) fn is_recovered(&self) -> bool {
        self.is_recovered
    }

    /// An event for the client was not kept: whether it got it is not known, and it
    /// does not come back as who it was.
    pub(super) fn lose(&self) {
        self.is_lost.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// The client is let in, at this offset if there is one. How it comes back, if it does.
    pub(crate) fn admit(&self, offset: Option<&str>) -> Option<Returning> {
        let offset = offset.unwrap_or_else(|| {
            self.lose();
            UNKNOWN
        });
        self.since.get_or_init(|| offset.into());
        *lock(&self.entered) = Some(offset.into());
        lock(&self.returning).take()
    }

    /// The offset at which the client was let in last.
    pub(crate) fn entered(&self) -> Option<Arc<str>> {
        lock(&self.entered).clone()
    }

    /// An offset before all that was for the client; `None` if it was not let in
    /// yet.
    pub(crate) fn since(&self) -> Option<&Arc<str>> {
        self.since.get()
    }

    pub(crate) fn auth(&self) -> AuthDigest {
        self.auth
    }

    /// The last handler of the socket is done.
    pub(crate) fn finish(&self) {
        self.done.send_replace(true);
    }

    /// The last handlers that whoever comes back waits for. A socket that was not let
    /// in has none; those of the one before may still run.
    pub(crate) fn farewell(&self) -> Farewell {
        let returning = lock(&self.returning);
        let before = returning.as_ref().and_then(|it| it.farewell.clone());
        before.unwrap_or_else(|| Farewell(self.done.subscribe()))
    }
}

/// The last handlers of a socket, to be waited for.
#[derive(Clone, Debug)]
pub(crate) struct Farewell(watch::Receiver<bool>);

impl Farewell {
    /// Waits until they are done, but no longer than this.
    pub(crate) async fn done_within(mut self, limit: Duration) {
        // That they are gone is as good.
        let _ = timeout(limit, self.0.wait_for(|is_done| *is_done)).await;
    }
}
