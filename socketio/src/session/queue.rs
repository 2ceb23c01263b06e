//! Events that have not started.

use std::collections::VecDeque;

use super::load::Charge;
use crate::Incoming;

/// Events of one socket that have not started, in their order. They take little
/// more than they are counted with: what is not copied here is most of its buffer.
#[derive(Default)]
pub(crate) struct Queue(VecDeque<Held>);

/// An event that has not started.
pub(crate) type Held = (Incoming, Charge);

impl Queue {
    pub(crate) fn push(&mut self, mut event: Incoming, charge: Charge) {
        event.detach(DETACHED);
        self.0.push_back((event, charge));
    }

    pub(crate) fn pop(&mut self) -> Option<Held> {
        let next = self.0.pop_front();
        if self.0.len() < self.0.capacity() / 4 {
            self.0.shrink_to(2 * self.0.len());
        }
        next
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Bytes below which a part of an event is copied: the buffer of a websocket,
/// which holds many small messages, must not be kept for one.
pub(super) const DETACHED: usize = 1024;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use bytestring::ByteString;

    use super::*;
    use crate::Args;
    use crate::session::load::Load;

    #[test]
    fn what_a_burst_took_is_given_back() {
        let (mut queue, load) = (Queue::default(), Load::default());
        for _ in 0..1000 {
            let event = Incoming::default();
            let charge = load.charge(&event);
            queue.push(event, charge);
        }
        while queue.pop().is_some() {}
        assert!(queue.is_empty() && queue.0.capacity() == 0);
        assert_eq!(load.waiting_bytes(), 0);
    }

    #[test]
    fn an_event_that_waits_does_not_keep_the_buffer_it_came_in() {
        let buffer = Bytes::from(b"name".to_vec());
        let name = ByteString::try_from(buffer.clone()).expect("it is text");
        let event = Incoming::new(name, Args::default(), None);
        assert!(!buffer.is_unique());
        let charge = Load::default().charge(&event);
        let mut queue = Queue::default();
        queue.push(event, charge);
        assert!(buffer.is_unique());
        assert!(queue.pop().is_some_and(|(event, _)| event.name() == "name"));
    }
}
