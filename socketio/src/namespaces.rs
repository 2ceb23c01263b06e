//! The namespaces of a server: those that were named, and those that a
//! pattern makes when a client asks for them.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, RwLock};

use crate::sync::{read, write};
use crate::{Config, Namespace, Socket};

/// The namespaces of a server, by name.
pub(crate) struct Namespaces {
    config: Arc<Config>,
    patterns: RwLock<Vec<Pattern>>,
    table: RwLock<HashMap<Arc<str>, Namespace>>,
}

/// Names that are not known yet, and the handlers of those who have them.
#[derive(Clone)]
struct Pattern {
    matches: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    template: Namespace,
}

impl Namespaces {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self {
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
        if let Some(namespace) = read(&self.table).get(&name)
            && namespace.is_kept()
        {
            return namespace.clone();
        }
        let candidate = self
            .by_pattern(&name)
            .unwrap_or_else(|| Namespace::new(name.clone(), self.config.clone()));
        let mut table = write(&self.table);
        let namespace = table.entry(name).or_insert(candidate).clone();
        namespace.keep();
        namespace
    }

    /// Adds a pattern, and gives the namespace that holds its handlers.
    pub(crate) fn add_pattern(
        &self,
        matches: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Namespace {
        let template = Namespace::new("/*".into(), self.config.clone());
        write(&self.patterns).push(Pattern {
            matches: Arc::new(matches),
            template: template.clone(),
        });
        template
    }

    /// Makes the socket of a client that asks for a namespace. `None` if there
    /// is no such namespace.
    ///
    /// The socket is in before the table is free again, so that no namespace
    /// is thrown away between being found and being entered.
    pub(crate) fn enter(
        &self,
        name: &str,
        make_socket: impl FnOnce(Namespace) -> Socket,
    ) -> Option<Socket> {
        {
            let table = read(&self.table);
            if let Some(namespace) = table.get(name) {
                return Some(make_socket(namespace.clone()));
            }
        }
        let candidate = self.by_pattern(name)?;
        let mut table = write(&self.table);
        let namespace = table.entry(name.into()).or_insert(candidate);
        Some(make_socket(namespace.clone()))
    }

    /// Throws a namespace away that a pattern made and that nobody is in.
    pub(crate) fn prune(&self, namespace: &Namespace) {
        if namespace.is_kept() {
            return;
        }
        let mut table = write(&self.table);
        let is_current = table
            .get(namespace.name())
            .is_some_and(|current| current.is(namespace));
        if is_current && !namespace.is_kept() && read(namespace.index()).is_empty() {
            table.remove(namespace.name());
        }
    }

    /// All namespaces, and those that hold the handlers of patterns.
    pub(crate) fn all(&self) -> Vec<Namespace> {
        let mut all: Vec<_> = read(&self.table).values().cloned().collect();
        let patterns = read(&self.patterns);
        all.extend(patterns.iter().map(|pattern| pattern.template.clone()));
        all
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
