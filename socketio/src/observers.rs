//! Those who see every event, whatever its name.

use std::cell::OnceCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock, RwLock};

use crate::delivery::Outgoing;
use crate::sync::{read, write};
use crate::told::Told;
use crate::unwind::discard;
use crate::{Args, Incoming, IntoArgs, Socket};

/// The observers of a namespace or of a socket. As long as there are none,
/// nothing is allocated, and nothing is locked to see that.
#[derive(Default)]
pub(crate) struct Observers(OnceLock<Box<Lists>>);

#[derive(Default)]
struct Lists {
    incoming: List<SeeIncoming>,
    outgoing: List<SeeOutgoing>,
}

type SeeIncoming = dyn Fn(&Socket, &Incoming) + Send + Sync;

type SeeOutgoing = dyn Fn(&Socket, &str, &Args) + Send + Sync;

/// In the order of registration. Whoever goes through it has a copy, so that no
/// lock is held while an observer runs.
type List<F> = RwLock<Arc<Vec<Arc<F>>>>;

impl Observers {
    pub(crate) fn add_incoming(
        &self,
        observer: impl Fn(&Socket, &Incoming) + Send + Sync + 'static,
    ) {
        let mut list = write(&self.0.get_or_init(Box::default).incoming);
        Arc::make_mut(&mut list).push(Arc::new(observer));
    }

    pub(crate) fn add_outgoing(
        &self,
        observer: impl Fn(&Socket, &str, &Args) + Send + Sync + 'static,
    ) {
        let mut list = write(&self.0.get_or_init(Box::default).outgoing);
        Arc::make_mut(&mut list).push(Arc::new(observer));
    }

    /// Shows an event that a client sent.
    pub(crate) fn show_incoming(&self, socket: &Socket, event: &Incoming) {
        let Some(lists) = self.0.get() else { return };
        let list = read(&lists.incoming).clone();
        for observer in list.iter() {
            caught(|| observer(socket, event));
        }
    }

    /// Shows an event that was emitted to the socket.
    pub(crate) fn show_outgoing(&self, socket: &Socket, event: &Shown<'_, impl IntoArgs>) {
        let Some(lists) = self.0.get() else { return };
        let list = read(&lists.outgoing).clone();
        if let (false, Some(args)) = (list.is_empty(), event.args()) {
            for observer in list.iter() {
                caught(|| observer(socket, event.event.name, args));
            }
        }
    }

    /// Drops all observers, and with them what they captured.
    pub(crate) fn clear(&self) {
        let Some(lists) = self.0.get() else { return };
        let incoming = std::mem::take(&mut *write(&lists.incoming));
        let outgoing = std::mem::take(&mut *write(&lists.outgoing));
        discard(incoming);
        discard(outgoing);
    }
}

/// An event that was sent. Its arguments are written a second time, apart from
/// the packet, if somebody looks at them.
pub(crate) struct Shown<'a, P> {
    args: OnceCell<Option<Args>>,
    event: &'a Outgoing<'a, P>,
}

impl<'a, P: IntoArgs> Shown<'a, P> {
    pub(crate) fn new(event: &'a Outgoing<'a, P>) -> Self {
        Self {
            args: OnceCell::new(),
            event,
        }
    }

    fn args(&self) -> Option<&Args> {
        let args = self.args.get_or_init(|| {
            // The event is sent: what fails now does not concern who emits it.
            let mut written = None;
            caught(|| written = Some(Args::write(self.event.args)));
            let args = written?;
            args.inspect_err(|error| tracing::debug!(error = %Told(error), "event not shown"))
                .ok()
        });
        args.as_ref()
    }
}

/// An observer that panics harms neither the event nor who emits it.
pub(crate) fn caught(observe: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(observe)) {
        discard(panic);
        tracing::error!("an observer of every event panicked");
    }
}
