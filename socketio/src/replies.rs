//! A question to many clients.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::ack::{Deadline, Pending, take_error};
use crate::{AckError, EmitError, FromArgs};
use futures_util::Stream;

/// The replies to an event that was sent to several sockets.
///
/// A stream that ends when everyone has answered; who leaves before is not
/// waited for. It is sent already when the method that makes it returns.
/// Dropping it gives up the replies that are still to come.
///
/// ```no_run
/// # use std::time::Duration;
/// # use socketio::Namespace;
/// # async fn vote(chat: Namespace) {
/// let votes = chat
///     .to("members")
///     .emit_with_ack("vote", "tea or coffee?")
///     .timeout(Duration::from_secs(30))
///     .collect()
///     .await;
/// let votes: Vec<String> = votes.unwrap_or_else(|incomplete| incomplete.replies);
/// # }
/// ```
#[must_use = "the event is sent, but its replies are given up when this is dropped"]
pub struct Replies<T> {
    deadline: Deadline,
    /// `None` once the stream has ended.
    state: Option<Result<Pending, Option<EmitError>>>,
    types: PhantomData<fn() -> T>,
}

impl<T: FromArgs> Replies<T> {
    pub(crate) fn new(state: Result<Pending, EmitError>) -> Self {
        Self {
            deadline: Deadline::default(),
            state: Some(state.map_err(Some)),
            types: PhantomData,
        }
    }

    /// Waits for replies no longer than this, counted from now, instead of
    /// [`Config::ack_timeout`](crate::Config::ack_timeout). If some are
    /// missing then, the stream ends with [`AckError::Timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        self.within(Some(timeout))
    }

    /// With the timeout of the configuration.
    pub(crate) fn within(mut self, timeout: Option<Duration>) -> Self {
        self.deadline = Deadline::after(timeout);
        self
    }

    /// The next reply; `None` after the last. Dropping the future loses nothing.
    ///
    /// ```no_run
    /// # use socketio::{AckError, Server};
    /// # async fn first(io: Server) -> Option<Result<String, AckError>> {
    /// let mut replies = io.emit_with_ack("who is first?", ());
    /// replies.next().await
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<T, AckError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Waits for all replies, in the order of their arrival.
    ///
    /// # Errors
    ///
    /// With the replies that did come, if one did not come in time or does not
    /// fit the type, or if the event could not be written.
    pub async fn collect(mut self) -> Result<Vec<T>, Incomplete<T>> {
        let mut replies = Vec::new();
        let mut first_error = None;
        while let Some(reply) = self.next().await {
            match reply {
                Ok(reply) => replies.push(reply),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        match first_error {
            None => Ok(replies),
            Some(error) => Err(Incomplete { error, replies }),
        }
    }
}

impl<T: FromArgs> Stream for Replies<T> {
    type Item = Result<T, AckError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let last = match &mut this.state {
            None => return Poll::Ready(None),
            Some(Err(error)) => Some(Err(take_error(error))),
            Some(Ok(pending)) => match pending.poll_next(cx) {
                Poll::Ready(Some(args)) => {
                    return Poll::Ready(Some(T::from_args(args).map_err(AckError::Decode)));
                }
                Poll::Ready(None) => None,
                Poll::Pending => {
                    ready!(this.deadline.poll(cx));
                    Some(Err(AckError::Timeout))
                }
            },
        };
        this.state = None;
        Poll::Ready(last)
    }
}

impl<T> fmt::Debug for Replies<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replies")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Replies of which some are missing or do not fit: what
/// [`Replies::collect`] and [`Fetch`](crate::Fetch) fail with.
///
/// ```no_run
/// # use socketio::Server;
/// use socketio::Incomplete;
///
/// # async fn vote(io: Server) -> Vec<String> {
/// match io.emit_with_ack("tea or coffee?", ()).collect().await {
///     Ok(votes) => votes,
///     Err(Incomplete { error, replies }) => {
///         eprintln!("only {} votes: {error}", replies.len());
///         replies
///     }
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{} replies, then: {error}", .replies.len())]
pub struct Incomplete<T> {
    /// What went wrong first.
    #[source]
    pub error: AckError,
    /// The replies that did come.
    pub replies: Vec<T>,
}
