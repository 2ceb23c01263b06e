//! Panics of the user's code.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops something of the user's, whose destructor may panic.
pub(crate) fn discard<T>(value: T) {
    if catch_unwind(AssertUnwindSafe(|| drop(value))).is_err() {
        tracing::error!("a destructor panicked");
    }
}
