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
pub struct Extensions(Arc<Mutex<Values>>);

type Values = HashMap<TypeId, Shared>;

type Shared = Arc<dyn Any + Send + Sync>;

impl Extensions {
    /// Keeps a value, in the place of one of the same type.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// #[derive(Clone)]
    /// struct Room(String);
    ///
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("enter", async |socket, room: String| socket.extensions().insert(Room(room)));
    /// ```
    pub fn insert<T: Send + Sync + 'static>(&self, value: T) {
        // What is replaced is dropped after the lock is free, as is everything
        // here that can run code of the user.
        let _replaced = lock(&self.0).insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// A clone of the value of this type.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # #[derive(Clone)]
    /// # struct Room(String);
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("say", async |socket, text: String| {
    ///     let Some(Room(room)) = socket.extensions().get() else {
    ///         return Err("enter a room first".into());
    ///     };
    ///     socket.to(room).emit("said", text).map_err(|error| error.to_string())
    /// });
    /// ```
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let value = lock(&self.0).get(&TypeId::of::<T>()).cloned();
        value?.downcast_ref::<T>().cloned()
    }

    /// Changes the value of this type, starting from its default if there is
    /// none, and gives what `change` returns.
    ///
    /// The change is one step for everybody else: `change` gets a clone, which
    /// takes the place of the value if that is still the same, and else it is
    /// called again. No lock is held meanwhile.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// #[derive(Clone, Default)]
    /// struct Sent(u32);
    ///
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_event(async |socket, event| {
    ///     let sent = socket.extensions().update(|sent: &mut Sent| {
    ///         sent.0 += 1;
    ///         sent.0
    ///     });
    ///     if sent > 1000 { Err("that is enough") } else { Ok(event) }
    /// });
    /// ```
    pub fn update<T, R>(&self, mut change: impl FnMut(&mut T) -> R) -> R
    where
        T: Clone + Default + Send + Sync + 'static,
    {
        loop {
            let before = lock(&self.0).get(&TypeId::of::<T>()).cloned();
            let value = before.as_ref().and_then(|value| value.downcast_ref::<T>());
            let mut value = value.cloned().unwrap_or_default();
            let result = change(&mut value);
            if self.replace(before.as_ref(), Arc::new(value)) {
                return result;
            }
        }
    }

    /// Keeps a value in the place of the one that was there before. `false` if
    /// there is another one by now.
    fn replace<T: Send + Sync + 'static>(&self, before: Option<&Shared>, value: Arc<T>) -> bool {
        let mut values = lock(&self.0);
        let is_same = match (values.get(&TypeId::of::<T>()), before) {
            (Some(now), Some(before)) => Arc::ptr_eq(now, before),
            (None, None) => true,
            _ => false,
        };
        // What is left of it, by now or before, is dropped after the lock.
        let _replaced = is_same.then(|| values.insert(TypeId::of::<T>(), value));
        drop(values);
        is_same
    }

    /// The same values, those to come included, for another socket of the same
    /// client.
    pub(crate) fn share(&self) -> Self {
        Self(self.0.clone())
    }

    /// Takes the value of this type out.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # #[derive(Clone)]
    /// # struct Room(String);
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("go", async |socket, ()| {
    ///     if let Some(Room(room)) = socket.extensions().remove() {
    ///         socket.leave(room);
    ///     }
    /// });
    /// ```
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

    #[test]
    fn an_update_is_one_step() {
        let extensions = Extensions::default();
        assert_eq!(extensions.update(|n: &mut u64| *n), 0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| extensions.update(|n: &mut u64| *n += 1)));
            }
        });
        assert_eq!(extensions.get::<u64>(), Some(4000));
        // What is changed meanwhile is not lost, and nothing is locked.
        let mut calls = 0;
        let seen = extensions.update(|n: &mut u64| {
            calls += 1;
            if calls == 1 {
                extensions.insert(5_u64);
            }
            *n
        });
        assert_eq!((calls, seen), (2, 5));
    }
}
