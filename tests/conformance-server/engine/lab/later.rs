//! Messages that are to be sent at a later time.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How many may wait; more are dropped.
const LIMIT: usize = 10_000;

/// What waits, by its time and then in the order of its coming.
#[derive(Default)]
pub(super) struct Later {
    waiting: BTreeMap<(Instant, u64), String>,
    count: u64,
}

impl Later {
    pub(super) fn add(&mut self, delay: Duration, text: String) {
        if self.waiting.len() < LIMIT {
            self.count += 1;
            self.waiting
                .insert((Instant::now() + delay, self.count), text);
        }
    }

    /// The next one, when its time has come. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> String {
        let Some(first) = self.waiting.first_entry() else {
            return pending().await;
        };
        sleep_until(first.key().0).await;
        first.remove()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn messages_come_at_their_times_and_else_in_order() {
        let start = Instant::now();
        let mut later = Later::default();
        for (delay, text) in [(60, "third"), (40, "second"), (60, "fourth"), (0, "first")] {
            later.add(Duration::from_millis(delay), text.into());
        }
        for (delay, text) in [(0, "first"), (40, "second"), (60, "third"), (60, "fourth")] {
            assert_eq!(later.next().await, text);
            assert_eq!(start.elapsed().as_millis(), delay);
        }
    }
}
