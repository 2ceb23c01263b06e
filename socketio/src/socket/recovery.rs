//! Sockets whose clients come back.

use std::collections::HashSet;
use std::sync::Arc;

use engineio::Message;

use super::{Data, Inner, Socket};
use crate::link::Link;
use crate::recovery::{Absentee, Audience, Comeback, Farewell, KeptSession, Ledger, Local, Ticket};
use crate::sync::{read, write};
use crate::{DisconnectReason, Extensions, Handshake, Namespace, Protocol};

impl Socket {
    /// Whether the client came back after a short interruption: the socket has
    /// the id, the rooms and the [extensions](Self::extensions) that it had, and
    /// what it missed was sent to it. See [`Recovery`](crate::Recovery).
    ///
    /// ```
    /// # use socketio::{Config, Recovery, Server};
    /// let io = Server::new(Config::default().recovery(Recovery::default()));
    /// io.of("/").on_connect(async |socket| {
    ///     if !socket.recovered() {
    ///         socket.emit("state", "all of it")?;
    ///     }
    ///     Ok::<_, socketio::EmitError>(())
    /// });
    /// ```
    pub fn recovered(&self) -> bool {
        self.ticket().is_some_and(Ticket::is_recovered)
    }

    /// A socket whose middleware is about to run: the one that the client had, if
    /// it comes back to it. Then the last handlers of the one before are to be
    /// waited for, if they may still run here.
    pub(crate) fn enter(
        namespace: Namespace,
        link: Arc<Link>,
        handshake: Handshake,
        comeback: Option<Box<Comeback>>,
    ) -> (Self, Option<Farewell>) {
        if let Some(comeback) = comeback {
            let Comeback {
                moment,
                offset,
                session,
            } = *comeback;
            let farewell = session.local.as_ref().map(|local| local.farewell.clone());
            let pid = session.pid.clone();
            let socket = Self::restored(namespace, link, handshake, session, offset);
            if let Some(ledger) = socket.0.namespace.recovery() {
                ledger.enter(&pid, &socket, moment);
            }
            return (socket, farewell);
        }
        // Clients of revision 3 know no pid, and no offset.
        let ticket = (namespace.recovery().is_some() && link.protocol == Protocol::V5)
            .then(|| Box::new(Ticket::new(&handshake.auth)));
        (Self::new(namespace, link, handshake, ticket), None)
    }

    fn restored(
        namespace: Namespace,
        link: Arc<Link>,
        handshake: Handshake,
        mut session: KeptSession,
        offset: String,
    ) -> Self {
        let ticket = Ticket::returning(&mut session, offset, &handshake.auth);
        let KeptSession {
            data,
            local,
            rooms,
            sid,
            ..
        } = session;
        let extensions = match local {
            Some(local) => local.extensions,
            None => Extensions::default(),
        };
        if !data.is_empty() && extensions.get::<Data>().is_none() {
            extensions.insert(Data(data));
        }
        let socket = Self::with(
            namespace,
            link,
            handshake,
            sid,
            extensions,
            Some(Box::new(ticket)),
        );
        {
            let limit = socket.0.namespace.config().limits.rooms;
            let mut index = write(socket.0.namespace.index());
            for room in &rooms {
                index.join(&socket.0.id, room, limit);
            }
        }
        socket.0.namespace.tell_rooms();
        socket
    }

    pub(crate) fn ticket(&self) -> Option<&Ticket> {
        self.0.ticket.as_deref()
    }

    /// Lets the socket emit and be reached, and tells the client, behind what it
    /// missed. `false` if the socket has left, or if it is not known any more
    /// what the client missed.
    pub(crate) fn admit(&self) -> bool {
        let Inner {
            id,
            line,
            namespace,
            ticket,
            ..
        } = &*self.0;
        let pid = ticket.as_ref().map(|ticket| ticket.pid().as_str());
        let parser = namespace.config().parser;
        let connect = parser.encode_connect(line.link().protocol, namespace.name(), id, pid);
        let Some((ledger, ticket)) = namespace.recovery().zip(ticket.as_ref()) else {
            write(namespace.index()).admit(id);
            return line.open(connect.parts()).is_some();
        };
        let is_in = self.admit_in_turn(ledger, ticket, connect.parts());
        ledger.sweep();
        is_in
    }

    fn admit_in_turn(&self, ledger: &Ledger, ticket: &Ticket, connect: &[Message]) -> bool {
        let Inner {
            id,
            line,
            namespace,
            ..
        } = &*self.0;
        // What is dropped, and what is logged, is so behind the turn.
        let mut messages = Vec::new();
        let mut returning;
        let missed;
        let mut turn = ledger.turn();
        if self.reason().is_some() || ticket.is_lost() {
            return false;
        }
        let offset = turn.next_offset(namespace.name());
        returning = ticket.admit(offset.as_deref());
        if let Some(returning) = &mut returning {
            // Middleware may have made it leave some.
            let rooms: HashSet<_> = read(namespace.index()).rooms_of(id).into_iter().collect();
            returning.rooms.retain(|room| rooms.contains(room));
            let who = Absentee {
                earlier: &returning.earlier,
                nsp: namespace.name(),
                offset: &returning.offset,
                rooms: &returning.rooms,
                sid: id,
                since: ticket.since().expect("it was let in"),
            };
            missed = turn.missed(&who);
            let Some(missed) = &missed else {
                return false;
            };
            let missed = missed.iter().flat_map(|packet| packet.parts());
            messages.extend(missed.cloned());
            // Or it would be closed as a slow consumer, and miss the same again.
            let charge = |message: &Message| message.len() + MESSAGE_CHARGE;
            let bytes: usize = messages.iter().chain(connect).map(charge).sum();
            let budget = namespace.config().engine.limits.budget;
            if bytes.saturating_add(self.buffered()) > budget {
                drop(turn);
                tracing::debug!(
                    socket = &**id,
                    bytes,
                    "missed more than can be sent at once"
                );
                return false;
            }
        }
        messages.extend_from_slice(connect);
        turn.enter(ticket.pid(), self);
        write(namespace.index()).admit(id);
        let opened = line.open(&messages);
        drop(turn);
        // Who is woken by it must not find the turn taken.
        opened.is_some()
    }

    /// What is kept of a socket that left; `None` if its client was never let in, or
    /// it is not known what it has.
    pub(crate) fn session(&self) -> Option<KeptSession> {
        let ticket = self.ticket().filter(|ticket| !ticket.is_lost())?;
        let local = Local {
            away: self.0.line.link().away().clone(),
            extensions: self.0.extensions.share(),
            farewell: ticket.farewell(),
            namespace: self.0.namespace.clone(),
        };
        Some(KeptSession {
            auth: ticket.auth(),
            data: self.raw_data(),
            earlier: Vec::new(),
            entered: ticket.entered()?,
            local: Some(local),
            nsp: self.0.namespace.shared_name().clone(),
            pid: ticket.pid().clone(),
            rooms: self.rooms(),
            sid: self.0.id.clone(),
            since: ticket.since()?.clone(),
        })
    }

    /// Lets the client not come back as who it was, if it is away. With `close` its
    /// connection is closed if it comes back just now.
    pub(super) fn forget_session(&self, close: bool) {
        let is_away = self.reason().is_some_and(DisconnectReason::is_recoverable);
        if let Some(ledger) = self.0.namespace.recovery()
            && is_away
        {
            let who = Audience::one(self.0.id.clone());
            let ((), forgotten) = ledger.forget(self.0.namespace.name(), &who, || ());
            if close {
                forgotten.close();
            }
        }
    }

    /// Ends the socket in a turn of its namespace, if there is such a thing.
    pub(super) fn end_line(&self, reason: DisconnectReason) -> bool {
        let Some(ledger) = self
            .0
            .namespace
            .recovery()
            .filter(|_| self.ticket().is_some())
        else {
            return self.close_line(reason);
        };
        let is_first = ledger.turn().end(self, reason);
        ledger.sweep();
        is_first
    }
}

/// What a message costs beside its content while it waits for its client.
const MESSAGE_CHARGE: usize = 64;
