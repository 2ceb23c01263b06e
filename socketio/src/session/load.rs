//! What a connection has to do, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::queue::Held;
use crate::Incoming;

/// What a connection has to do, counted: events from their arrival until
/// their handlers are done, and sockets that left until their last one is.
///
/// What is counted holds a guard, so that it is given back however it ends.
/// The numbers are atomic to let the guards move between threads with the
/// connection's task; nobody else looks at them.
#[derive(Default)]
pub(crate) struct Load(Arc<Counts>);

#[derive(Default)]
struct Counts {
    bytes: AtomicUsize,
    done: AtomicUsize,
    events: AtomicUsize,
    leaving: AtomicUsize,
    running: AtomicUsize,
    running_bytes: AtomicUsize,
}

impl Load {
    /// Counts an event that came.
    pub(crate) fn charge(&self, event: &Incoming) -> Charge {
        let bytes = cost(event);
        add(&self.0.bytes, bytes);
        add(&self.0.events, 1);
        Charge {
            bytes,
            counts: self.0.clone(),
        }
    }

    /// Counts a socket that left.
    pub(crate) fn leave(&self) -> Leaving {
        add(&self.0.leaving, 1);
        Leaving(self.0.clone())
    }

    /// Bytes of events that have not started.
    pub(crate) fn waiting_bytes(&self) -> usize {
        get(&self.0.bytes) - self.running_bytes()
    }

    /// Bytes of events that started and are not done.
    pub(crate) fn running_bytes(&self) -> usize {
        get(&self.0.running_bytes)
    }

    /// Changes whenever something is done.
    pub(crate) fn done(&self) -> usize {
        get(&self.0.done)
    }

    /// Sockets that left and are not done with.
    pub(crate) fn leaving(&self) -> usize {
        get(&self.0.leaving)
    }

    /// Events that started and are not done.
    pub(crate) fn running(&self) -> usize {
        get(&self.0.running)
    }

    /// Whether there are events that have not started.
    pub(crate) fn has_waiting(&self) -> bool {
        get(&self.0.events) > self.running()
    }
}

/// An event that waits.
pub(crate) struct Charge {
    bytes: usize,
    counts: Arc<Counts>,
}

impl Charge {
    /// The event starts.
    pub(crate) fn start(self) -> Place {
        add(&self.counts.running, 1);
        add(&self.counts.running_bytes, self.bytes);
        Place(self)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        sub(&self.counts.bytes, self.bytes);
        sub(&self.counts.events, 1);
        add(&self.counts.done, 1);
    }
}

/// An event that started.
pub(crate) struct Place(Charge);

impl Drop for Place {
    fn drop(&mut self) {
        sub(&self.0.counts.running, 1);
        sub(&self.0.counts.running_bytes, self.0.bytes);
    }
}

/// A socket that left, until its last handler is done.
pub(crate) struct Leaving(Arc<Counts>);

impl Drop for Leaving {
    fn drop(&mut self) {
        sub(&self.0.leaving, 1);
        add(&self.0.done, 1);
    }
}

/// The bytes that an event is counted with.
fn cost(event: &Incoming) -> usize {
    let args = event.args();
    event.name().len() + args.bytes() + size_of_val(args.attachments()) + OVERHEAD
}

/// Bytes that are counted for each event beside its content: its place in a
/// queue, of which half may be free, and what the allocator keeps for the two
/// pieces of text.
const OVERHEAD: usize = 2 * size_of::<Held>() + 32;

// One task changes them, so their order among each other is no question.
fn add(count: &AtomicUsize, n: usize) {
    count.fetch_add(n, Ordering::Relaxed);
}

fn sub(count: &AtomicUsize, n: usize) {
    count.fetch_sub(n, Ordering::Relaxed);
}

fn get(count: &AtomicUsize) -> usize {
    count.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Args;

    #[test]
    fn an_event_is_counted_until_it_is_done() {
        let load = Load::default();
        let args = Args::new("text").expect("it can be written");
        let event = Incoming::new("name".into(), args, None);
        let (first, second) = (load.charge(&event), load.charge(&event));
        assert!(load.has_waiting());
        let cost = 4 + r#"["text"]"#.len() + OVERHEAD;
        assert_eq!((load.waiting_bytes(), load.running_bytes()), (2 * cost, 0));
        let running = first.start();
        assert!(load.has_waiting() && load.running() == 1);
        assert_eq!((load.waiting_bytes(), load.running_bytes()), (cost, cost));
        drop(second);
        assert!(!load.has_waiting() && load.running() == 1);
        drop(running);
        assert_eq!((load.waiting_bytes(), load.running_bytes()), (0, 0));
        assert_eq!((load.running(), load.done()), (0, 2));
    }
}
