//! The upgrade of a polling session: a second connection proves itself, then
//! becomes the session's transport.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::upgrade::OnUpgrade;

use super::connection::{Connection, Farewell, LINGER};
use crate::engine::TaskGuard;
use crate::shared::Shared;
use crate::{Hello, Packet, ProbeId};

/// Runs one attempt, from the 101 to the hand-over or the end of the candidate.
///
/// Whatever goes wrong here ends the candidate, never the session.
pub(crate) async fn run(
    upgrade: OnUpgrade,
    hello: Hello,
    shared: Arc<Shared>,
    id: ProbeId,
    task: TaskGuard,
) {
    let guard = ProbeGuard { shared, id };
    let shared = &guard.shared;
    let prove = async {
        let upgraded = tokio::select! {
            upgraded = upgrade => upgraded.ok(),
            () = poll_fn(|cx| shared.poll_probe_over(cx, id)) => None,
        };
        let io = upgraded.ok_or(None)?;
        let figures = task.figures().clone();
        let mut connection = Connection::new(io, task.config(), figures, hello);
        match poll_fn(|cx| poll_probe(&mut connection, shared, id, cx)).await {
            Outcome::Proved => shared
                .hand_over(id, connection)
                .map_err(|connection| Some((connection, Farewell::Close(None)))),
            Outcome::Rejected(farewell) => Err(Some((connection, farewell))),
        }
    };
    let Err(rejected) = prove.await else { return };
    tracing::debug!("upgrade failed");
    task.figures().upgrade_failed();
    if let Some((connection, farewell)) = rejected {
        reject(connection, farewell).await;
    }
}

/// Tells a connection that it is not wanted: a close frame and nothing else.
pub(crate) async fn turn_away(upgrade: OnUpgrade, hello: Hello, task: TaskGuard) {
    let config = task.config();
    let upgraded = tokio::select! {
        upgraded = tokio::time::timeout(config.upgrade_timeout, upgrade) => upgraded,
        () = task.closing() => return,
    };
    if let Ok(Ok(io)) = upgraded {
        let connection = Connection::new(io, config, task.figures().clone(), hello);
        reject(connection, Farewell::Close(None)).await;
    }
}

async fn reject(mut connection: Box<Connection>, farewell: Farewell) {
    if let Farewell::Close(code) = farewell {
        connection.writer.push_close(code);
    }
    // The peer may be gone already, or stay for ever; both are its affair.
    let _ = tokio::time::timeout(LINGER, poll_fn(|cx| connection.poll_close(cx))).await;
}

enum Outcome {
    /// It sent `5`: it may become the transport.
    Proved,
    Rejected(Farewell),
}

fn poll_probe(
    connection: &mut Connection,
    shared: &Shared,
    id: ProbeId,
    cx: &mut Context<'_>,
) -> Poll<Outcome> {
    loop {
        if shared.poll_probe_over(cx, id).is_ready() {
            return Poll::Ready(Outcome::Rejected(Farewell::Close(None)));
        }
        // A candidate that does not read its answers is not read either.
        if ready!(connection.poll_flush(cx)).is_err() {
            return Poll::Ready(Outcome::Rejected(Farewell::None));
        }
        ready!(connection.poll_fill(cx));
        while let Some(packet) = connection.inbound.pop_front() {
            if let Packet::Upgrade(_) = packet {
                return Poll::Ready(Outcome::Proved);
            }
            match shared.update(|session, now| session.handle_probe(id, &packet, now)) {
                // Not from the session's outbox, so nothing is charged.
                Ok(_) => connection.push([(Packet::Pong("probe".into()), 0)]),
                Err(fault) => {
                    tracing::debug!(%fault, "bad packet on a candidate");
                    return Poll::Ready(Outcome::Rejected(Farewell::Close(None)));
                }
            }
        }
        if let Some(loss) = connection.loss() {
            return Poll::Ready(Outcome::Rejected(loss.farewell));
        }
    }
}

/// Gives the attempt up when its task ends, however it ends.
struct ProbeGuard {
    shared: Arc<Shared>,
    id: ProbeId,
}

impl Drop for ProbeGuard {
    fn drop(&mut self) {
        self.shared
            .update(|session, _| session.cancel_probe(self.id));
    }
}
