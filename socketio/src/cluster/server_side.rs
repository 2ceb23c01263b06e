//! Events from server to server.

use std::sync::Arc;
use std::task::{Context, Waker};

use bytestring::ByteString;

use super::asker::Asker;
use super::wire::{NODES, What};
use super::{Cluster, Question};
use crate::ack::Mailbox;
use crate::hooks::caught_call;
use crate::incoming::Outlet;
use crate::told::Shortened;
use crate::unwind::discard;
use crate::{Acker, Args, Cause, EmitError, Encoded, Incoming, Namespace, Parser, Route};

impl Cluster {
    /// Publishes an event for the handlers of other nodes.
    pub(crate) fn server_side(&self, nsp: &Arc<str>, event: &Encoded) {
        let what = What::ServerSide { request: None };
        self.publish(Route::All, nsp, what, Some(event));
    }

    /// Publishes an event that the handlers of other nodes are to answer.
    pub(crate) fn ask_servers(
        self: &Arc<Self>,
        nsp: &Arc<str>,
        event: &Encoded,
        mailbox: &Arc<Mailbox>,
    ) -> Question {
        let what = |request| What::ServerSide {
            request: Some(request),
        };
        self.ask(nsp, what, Some(event), mailbox)
    }
}

/// Starts the handler of an event of another node, and lets it run to its end
/// by itself. So handlers start in the order in which events come.
pub(super) fn handle(namespace: Namespace, name: ByteString, args: Args, asker: Option<Asker>) {
    let Some(handler) = namespace.behaviour().server_side(&name) else {
        return tracing::trace!(
            nsp = ?Shortened(namespace.name()),
            "server-side event without a handler"
        );
    };
    let acker = asker.map(|asker| Acker::new(asker.request, Arc::new(asker)));
    let mut event = Incoming::new(name.clone(), args, acker);
    let nsp = namespace.shared_name().clone();
    let call = async move {
        let call = handler
            .start(namespace, &mut event)
            .map_err(Cause::Decode)?;
        // A handler that is done and has not answered is not waited for.
        drop(event);
        call.await
    };
    let mut work = Box::pin(async move {
        if let Err(cause) = caught_call(call).await {
            let (nsp, event, cause) = (Shortened(&nsp), Shortened(&name), cause.told());
            tracing::warn!(?nsp, ?event, %cause, "server-side event not handled");
        }
    });
    let mut cx = Context::from_waker(Waker::noop());
    match work.as_mut().poll(&mut cx).is_pending() {
        true => drop(tokio::spawn(work)),
        false => discard(work),
    }
}

impl Outlet for Asker {
    /// Nodes write all packets for `/`: the message names the namespace.
    fn nsp(&self) -> &str {
        "/"
    }

    fn parser(&self) -> Parser {
        NODES
    }

    fn send(&self, packet: Encoded) -> Result<(), EmitError> {
        self.send_reply(&packet);
        Ok(())
    }
}
