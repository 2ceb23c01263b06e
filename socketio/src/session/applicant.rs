//! Those who ask for a namespace that a pattern may make, or to be who they were.

use std::task::{Context, Poll};

use bytestring::ByteString;
use futures_util::future::AbortHandle;

use super::Session;
use super::load::Charge;
use super::queue::{DETACHED, Held};
use super::task::Task;
use crate::recovery::Comeback;
use crate::unwind::discard;
use crate::{Acker, Args, ConnectError, Handshake, Incoming, Namespace, Protocol, Socket};

/// A client that asked for a namespace, while patterns decide whether there is
/// one, or while its session is looked for. There is no socket yet. Dropping it drops
/// what decides.
pub(crate) struct Applicant {
    abort: AbortHandle,
    handshake: Handshake,
    nsp: ByteString,
    waiting: Vec<Early>,
}

impl Drop for Applicant {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// An event that came before its socket.
pub(crate) struct Early {
    ack: Option<u64>,
    charge: Charge,
    event: Incoming,
}

impl Early {
    /// There is a socket to answer for it.
    pub(super) fn arrive(self, socket: &Socket) -> Held {
        let Self { ack, charge, event } = self;
        let acker = ack.map(|id| Acker::new(id, socket.outlet()));
        (event.with_acker(acker), charge)
    }
}

impl Session {
    /// A client asks for a namespace that was not named.
    pub(super) fn apply(&mut self, nsp: &ByteString, auth: Args, cx: &mut Context<'_>) {
        let handshake = self.handshake(auth);
        let Some(mut asked) = self.shared.namespaces.ask(nsp, &handshake.auth) else {
            return self.turn_away(nsp);
        };
        // It is polled where it was made, and is a task if it is not ready.
        if let Poll::Ready(template) = asked.as_mut().poll(cx) {
            discard(asked);
            return match template {
                Some(template) => self.found(nsp, &template, handshake, Vec::new(), cx),
                None => self.turn_away(nsp),
            };
        }
        let (task, abort) = Task::search(nsp.clone(), asked);
        self.tasks.push(task);
        self.applicants.push(Applicant {
            abort,
            handshake,
            nsp: nsp.clone(),
            waiting: Vec::new(),
        });
    }

    /// An event came for a namespace that there may be.
    pub(super) fn hold(&mut self, nsp: &str, name: ByteString, args: Args, ack: Option<u64>) {
        let Some(index) = self.find_applicant(nsp) else {
            return;
        };
        let mut event = Incoming::new(name, args, None);
        let charge = self.load.charge(&event);
        event.detach(DETACHED);
        let early = Early { ack, charge, event };
        self.applicants[index].waiting.push(early);
    }

    /// A client does not want to be let in any more.
    pub(super) fn withdraw(&mut self, nsp: &str) {
        if let Some(index) = self.find_applicant(nsp) {
            self.applicants.remove(index);
        }
    }

    /// The patterns have decided.
    pub(super) fn decide(
        &mut self,
        nsp: &ByteString,
        template: Option<Namespace>,
        cx: &mut Context<'_>,
    ) {
        let Some(index) = self.find_applicant(nsp) else {
            return;
        };
        let mut applicant = self.applicants.remove(index);
        let Some(template) = template else {
            return self.turn_away(nsp);
        };
        let waiting = std::mem::take(&mut applicant.waiting);
        self.found(nsp, &template, applicant.handshake.clone(), waiting, cx);
    }

    fn found(
        &mut self,
        nsp: &str,
        template: &Namespace,
        handshake: Handshake,
        waiting: Vec<Early>,
        cx: &mut Context<'_>,
    ) {
        let namespace = self.shared.namespaces.make(nsp, template);
        self.restore(namespace, handshake, waiting, cx);
    }

    /// Lets a client in as who it was, if it says that it was here before and that
    /// is still known.
    pub(super) fn restore(
        &mut self,
        namespace: Namespace,
        handshake: Handshake,
        waiting: Vec<Early>,
        cx: &mut Context<'_>,
    ) {
        let asked = Comeback::of(&namespace, self.link.protocol, &handshake.auth);
        let Some(mut asked) = asked else {
            return self.enter(namespace, handshake, None, waiting, cx);
        };
        if let Poll::Ready(comeback) = asked.as_mut().poll(cx) {
            discard(asked);
            return self.enter(namespace, handshake, comeback, waiting, cx);
        }
        let nsp = ByteString::from(namespace.name());
        let (task, abort) = Task::restore(namespace, asked);
        self.tasks.push(task);
        self.applicants.push(Applicant {
            abort,
            handshake,
            nsp,
            waiting,
        });
    }

    /// The session of a client was found, or was not.
    pub(super) fn restored(
        &mut self,
        namespace: Namespace,
        comeback: Option<Box<Comeback>>,
        cx: &mut Context<'_>,
    ) {
        let Some(index) = self.find_applicant(namespace.name()) else {
            return discard(comeback);
        };
        let mut applicant = self.applicants.remove(index);
        let waiting = std::mem::take(&mut applicant.waiting);
        let handshake = applicant.handshake.clone();
        self.enter(namespace, handshake, comeback, waiting, cx);
    }

    fn turn_away(&mut self, nsp: &str) {
        self.connection.refuse(nsp);
        // In the same form whatever the client speaks.
        let error = ConnectError::new("Invalid namespace");
        self.send_refusal(Protocol::V5, nsp, &error);
    }

    fn find_applicant(&self, nsp: &str) -> Option<usize> {
        let mut applicants = self.applicants.iter();
        applicants.position(|applicant| applicant.nsp == nsp)
    }
}
