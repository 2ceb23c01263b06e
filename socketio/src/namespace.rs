//! A namespace: its handlers, its sockets, its rooms.

mod emit;
mod handlers;

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, RwLock, Weak};

use crate::behaviour::Behaviour;
use crate::children::Children;
use crate::cluster::Cluster;
use crate::hooks::Hooks;
use crate::recovery::{Audience, Forgotten, Ledger};
use crate::rooms::{Change, Rooms, Selection};
use crate::sync::{read, write};
use crate::{Config, Fetch, Socket};

/// A namespace of a [`Server`](crate::Server), made by
/// [`Server::of`](crate::Server::of) or for a client by
/// [`Server::of_matching`](crate::Server::of_matching).
///
/// A cheap clone of one `Arc`. Dropping clones does nothing: the server keeps
/// the namespaces that were named. One that a pattern made is kept by its
/// sockets and by its clones.
///
/// Handlers can be added at any time; they are for all sockets of the
/// namespace, also for those that are connected. What one socket's handlers
/// do one after the other:
///
/// 1. [`middleware`](Self::middleware), while the client waits for its answer;
/// 2. [`on_connect`](Self::on_connect), with the socket connected;
/// 3. for each event, in the order of arrival: [`on_any`](Self::on_any),
///    [`on_event`](Self::on_event), then the handler of that event. A handler
///    that waits does not hold up those of the following events;
/// 4. [`on_disconnect`](Self::on_disconnect), once.
///
/// All of them run on the task of the client's connection. A panic in one is
/// caught there and goes to [`on_error`](Self::on_error).
///
/// ```
/// # use socketio::{Config, EncodeError, Server};
/// # let io = Server::new(Config::default());
/// let chat = io.of("/chat");
/// chat.on_connect(async |socket| socket.join("lobby"));
/// chat.on("say", async |socket, text: String| socket.to("lobby").emit("said", text));
/// chat.emit("news", "the doors are open")?;
/// # Ok::<_, EncodeError>(())
/// ```
#[derive(Clone)]
pub struct Namespace(Arc<Inner>);

struct Inner {
    behaviour: Arc<Behaviour>,
    /// Those that it made, if it stands for a pattern.
    children: OnceLock<Arc<Children>>,
    cluster: Option<Arc<Cluster>>,
    config: Arc<Config>,
    name: Arc<str>,
    /// That of the pattern that made it, which asks all of its namespaces.
    next_ack: Arc<AtomicU64>,
    recovery: Option<Ledger>,
    rooms: RwLock<Rooms<Socket>>,
    /// Those of the pattern that made it, if one did.
    siblings: Option<Arc<Children>>,
}

impl Namespace {
    pub(crate) fn new(name: Arc<str>, config: Arc<Config>, cluster: Option<Arc<Cluster>>) -> Self {
        Self::with(name, config, cluster, Arc::default(), None, None)
    }

    /// A namespace that has the handlers of this one, those to come included,
    /// behind its own.
    pub(crate) fn child(&self, name: Arc<str>) -> Self {
        let template = Some(self.0.behaviour.clone());
        let cluster = self.0.cluster.clone();
        let siblings = self.0.children.get().cloned();
        let next_ack = self.0.next_ack.clone();
        let config = self.0.config.clone();
        Self::with(name, config, cluster, next_ack, template, siblings)
    }

    /// Is known to be there from now on. Of several that are made for one name
    /// at the same time, one is.
    pub(crate) fn settle(&self) {
        if let Some(siblings) = &self.0.siblings {
            siblings.add(self);
        }
    }

    /// Stands for the namespaces that it will make.
    pub(crate) fn be_pattern(&self) {
        self.0.children.get_or_init(Arc::default);
    }

    /// Whether this only stands for the namespaces that a pattern makes.
    pub(crate) fn is_pattern(&self) -> bool {
        self.0.children.get().is_some()
    }

    /// The namespace itself, or those that it stands for.
    pub(crate) fn members(&self) -> Vec<Self> {
        match self.0.children.get() {
            Some(children) => children.all(),
            None => vec![self.clone()],
        }
    }

    fn with(
        name: Arc<str>,
        config: Arc<Config>,
        cluster: Option<Arc<Cluster>>,
        next_ack: Arc<AtomicU64>,
        template: Option<Arc<Behaviour>>,
        siblings: Option<Arc<Children>>,
    ) -> Self {
        let mut rooms = Rooms::new();
        if cluster.is_some() {
            rooms.watch();
        }
        Self(Arc::new(Inner {
            behaviour: Arc::new(Behaviour::new(template)),
            children: OnceLock::new(),
            cluster,
            recovery: config.recovery.as_ref().and_then(Ledger::new),
            config,
            name,
            next_ack,
            rooms: RwLock::new(rooms),
            siblings,
        }))
    }

    /// The namespace's name, which starts with a slash.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// assert_eq!(io.of("chat").name(), "/chat");
    /// ```
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The sockets that are connected to this server.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// for socket in io.of("/game").sockets() {
    ///     println!("{} is in {:?}", socket.id(), socket.rooms());
    /// }
    /// ```
    pub fn sockets(&self) -> Vec<Socket> {
        self.everyone().sockets()
    }

    /// The sockets of all servers of the cluster: see
    /// [`Broadcast::fetch_sockets`](crate::Broadcast::fetch_sockets).
    ///
    /// ```no_run
    /// # use socketio::{Incomplete, RemoteSocket, Server};
    /// # async fn online(io: Server, id: &str) -> Result<bool, Incomplete<RemoteSocket>> {
    /// let everyone = io.of("/chat").fetch_sockets().await?;
    /// # Ok(
    /// everyone.iter().any(|socket| &*socket.id == id)
    /// # )
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Broadcast::fetch_sockets`](crate::Broadcast::fetch_sockets).
    pub fn fetch_sockets(&self) -> Fetch {
        self.everyone().fetch_sockets()
    }

    /// The socket of this id, if it is connected to this server.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// let socket = io.of("/game").socket("an id that somebody told");
    /// assert!(socket.is_none());
    /// ```
    pub fn socket(&self, id: &str) -> Option<Socket> {
        read(&self.0.rooms).get(id)
    }

    /// The number of sockets that are connected to this server.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// assert_eq!(io.of("/game").socket_count(), 0);
    /// ```
    pub fn socket_count(&self) -> usize {
        read(&self.0.rooms).len()
    }

    /// The names of the rooms that have a member on this server, in no order. A
    /// socket's own id is not among them.
    ///
    /// ```
    /// # use socketio::{Ack, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/game").on("rooms?", async |socket, ()| {
    ///     let rooms = socket.namespace().rooms();
    ///     Ack(rooms.iter().map(ToString::to_string).collect::<Vec<_>>())
    /// });
    /// ```
    pub fn rooms(&self) -> Vec<Arc<str>> {
        read(&self.0.rooms).room_names()
    }

    /// The number of rooms that have a member on this server.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// assert_eq!(io.of("/game").room_count(), 0);
    /// ```
    pub fn room_count(&self) -> usize {
        read(&self.0.rooms).room_count()
    }

    /// Appends each connected socket that is selected, once.
    pub(crate) fn select(&self, selection: &Selection, sockets: &mut Vec<Socket>) {
        let mut next = Some(0);
        while let Some(from) = next {
            next = read(&self.0.rooms).select(selection, from, PIECE, sockets);
        }
    }

    /// Calls `visit` with each connected socket that is selected, once. No
    /// lock is held meanwhile.
    pub(crate) fn for_each(&self, selection: &Selection, mut visit: impl FnMut(&Socket)) {
        let mut sockets = SELECTED.take();
        let mut next = Some(0);
        while let Some(from) = next {
            next = read(&self.0.rooms).select(selection, from, PIECE, &mut sockets);
            sockets.drain(..).for_each(|socket| visit(&socket));
        }
        SELECTED.set(sockets);
    }

    /// An id for an event that asks for an answer. One counter for all sockets
    /// makes a broadcast the same packet for everyone.
    pub(crate) fn next_ack(&self) -> u64 {
        self.0.next_ack.fetch_add(1, Ordering::Relaxed)
    }

    /// Where clients that come back are known; `None` if they are new.
    pub(crate) fn recovery(&self) -> Option<&Ledger> {
        self.0.recovery.as_ref()
    }

    /// Disconnects those who are selected; with `close` their whole connections. Who
    /// of them is away does not come back as who it was; nobody comes or goes
    /// between the two.
    pub(crate) fn expel(&self, selection: &Selection, close: bool) {
        let (sockets, forgotten) = self.meant(selection);
        if close {
            forgotten.close();
        }
        for socket in sockets {
            match close {
                true => socket.close(),
                false => socket.disconnect(),
            }
        }
    }

    fn meant(&self, selection: &Selection) -> (Vec<Socket>, Forgotten) {
        let select = || {
            let mut sockets = Vec::new();
            self.select(selection, &mut sockets);
            sockets
        };
        let Some(ledger) = self.recovery() else {
            return (select(), Forgotten::default());
        };
        let who = Audience::selection(selection);
        ledger.forget(self.name(), &who, select)
    }

    /// The bytes that it costs to keep it for somebody: none if it stays anyway.
    pub(crate) fn bytes(&self) -> usize {
        if self.is_made() {
            MADE + 2 * self.0.name.len()
        } else {
            0
        }
    }

    /// Whether a pattern made it.
    pub(crate) fn is_made(&self) -> bool {
        self.0.siblings.is_some()
    }

    #[cfg(test)]
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn downgrade(&self) -> WeakNamespace {
        WeakNamespace(Arc::downgrade(&self.0))
    }

    pub(crate) fn cluster(&self) -> Option<&Arc<Cluster>> {
        self.0.cluster.as_ref()
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.0.name
    }

    pub(crate) fn behaviour(&self) -> &Behaviour {
        &self.0.behaviour
    }

    /// All hooks of this moment.
    pub(crate) fn hooks(&self) -> Arc<Hooks> {
        self.0.behaviour.hooks()
    }

    /// The membership index. Its lock is held for single statements only. Who
    /// changes it calls [`tell_rooms`](Self::tell_rooms) when it is free.
    pub(crate) fn index(&self) -> &RwLock<Rooms<Socket>> {
        &self.0.rooms
    }

    /// Tells the adapter which rooms were opened and closed, in the order in
    /// which they were: one thread tells it, also for the others.
    pub(crate) fn tell_rooms(&self) {
        let Some(cluster) = &self.0.cluster else {
            return;
        };
        let mut change = write(&self.0.rooms).first_change();
        while let Some(Change { is_open, name }) = change {
            cluster.tell_room(&self.0.name, &name, is_open);
            change = write(&self.0.rooms).next_change();
        }
    }
}

/// A namespace that is there as long as somebody holds it: its sockets, or the
/// application.
pub(crate) struct WeakNamespace(Weak<Inner>);

impl WeakNamespace {
    pub(crate) fn upgrade(&self) -> Option<Namespace> {
        self.0.upgrade().map(Namespace)
    }

    pub(crate) fn is_there(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace")
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}

/// What a namespace takes that a pattern made, beside its name, which the table
/// of them has once more.
const MADE: usize = 1024;

/// Slots looked at while the lock of the index is held.
const PIECE: u32 = 256;

thread_local! {
    /// A piece of those who are sent something: empty between broadcasts, and taken
    /// out while it is used.
    static SELECTED: Cell<Vec<Socket>> = const { Cell::new(Vec::new()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_takes_what_it_is_counted_with() {
        let size = size_of::<Inner>() + size_of::<Behaviour>() + size_of::<Hooks>();
        assert!(size + 64 <= MADE, "a namespace takes {size} bytes");
    }
}
