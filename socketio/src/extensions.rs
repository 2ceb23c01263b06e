//! What an application keeps with a socket.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::sync::lock;

/// What an application keeps with a socket: at most one value of each type.
///
/// Middleware puts in who the user is, handlers take it out:
///
/// ```
/// # use serde::Deserialize;
/// # use socketio::{Ack, Config, Server};
/// #[derive(Clone, Deserialize)]
/// struct User { name: String }
///
/// # let io = Server::new(Config::default());
/// io.of("/").middleware(async |socket, user: User| {
///     socket.extensions().insert(user);
///     Ok::<_, &str>(())
/// });
/// io.of("/").on("who am i", async |socket, ()| {
///     Ack(socket.extensions().get::<User>().map(|user| user.name))
/// });
/// ```
///
/// Values are handed out as clones: a large one is best put in an `Arc`. A value
/// that holds its own socket keeps it alive for ever.
#[derive(Default)]
pub struct Extensions(Mutex<Values>);

type Values = HashMap<TypeId, Arc<dyn Any + Send + Sync>>;

impl Extensions {
    /// Keeps a value, in the place of one of the same type.
    pub fn insert<T: Send + Sync + 'static>(&self, value: T) {
        // What is replaced is dropped after the lock is free, as is everything
        // here that can run code of the user.
        let _replaced = lock(&self.0).insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// A clone of the value of this type.
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let value = lock(&self.0).get(&TypeId::of::<T>()).cloned();
        value?.downcast_ref::<T>().cloned()
    }

    /// Takes the value of this type out.
    pub fn remove<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let value = lock(&self.0).remove(&TypeId::of::<T>());
        value?.downcast::<T>().ok().map(Arc::unwrap_or_clone)
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extensions")
            .field("len", &lock(&self.0).len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_value_of_each_type() {
        let extensions = Extensions::default();
        extensions.insert(1_u8);
        extensions.insert("name");
        extensions.insert(2_u8);
        assert_eq!(extensions.get::<u8>(), Some(2));
        assert_eq!(extensions.get::<u16>(), None);
        assert_eq!(extensions.remove::<&str>(), Some("name"));
        assert_eq!(extensions.get::<&str>(), None);
    }
}
