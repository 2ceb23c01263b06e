//! How many sockets each user has.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

static SOCKETS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// Counts a socket, and calls `tell` if it is the first one of its user.
///
/// Until that returns nobody else comes or goes, so that nobody hears of the two in
/// the wrong order.
pub(crate) fn came<E>(user: &str, tell: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
    let mut sockets = sockets();
    let count = sockets.entry(user.to_owned()).or_default();
    *count += 1;
    if *count == 1 { tell() } else { Ok(()) }
}

/// As [`came`], for a socket that left, if it was the last one.
pub(crate) fn left<E>(user: &str, tell: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
    let mut sockets = sockets();
    let Some(count) = sockets.get_mut(user) else {
        return Ok(());
    };
    *count -= 1;
    if *count > 0 {
        return Ok(());
    }
    sockets.remove(user);
    tell()
}

fn sockets() -> MutexGuard<'static, BTreeMap<String, usize>> {
    SOCKETS.lock().unwrap_or_else(PoisonError::into_inner)
}
