//! What is done that other nodes published.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use engineio::Class;
use tokio::task::yield_now;

use super::Cluster;
use super::asker::Asker;
use super::server_side;
use super::wire::{self, Header, To, What, WireError};
use crate::ack::Pending;
use crate::delivery::Outgoing;
use crate::remote::Description;
use crate::rooms::Selection;
use crate::{Args, Data, EncodeError, EventId, Namespace, NodeId, Replies, Socket};

impl Cluster {
    /// Does what another node published. What this one published itself is
    /// done already.
    pub(crate) fn receive(self: &Arc<Self>, body: Bytes) {
        let read = match body.len() > self.limit {
            true => Err(WireError::TooLarge),
            false => wire::read(body),
        };
        let done = read.and_then(|(header, packet)| {
            if header.from == self.node.as_str() {
                return Ok(());
            }
            self.obey(header, packet)
        });
        if let Err(error) = done {
            let skipped = self.skipped.fetch_add(1, Ordering::Relaxed) + 1;
            // Whoever floods the wire is not to flood the log.
            if skipped.is_power_of_two() {
                tracing::warn!(%error, skipped, "message of another node skipped");
            }
        }
    }

    fn obey(self: &Arc<Self>, header: Header, packet: Option<Data>) -> Result<(), WireError> {
        let Header { from, nsp, what } = header;
        let node = NodeId::from(&*from);
        // One that is not here has nobody in it.
        let namespace = (self.find)(&nsp);
        let visit = |to: To, visit: &dyn Fn(&Socket)| {
            if let Some(namespace) = &namespace {
                namespace.for_each(&to.into(), visit);
            }
        };
        match (what, packet) {
            (What::Cancel { request }, None) => self.tasks.cancel(&(node, request)),
            (What::Disconnect { to, close }, None) => {
                if let Some(namespace) = &namespace {
                    namespace.expel(&to.into(), close);
                }
            }
            (What::Done { request }, None) => self.questions.retain(request, |peer| *peer != node),
            (
                What::Emit {
                    to,
                    volatile,
                    request,
                    id,
                },
                Some(Data::Event { name, args, .. }),
            ) => {
                let id = id.map(|number| EventId::new(node.clone(), number));
                let asker = request.map(|request| Asker::new(self, node, &nsp, request));
                if let Some(namespace) = &namespace {
                    let event = Outgoing {
                        ack: None,
                        args: &args,
                        class: class(volatile),
                        id,
                        name: &name,
                    };
                    pass_on(namespace, &to.into(), event, asker);
                }
            }
            (What::Fetch { to, request }, None) => {
                let asker = Asker::new(self, node, &nsp, request);
                if let Some(namespace) = &namespace {
                    describe(namespace, &to.into(), asker);
                }
            }
            (What::Join { to, room }, None) => visit(to, &|socket| {
                if let Err(error) = socket.join(&room) {
                    tracing::debug!(socket = socket.id(), %error, "room not joined");
                }
            }),
            (What::Leave { to, room }, None) => visit(to, &|socket| socket.leave(&room)),
            (What::Reply { request }, Some(Data::Ack { args, .. })) => {
                self.questions.answer(request, args);
            }
            (What::ServerSide { request }, Some(Data::Event { name, args, .. })) => {
                let asker = request.map(|request| Asker::new(self, node, &nsp, request));
                if let Some(namespace) = namespace {
                    server_side::handle(namespace, name, args, asker);
                }
            }
            _ => return Err(WireError::Parts),
        }
        Ok(())
    }
}

/// Sends an event of another node to the sockets of this one, and their answers
/// back if somebody asks for them.
fn pass_on(
    namespace: &Namespace,
    to: &Selection,
    mut event: Outgoing<'_, Args>,
    asker: Option<Asker>,
) {
    let Some(asker) = asker else {
        return namespace.deliver(to, &event).unwrap_or_else(refused);
    };
    let id = namespace.next_ack();
    event.ack = Some(id);
    let mut pending = Pending::new(id);
    namespace
        .ask_all(to, &event, &mut pending)
        .unwrap_or_else(refused);
    if pending.is_asking() {
        asker.spawn(async |asker| {
            let mut replies = Replies::<Args>::new(Ok(pending));
            while let Some(Ok(reply)) = replies.next().await {
                asker.reply(&reply);
            }
        });
    }
}

/// Tells about sockets of this node, some at a time.
fn describe(namespace: &Namespace, to: &Selection, asker: Asker) {
    let mut sockets = Vec::new();
    namespace.for_each(to, |socket| sockets.push(socket.clone()));
    if sockets.is_empty() {
        return;
    }
    asker.spawn(async move |asker| {
        let (mut some, mut bytes) = (Vec::new(), 0);
        for socket in sockets {
            bytes += Description::bytes(&socket);
            some.push(Description::of(&socket));
            if bytes >= DESCRIBED_AT_ONCE {
                asker.reply(&std::mem::take(&mut some));
                bytes = 0;
                yield_now().await;
            }
        }
        asker.reply(&some);
    });
}

fn class(is_volatile: bool) -> Class<'static> {
    match is_volatile {
        true => Class::Volatile,
        false => Class::Reliable,
    }
}

fn refused(error: EncodeError) {
    tracing::debug!(%error, "event of another node not sent");
}

/// Bytes of sockets, about, in one reply.
const DESCRIBED_AT_ONCE: usize = 16 << 10;
