//! The namespaces that a pattern made.

use std::sync::Mutex;

use crate::Namespace;
use crate::namespace::WeakNamespace;
use crate::sync::lock;

/// The namespaces that a pattern made, in their order. It keeps none of them.
#[derive(Default)]
pub(crate) struct Children(Mutex<List>);

#[derive(Default)]
struct List {
    children: Vec<WeakNamespace>,
    /// Children at which those are thrown out that are gone.
    sweep_at: usize,
}

impl Children {
    pub(crate) fn add(&self, child: &Namespace) {
        let mut list = lock(&self.0);
        if list.children.len() >= list.sweep_at {
            list.children.retain(WeakNamespace::is_there);
            list.sweep_at = 2 * list.children.len() + 32;
            let capacity = list.sweep_at;
            list.children.shrink_to(capacity);
        }
        list.children.push(child.downgrade());
    }

    /// Those that are there.
    pub(crate) fn all(&self) -> Vec<Namespace> {
        let list = lock(&self.0);
        let children = list.children.iter();
        children.filter_map(WeakNamespace::upgrade).collect()
    }
}
