//! When to ping, and when the client is gone.

use std::time::{Duration, Instant};

use super::revision::Revision;

/// The heartbeat of a session. In revision 4 the server pings and the client
/// pongs, in revision 3 the client pings.
///
/// ```text
/// revision 4: PingAt ──ping sent──▶ PongBy ──pong──▶ PingAt
///                                     └──deadline──▶ the client is gone
/// revision 3: PingBy ──ping──▶ PingBy
///               └───deadline───▶ the client is gone
/// ```
///
/// Deadlines are absolute: a client that is silent is gone one interval and one
/// timeout after its last pong, however late the ping was sent; or as long
/// after its last ping.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    state: State,
}

#[derive(Debug)]
enum State {
    PingAt(Instant),
    PingBy(Instant),
    PongBy { deadline: Instant, extended: bool },
}

/// The time that much later; a century later where the clock cannot count so far.
pub(crate) fn after(now: Instant, wait: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    now.checked_add(wait).unwrap_or_else(|| now + NEVER)
}

/// What time made due.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Beat {
    /// A ping is to be sent.
    Ping,
    /// The pong did not come.
    Lost,
}

impl Heartbeat {
    pub(crate) fn new(
        revision: Revision,
        interval: Duration,
        timeout: Duration,
        now: Instant,
    ) -> Self {
        let state = match revision {
            Revision::V3 => State::PingBy(after(now, interval.saturating_add(timeout))),
            Revision::V4 => State::PingAt(after(now, interval)),
        };
        Self {
            interval,
            timeout,
            state,
        }
    }

    /// Whether it is the client's turn.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.state, State::PingBy(_) | State::PongBy { .. })
    }

    /// When something is due next.
    pub(crate) fn deadline(&self) -> Instant {
        match self.state {
            State::PingAt(at) => at,
            State::PingBy(deadline) | State::PongBy { deadline, .. } => deadline,
        }
    }

    /// What is due at `now`; to be called until it is `None`.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Beat> {
        match self.state {
            State::PingAt(at) if now >= at => {
                self.state = State::PongBy {
                    deadline: after(at, self.timeout),
                    extended: false,
                };
                Some(Beat::Ping)
            }
            State::PingBy(deadline) | State::PongBy { deadline, .. } if now >= deadline => {
                Some(Beat::Lost)
            }
            State::PingAt(_) | State::PingBy(_) | State::PongBy { .. } => None,
        }
    }

    /// A ping came, which is what a client of revision 3 has to send.
    pub(crate) fn handle_ping(&mut self, now: Instant) {
        if let State::PingBy(deadline) = &mut self.state {
            *deadline = after(now, self.interval.saturating_add(self.timeout));
        }
    }

    /// A pong came. One that no ping asked for changes nothing, or a flood of
    /// them would put off the ping for ever.
    pub(crate) fn handle_pong(&mut self, now: Instant) {
        if let State::PongBy { .. } = self.state {
            self.state = State::PingAt(after(now, self.interval));
        }
    }

    /// Another packet came: the client is alive, but its pong may be stuck
    /// behind a large upload. Once for each ping this extends the deadline. In
    /// revision 3 only pings count.
    pub(crate) fn handle_other(&mut self, now: Instant) {
        if let State::PongBy { deadline, extended } = &mut self.state
            && !*extended
        {
            *deadline = after(now, self.timeout);
            *extended = true;
        }
    }

    /// Gives the client a whole timeout from `now`: its connection was not
    /// read, so what it sent could not come.
    pub(crate) fn excuse(&mut self, now: Instant) {
        match &mut self.state {
            State::PingAt(_) => {}
            State::PingBy(deadline) => *deadline = after(now, self.timeout).max(*deadline),
            State::PongBy { deadline, .. } => *deadline = after(now, self.timeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(300);
    const TIMEOUT: Duration = Duration::from_millis(200);

    fn heartbeat() -> (Heartbeat, impl Fn(u64) -> Instant) {
        heartbeat_of(Revision::V4)
    }

    fn heartbeat_of(revision: Revision) -> (Heartbeat, impl Fn(u64) -> Instant) {
        #[expect(
            clippy::disallowed_methods,
            reason = "an arbitrary origin for a fake clock"
        )]
        let start = Instant::now();
        let at = move |ms| start + Duration::from_millis(ms);
        (Heartbeat::new(revision, INTERVAL, TIMEOUT, start), at)
    }

    #[test]
    fn the_first_ping_leaves_one_interval_after_the_start() {
        let (mut heartbeat, at) = heartbeat();
        assert_eq!(heartbeat.poll(at(299)), None);
        assert_eq!(heartbeat.poll(at(300)), Some(Beat::Ping));
        assert_eq!(heartbeat.poll(at(300)), None);
    }

    #[test]
    fn a_late_ping_does_not_move_the_deadline() {
        let (mut heartbeat, at) = heartbeat();
        assert_eq!(heartbeat.poll(at(350)), Some(Beat::Ping));
        assert_eq!(heartbeat.poll(at(499)), None);
        assert_eq!(heartbeat.poll(at(500)), Some(Beat::Lost));
    }

    #[test]
    fn the_interval_restarts_from_the_pong() {
        let (mut heartbeat, at) = heartbeat();
        assert_eq!(heartbeat.poll(at(300)), Some(Beat::Ping));
        heartbeat.handle_pong(at(450));
        assert_eq!(heartbeat.deadline(), at(750));
    }

    #[test]
    fn an_unasked_pong_changes_nothing() {
        let (mut heartbeat, at) = heartbeat();
        heartbeat.handle_pong(at(299));
        assert_eq!(heartbeat.deadline(), at(300));
    }

    #[test]
    fn another_packet_extends_the_deadline_once() {
        let (mut heartbeat, at) = heartbeat();
        heartbeat.handle_other(at(100));
        assert_eq!(heartbeat.poll(at(300)), Some(Beat::Ping));
        heartbeat.handle_other(at(400));
        assert_eq!(heartbeat.deadline(), at(600));
        heartbeat.handle_other(at(500));
        assert_eq!(heartbeat.deadline(), at(600));
    }

    #[test]
    fn a_client_of_revision_three_has_to_ping() {
        let (mut heartbeat, at) = heartbeat_of(Revision::V3);
        assert_eq!(heartbeat.deadline(), at(500));
        heartbeat.handle_ping(at(400));
        heartbeat.handle_other(at(450));
        heartbeat.handle_pong(at(450));
        assert_eq!(heartbeat.poll(at(899)), None);
        assert_eq!(heartbeat.poll(at(900)), Some(Beat::Lost));
    }

    #[test]
    fn an_excuse_never_shortens_the_deadline_of_revision_three() {
        let (mut heartbeat, at) = heartbeat_of(Revision::V3);
        heartbeat.excuse(at(100));
        assert_eq!(heartbeat.deadline(), at(500));
        heartbeat.excuse(at(450));
        assert_eq!(heartbeat.deadline(), at(650));
    }
}
