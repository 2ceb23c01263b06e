//! Response bodies.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::shared::Shared;
use crate::{Delivery, Payload, Transport};

/// The body of a response: at most one piece, of a known length.
///
/// The answer to a poll is charged to its session until the HTTP layer has let
/// go of it; one that is dropped before it was read is an aborted poll, which
/// closes the session.
///
/// ```
/// use engineio::Body;
/// use http_body::Body as _;
///
/// let body = Body::from("ok");
/// assert_eq!(body.size_hint().exact(), Some(2));
/// ```
#[derive(Default)]
pub struct Body {
    data: Bytes,
    /// Whose poll this answers.
    poll: Option<Arc<Shared>>,
}

impl Body {
    pub(crate) fn payload(mut payload: Payload, shared: Arc<Shared>) -> Self {
        let length = payload.body.as_bytes().len();
        let figures = shared.figures();
        figures.sent(Transport::Polling, payload.packets, length);
        // In base64 or in a script, what was queued becomes longer. A packet that
        // was not queued is not charged.
        if payload.charge > 0 && payload.charge < length {
            shared.update(|session, _| session.charge_more(length - payload.charge));
            payload.charge = length;
        }
        let data = Bytes::from_owner(Charged {
            payload,
            shared: shared.clone(),
        });
        Self {
            data,
            poll: Some(shared),
        }
    }
}

impl From<Bytes> for Body {
    fn from(data: Bytes) -> Self {
        Self { data, poll: None }
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.poll = None;
        let data = std::mem::take(&mut self.data);
        Poll::Ready((!data.is_empty()).then(|| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.len() as u64)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(shared) = self.poll.take() {
            shared.update(|session, now| session.end_poll(0, Delivery::Aborted, now));
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("length", &self.data.len())
            .finish()
    }
}

/// A payload that gives its charge back when the last holder lets go of it.
struct Charged {
    payload: Payload,
    shared: Arc<Shared>,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        self.payload.body.as_bytes()
    }
}

impl Drop for Charged {
    fn drop(&mut self) {
        let charge = self.payload.charge;
        self.shared
            .update(|session, now| session.end_poll(charge, Delivery::Done, now));
    }
}
