//! Sockets whose clients come back.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Inner, Socket};
use crate::link::Link;
use crate::recovery::{Absentee, Audience, Claim, Farewell, Ledger, Session, Ticket};
use crate::sync::{read, write};
use crate::{DisconnectReason, Handshake, Namespace, Protocol};

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
    /// it may have that back. Then the last handlers of the one before are to be
    /// waited for.
    pub(crate) fn enter(
        namespace: Namespace,
        link: Arc<Link>,
        handshake: Handshake,
    ) -> (Self, Option<Farewell>) {
        let ledger = namespace.recovery();
        // Clients of revision 3 know no pid, and no offset.
        let Some(ledger) = ledger.filter(|_| link.protocol == Protocol::V5) else {
            return (Self::new(namespace, link, handshake, None), None);
        };
        if let Ok(claim) = handshake.auth.parse::<Claim>()
            && let Some((session, moment)) = ledger.restore(namespace.name(), &claim)
        {
            let farewell = session.farewell.clone();
            let pid = session.pid.clone();
            let socket = Self::restored(namespace, link, handshake, session, claim.offset);
            if let Some(ledger) = socket.0.namespace.recovery() {
                ledger.enter(&pid, &socket, moment);
            }
            return (socket, Some(farewell));
        }
        let ticket = Box::new(Ticket::new());
        (Self::new(namespace, link, handshake, Some(ticket)), None)
    }

    fn restored(
        namespace: Namespace,
        link: Arc<Link>,
        handshake: Handshake,
        session: Session,
        offset: String,
    ) -> Self {
        let ticket = Ticket::returning(&session, offset);
        let Session {
            extensions,
            rooms,
            sid,
            ..
        } = session;
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
        self.admit_in_turn(ledger, ticket, connect.parts())
    }

    fn admit_in_turn(
        &self,
        ledger: &Ledger,
        ticket: &Ticket,
        connect: &[engineio::Message],
    ) -> bool {
        let Inner {
            id,
            line,
            namespace,
            ..
        } = &*self.0;
        let mut turn = ledger.turn();
        if self.reason().is_some() {
            return false;
        }
        let mut messages = Vec::new();
        if let Some(mut returning) = ticket.admit(turn.now) {
            // Middleware may have made it leave some.
            let rooms: HashSet<_> = read(namespace.index()).rooms_of(id).into_iter().collect();
            returning.rooms.retain(|room| rooms.contains(room));
            let who = Absentee {
                nsp: namespace.name(),
                rooms: &returning.rooms,
                sid: id,
                since: ticket.since().expect("it was let in"),
            };
            let Some(missed) = turn.missed(&who, &returning.offset) else {
                return false;
            };
            let missed = missed.iter().flat_map(|packet| packet.parts());
            messages.extend(missed.cloned());
        }
        messages.extend_from_slice(connect);
        turn.enter(ticket.pid(), self);
        write(namespace.index()).admit(id);
        let opened = line.open(&messages);
        drop(turn);
        // Who is woken by it must not find the turn taken.
        opened.is_some()
    }

    /// What is kept of a socket that left; `None` if its client was never let in.
    pub(crate) fn session(&self) -> Option<Session> {
        let ticket = self.ticket()?;
        Some(Session {
            extensions: self.0.extensions.share(),
            farewell: ticket.farewell(),
            namespace: self.0.namespace.clone(),
            pid: ticket.pid().clone(),
            rooms: self.rooms(),
            sid: self.0.id.clone(),
            since: ticket.since()?,
        })
    }

    /// Lets the client not come back as who it was, if it is away.
    pub(super) fn forget_session(&self) {
        let is_away = self.reason().is_some_and(DisconnectReason::is_recoverable);
        if let Some(ledger) = self.0.namespace.recovery()
            && is_away
        {
            let who = Audience::Socket(self.0.id.clone());
            ledger.forget(self.0.namespace.name(), &who, || ());
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
