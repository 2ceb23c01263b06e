//! What runs for the sockets of a namespace.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use crate::handler::{Handle, Handlers};
use crate::hooks::Hooks;
use crate::observers::{Observers, Shown};
use crate::sync::{read, write};
use crate::unwind::discard;
use crate::{Incoming, IntoArgs, Namespace, Socket};

/// The handlers and hooks of a namespace, and behind them those of the pattern
/// that made it, if one did.
pub(crate) struct Behaviour {
    hooks: RwLock<Arc<Hooks>>,
    pub(crate) handlers: Handlers<Socket>,
    /// Somebody sees what is emitted: the namespace, or one of its sockets.
    is_watched: AtomicBool,
    pub(crate) observers: Observers,
    /// Of events of other servers.
    pub(crate) server_side: Handlers<Namespace>,
    template: Option<Arc<Self>>,
}

impl Behaviour {
    pub(crate) fn new(template: Option<Arc<Self>>) -> Self {
        Self {
            hooks: RwLock::default(),
            handlers: Handlers::new(),
            is_watched: AtomicBool::new(false),
            observers: Observers::default(),
            server_side: Handlers::new(),
            template,
        }
    }

    /// The handler of an event; the namespace's own comes first.
    pub(crate) fn handler(&self, event: &str) -> Option<Arc<dyn Handle<Socket>>> {
        let template = || self.template.as_ref()?.handler(event);
        self.handlers.get(event).or_else(template)
    }

    /// The handler of an event of another server; the namespace's own comes
    /// first.
    pub(crate) fn server_side(&self, event: &str) -> Option<Arc<dyn Handle<Namespace>>> {
        let template = || self.template.as_ref()?.server_side(event);
        self.server_side.get(event).or_else(template)
    }

    /// All hooks of this moment; those of the pattern come first.
    pub(crate) fn hooks(&self) -> Arc<Hooks> {
        let own = read(&self.hooks).clone();
        match &self.template {
            Some(template) => Hooks::chain(template.hooks(), own),
            None => own,
        }
    }

    /// Whether events go straight to their handlers.
    pub(crate) fn passes_events(&self) -> bool {
        let template = self.template.as_ref();
        read(&self.hooks).passes_events() && template.is_none_or(|hooks| hooks.passes_events())
    }

    /// Changes the own hooks. Whoever runs some meanwhile goes on with those.
    pub(crate) fn change_hooks(&self, change: impl FnOnce(&mut Hooks)) {
        let _dropped_unlocked = {
            let mut hooks = write(&self.hooks);
            let mut changed = (**hooks).clone();
            change(&mut changed);
            mem::replace(&mut *hooks, Arc::new(changed))
        };
    }

    /// From now on what is emitted is shown.
    pub(crate) fn watch(&self) {
        self.is_watched.store(true, Ordering::Relaxed);
    }

    /// Whether what is emitted is to be shown to somebody.
    pub(crate) fn is_watched(&self) -> bool {
        let template = self.template.as_ref();
        self.is_watched.load(Ordering::Relaxed)
            || template.is_some_and(|template| template.is_watched())
    }

    /// Shows an event that a client sent; to those of the pattern first.
    pub(crate) fn show_incoming(&self, socket: &Socket, event: &Incoming) {
        if let Some(template) = &self.template {
            template.show_incoming(socket, event);
        }
        self.observers.show_incoming(socket, event);
    }

    /// Shows an event that was emitted; to those of the pattern first.
    pub(crate) fn show_outgoing(&self, socket: &Socket, event: &Shown<'_, impl IntoArgs>) {
        if let Some(template) = &self.template {
            template.show_outgoing(socket, event);
        }
        self.observers.show_outgoing(socket, event);
    }

    /// Drops the own handlers and hooks, and with them what they captured.
    pub(crate) fn clear(&self) {
        self.handlers.clear();
        self.server_side.clear();
        self.observers.clear();
        let hooks = mem::take(&mut *write(&self.hooks));
        discard(hooks);
    }
}
