//! The namespaces of a server: those that were named, and those that a
//! pattern makes when a client asks for them.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, RwLock};

use crate::cluster::Cluster;
use crate::namespace::WeakNamespace;
use crate::sync::{read, write};
use crate::unwind::discard;
use crate::{Config, Namespace};

/// The namespaces of a server, by name.
pub(crate) struct Namespaces {
    cluster: Option<Arc<Cluster>>,
    config: Arc<Config>,
    patterns: RwLock<Vec<Pattern>>,
    table: RwLock<Table>,
}

/// Names that are not known yet, and the handlers of those who have them.
#[derive(Clone)]
struct Pattern {
    matches: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    template: Namespace,
}

#[derive(Default)]
struct Table {
    entries: HashMap<Arc<str>, Entry>,
    /// Entries at which those are thrown out that are gone.
    sweep_at: usize,
}

enum Entry {
    /// It was named, and stays.
    Named(Namespace),
    /// A pattern made it. Its sockets keep it, and whoever holds it else.
    Made(WeakNamespace),
}

impl Namespaces {
    pub(crate) fn new(config: Arc<Config>, cluster: Option<Arc<Cluster>>) -> Self {
        Self {
            cluster,
            config,
            patterns: RwLock::default(),
            table: RwLock::default(),
        }
    }

    /// The namespace of this name, which is made if there is none, and stays.
    pub(crate) fn name(&self, name: &str) -> Namespace {
        let name: Arc<str> = match name.strip_prefix('/') {
            Some(_) => name.into(),
            None => format!("/{name}").into(),
        };
        if let Some(Entry::Named(namespace)) = read(&self.table).entries.get(&name) {
            return namespace.clone();
        }
        let candidate = self
            .by_pattern(&name)
            .unwrap_or_else(|| self.create(name.clone()));
        let mut table = write(&self.table);
        let namespace = table.get(&name).unwrap_or_else(|| {
            candidate.settle();
            candidate
        });
        table.insert(name, Entry::Named(namespace.clone()));
        namespace
    }

    /// Adds a pattern, and gives the namespace that holds its handlers.
    pub(crate) fn add_pattern(
        &self,
        matches: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Namespace {
        let template = self.create("/*".into());
        template.be_pattern();
        write(&self.patterns).push(Pattern {
            matches: Arc::new(matches),
            template: template.clone(),
        });
        template
    }

    /// The namespace of this name, if it is there.
    pub(crate) fn get(&self, name: &str) -> Option<Namespace> {
        read(&self.table).get(name)
    }

    fn create(&self, name: Arc<str>) -> Namespace {
        Namespace::new(name, self.config.clone(), self.cluster.clone())
    }

    /// The namespace that a client asks for. `None` if there is no such
    /// namespace.
    pub(crate) fn find(&self, name: &str) -> Option<Namespace> {
        let found = self.get(name);
        if found.is_some() {
            return found;
        }
        let candidate = self.by_pattern(name)?;
        let mut table = write(&self.table);
        if let Some(namespace) = table.get(name) {
            return Some(namespace);
        }
        candidate.settle();
        table.insert(name.into(), Entry::Made(candidate.downgrade()));
        Some(candidate)
    }

    /// Drops all handlers and patterns, and with them what they captured.
    pub(crate) fn clear(&self) {
        let patterns = std::mem::take(&mut *write(&self.patterns));
        let namespaces = read(&self.table).all();
        let templates = patterns.iter().map(|pattern| pattern.template.clone());
        for namespace in templates.chain(namespaces) {
            namespace.behaviour().clear();
        }
        discard(patterns);
    }

    /// The namespace that the first pattern makes that matches. The patterns
    /// are the user's code: no lock is held meanwhile.
    fn by_pattern(&self, name: &str) -> Option<Namespace> {
        let patterns = read(&self.patterns).clone();
        let pattern = patterns.iter().find(|pattern| pattern.matches(name))?;
        Some(pattern.template.child(name.into()))
    }
}

impl Pattern {
    /// A pattern that panics does not match.
    fn matches(&self, name: &str) -> bool {
        catch_unwind(AssertUnwindSafe(|| (self.matches)(name))).unwrap_or_else(|_| {
            tracing::error!("the pattern of a namespace panicked");
            false
        })
    }
}

impl Table {
    fn get(&self, name: &str) -> Option<Namespace> {
        self.entries.get(name)?.namespace()
    }

    fn all(&self) -> Vec<Namespace> {
        self.entries.values().filter_map(Entry::namespace).collect()
    }

    /// Each time that the table has doubled what is gone is thrown out, so that
    /// it costs each namespace the same.
    fn insert(&mut self, name: Arc<str>, entry: Entry) {
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|_, entry| entry.is_there());
            self.sweep_at = 2 * self.entries.len() + 32;
            self.entries.shrink_to(self.sweep_at);
        }
        self.entries.insert(name, entry);
    }
}

impl Entry {
    fn namespace(&self) -> Option<Namespace> {
        match self {
            Self::Named(namespace) => Some(namespace.clone()),
            Self::Made(namespace) => namespace.upgrade(),
        }
    }

    fn is_there(&self) -> bool {
        match self {
            Self::Named(_) => true,
            Self::Made(namespace) => namespace.is_there(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_that_are_gone_take_no_room() {
        let namespaces = Namespaces::new(Arc::new(Config::default()), None);
        namespaces.add_pattern(|_| true);
        let named = namespaces.name("/named");
        let held = namespaces.find("/held").expect("the pattern matches");
        for n in 0..10_000 {
            namespaces.find(&format!("/{n}"));
        }
        assert!(read(&namespaces.table).entries.len() <= 64);
        assert!(
            namespaces
                .find("/named")
                .is_some_and(|found| found.is(&named))
        );
        assert!(
            namespaces
                .find("/held")
                .is_some_and(|found| found.is(&held))
        );
    }
}
