//! How much one client may send: a bucket of tokens for each socket, which
//! time fills and events empty.

use serde_json::json;
use socketio::{BoxError, Incoming, Socket};
use tokio::time::Instant;
use tracing::info;

/// Lets an event pass if its socket has the tokens for it. Who goes on and on
/// without is disconnected.
pub(crate) async fn limit(socket: Socket, event: Incoming) -> Result<Incoming, BoxError> {
    let now = Instant::now();
    let bucket = socket.extensions().get();
    let mut bucket = bucket.unwrap_or_else(|| Bucket::full(now));
    let has_paid = bucket.pay(price(&event), now);
    // The events of one socket pass here one after the other.
    socket.extensions().insert(bucket);
    if has_paid {
        return Ok(event);
    }
    event.ack(json!({ "success": false, "message": EXCEEDED }))?;
    if bucket.strikes >= STRIKES {
        info!(id = socket.id(), "sends far too much");
        socket.close();
    }
    Err(EXCEEDED.into())
}

/// What is long reaches everybody's page as well, and fills it.
fn price(event: &Incoming) -> f64 {
    1.0 + event.args().bytes() as f64 / BYTES_PER_TOKEN
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
    /// Events refused since the last one that passed.
    strikes: u32,
}

impl Bucket {
    fn full(now: Instant) -> Self {
        Self {
            tokens: CAPACITY,
            filled: now,
            strikes: 0,
        }
    }

    /// Takes tokens out, or counts a strike if there are too few.
    fn pay(&mut self, price: f64, now: Instant) -> bool {
        let gained = (now - self.filled).as_secs_f64() * PER_SECOND;
        self.tokens = CAPACITY.min(self.tokens + gained);
        self.filled = now;
        let has_paid = self.tokens >= price;
        if has_paid {
            self.tokens -= price;
            self.strikes = 0;
        } else {
            self.strikes += 1;
        }
        has_paid
    }
}

/// Tokens of a client that was quiet: what a page sends in a hurry.
const CAPACITY: f64 = 100.0;
/// Tokens that come back: more than a person can use up by typing.
const PER_SECOND: f64 = 10.0;
/// Bytes of arguments that cost as much as one more event.
const BYTES_PER_TOKEN: f64 = 1024.0;
/// Refused events in a row that end a connection.
const STRIKES: u32 = 50;
/// What is told of an event that was refused.
const EXCEEDED: &str = "Rate limit exceeded";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_empty_bucket_fills_with_time_up_to_its_brim() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start);
        assert!(bucket.pay(CAPACITY, start));
        assert!(!bucket.pay(1.0, start));
        let later = start + Duration::from_millis(100);
        assert!(bucket.pay(1.0, later));
        assert!(!bucket.pay(1.0, later));
        let much_later = start + Duration::from_secs(3600);
        assert!(bucket.pay(CAPACITY, much_later));
        assert!(!bucket.pay(1.0, much_later));
    }

    #[test]
    fn strikes_are_those_in_a_row() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start);
        for strikes in 1..=3 {
            assert!(!bucket.pay(CAPACITY + 1.0, start));
            assert_eq!(bucket.strikes, strikes);
        }
        assert!(bucket.pay(1.0, start));
        assert_eq!(bucket.strikes, 0);
    }
}
