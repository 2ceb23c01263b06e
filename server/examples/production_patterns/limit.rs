//! How many messages a client may send.

use std::collections::VecDeque;
use std::time::Duration;

use socketio::{Incoming, Socket};
use tokio::time::Instant;

/// Lets a message pass if its socket has not sent too many of late. To come and to go
/// is no message.
pub(crate) async fn messages(socket: Socket, event: Incoming) -> Result<Incoming, &'static str> {
    if matches!(event.name(), "join_room" | "leave_room") {
        return Ok(event);
    }
    let now = Instant::now();
    let may = socket.extensions().update(|sent: &mut Sent| sent.may(now));
    if may {
        Ok(event)
    } else {
        Err("Rate limit exceeded")
    }
}

/// When the last messages were sent.
#[derive(Clone, Default)]
struct Sent(VecDeque<Instant>);

impl Sent {
    fn may(&mut self, now: Instant) -> bool {
        while self.0.front().is_some_and(|&sent| now - sent >= WINDOW) {
            self.0.pop_front();
        }
        let may = self.0.len() < MESSAGES;
        if may {
            self.0.push_back(now);
        }
        may
    }
}

const MESSAGES: usize = 10;
const WINDOW: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_messages_pass_in_any_minute() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut sent = Sent::default();
        for second in 0..10 {
            assert!(sent.may(at(second)), "{second}");
        }
        assert!(!sent.may(at(59)));
        assert!(sent.may(at(60)));
        assert!(!sent.may(at(60)));
        assert!(sent.may(at(61)));
    }
}
