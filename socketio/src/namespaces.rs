//! The namespaces of a server: those that were named, and those that a
//! pattern makes when a client asks for them.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, RwLock};

use futures_util::FutureExt;

use crate::cluster::Cluster;
use crate::hooks::Boxed;
use crate::namespace::WeakNamespace;
use crate::sync::{read, write};
use crate::unwind::discard;
use crate::{Args, Config, Namespace};

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
    matches: Arc<dyn Fn(String, Args) -> Boxed<bool> + Send + Sync>,
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
        // Nobody waits here: a pattern that does not answer at once has not
        // matched.
        let template = self.ask(&name, &Args::default());
        let template = template.and_then(|asked| asked.now_or_never().flatten());
        let candidate = match template {
            Some(template) => template.child(name.clone()),
            None => self.create(name.clone()),
        };
        let mut table = write(&self.table);
        let namespace = table.get(&name).unwrap_or_else(|| {
            candidate.settle();
            candidate
        });
        table.insert(name, Entry::Named(namespace.clone()));
        namespace
    }

    /// Adds a pattern, and gives the namespace that holds its handlers.
    pub(crate) fn add_pattern<F, Fut>(&self, matches: F) -> Namespace
    where
        F: FnOnce(String, Args) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        let template = self.create("/*".into());
        template.be_pattern();
        write(&self.patterns).push(Pattern {
            matches: Arc::new(move |name, auth| Box::pin(matches.clone()(name, auth))),
            template: template.clone(),
        });
        template
    }

    /// The namespace of this name, if it is there.
    pub(crate) fn get(&self, name: &str) -> Option<Namespace> {
        read(&self.table).get(name)
    }

    /// All that are there.
    pub(crate) fn all(&self) -> Vec<Namespace> {
        read(&self.table).all()
    }

    fn create(&self, name: Arc<str>) -> Namespace {
        Namespace::new(name, self.config.clone(), self.cluster.clone())
    }

    /// The namespace of this name, if it was named.
    pub(crate) fn named(&self, name: &str) -> Option<Namespace> {
        match read(&self.table).entries.get(name)? {
            Entry::Named(namespace) => Some(namespace.clone()),
            Entry::Made(_) => None,
        }
    }

    /// Asks the patterns for a name that was not named: what comes out is the
    /// template of the first that matches. `None` if there is nobody to ask.
    ///
    /// They are asked for each client, also where the namespace is there: a
    /// pattern may look at who asks. They see no name that none can have: in
    /// MessagePack a client may write any.
    pub(crate) fn ask(&self, name: &str, auth: &Args) -> Option<Boxed<Option<Namespace>>> {
        let patterns = read(&self.patterns).clone();
        if patterns.is_empty() || !name.starts_with('/') {
            return None;
        }
        let (name, auth) = (name.to_owned(), auth.clone());
        Some(Box::pin(async move {
            for pattern in patterns {
                if pattern.matches(name.clone(), auth.clone()).await {
                    return Some(pattern.template);
                }
            }
            None
        }))
    }

    /// The namespace of a name that a pattern matches, which is made if there is
    /// none: so there is one, however many ask at the same time.
    pub(crate) fn make(&self, name: &str, template: &Namespace) -> Namespace {
        let candidate = template.child(name.into());
        let mut table = write(&self.table);
        if let Some(namespace) = table.get(name) {
            return namespace;
        }
        candidate.settle();
        table.insert(name.into(), Entry::Made(candidate.downgrade()));
        candidate
    }

    /// Drops all handlers and patterns, and with them what they captured.
    pub(crate) fn clear(&self) {
        let patterns = std::mem::take(&mut *write(&self.patterns));
        let namespaces = self.all();
        let templates = patterns.iter().map(|pattern| pattern.template.clone());
        for namespace in templates.chain(namespaces) {
            namespace.behaviour().clear();
        }
        discard(patterns);
    }
}

impl Pattern {
    /// A pattern that panics does not match.
    async fn matches(&self, name: String, auth: Args) -> bool {
        let answer = AssertUnwindSafe(async { (self.matches)(name, auth).await });
        answer.catch_unwind().await.unwrap_or_else(|panic| {
            discard(panic);
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
    fn patterns_are_not_asked_for_what_is_no_name() {
        let namespaces = Namespaces::new(Arc::new(Config::default()), None);
        namespaces.add_pattern(async |_, _| true);
        for (name, is_one) in [("/x", true), ("/", true), ("", false), ("x/", false)] {
            let asked = namespaces.ask(name, &Args::default());
            assert_eq!(asked.is_some(), is_one, "{name}");
        }
    }

    #[test]
    fn namespaces_that_are_gone_take_no_room() {
        let namespaces = Namespaces::new(Arc::new(Config::default()), None);
        let template = namespaces.add_pattern(async |_, _| true);
        let named = namespaces.name("/named");
        let held = namespaces.make("/held", &template);
        for n in 0..10_000 {
            namespaces.make(&format!("/{n}"), &template);
        }
        assert!(read(&namespaces.table).entries.len() <= 64);
        let found = namespaces.named("/named");
        assert!(found.is_some_and(|found| found.is(&named)));
        assert!(namespaces.make("/held", &template).is(&held));
        assert!(namespaces.named("/held").is_none());
    }
}
