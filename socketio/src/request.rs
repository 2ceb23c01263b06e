//! A question to one client.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::ack::{Deadline, Pending, take_error};
use crate::{DecodeError, EmitError, FromArgs};

/// An event that was sent and whose answer is waited for.
///
/// It is sent already when the method that makes it returns; awaiting it
/// waits for the answer. Dropping it gives the answer up. Without a
/// [`timeout`](Self::timeout), or a
/// [default](crate::Config::ack_timeout) of one, it waits until the socket
/// leaves.
///
/// ```no_run
/// # use std::time::Duration;
/// # use socketio::{AckError, Socket};
/// # async fn ask(socket: Socket) -> Result<(), AckError> {
/// let name: String = socket
///     .emit_with_ack("what is your name?", ())
///     .timeout(Duration::from_secs(5))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "the event is sent, but its answer is given up when this is dropped"]
pub struct Request<T> {
    deadline: Deadline,
    state: Result<Pending, Option<EmitError>>,
    types: PhantomData<fn() -> T>,
}

impl<T: FromArgs> Request<T> {
    pub(crate) fn new(state: Result<Pending, EmitError>) -> Self {
        Self {
            deadline: Deadline::default(),
            state: state.map_err(Some),
            types: PhantomData,
        }
    }

    /// Waits for the answer no longer than this, counted from now, instead of
    /// [`Config::ack_timeout`](crate::Config::ack_timeout). With
    /// [`Duration::MAX`] it waits until the socket leaves.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.within(Some(timeout))
    }

    /// With the timeout of the configuration.
    pub(crate) fn within(mut self, timeout: Option<Duration>) -> Self {
        self.deadline = Deadline::after(timeout);
        self
    }
}

impl<T: FromArgs> Future for Request<T> {
    type Output = Result<T, AckError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let pending = match &mut this.state {
            Ok(pending) => pending,
            Err(error) => return Poll::Ready(Err(take_error(error))),
        };
        match pending.poll_next(cx) {
            Poll::Ready(Some(args)) => Poll::Ready(Ok(T::from_args(args)?)),
            Poll::Ready(None) => Poll::Ready(Err(AckError::Disconnected)),
            Poll::Pending => {
                ready!(this.deadline.poll(cx));
                Poll::Ready(Err(AckError::Timeout))
            }
        }
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
///
/// ```
/// # use std::time::Duration;
/// use socketio::{AckError, Socket};
///
/// async fn is_awake(socket: Socket) -> bool {
///     let answer = socket.emit_with_ack("awake?", ()).timeout(Duration::from_secs(1)).await;
///     match answer {
///         Ok(answer) => answer,
///         Err(AckError::Timeout | AckError::Disconnected) => false,
///         Err(error) => {
///             eprintln!("a client of another version? {error}");
///             false
///         }
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AckError {
    /// The answer is not of the type that was asked for.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The socket left before it answered.
    #[error("the socket left before it answered")]
    Disconnected,
    /// The event was not sent.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// The answer did not come in time.
    #[error("the answer did not come in time: see `Request::timeout` and `Config::ack_timeout`")]
    Timeout,
}
