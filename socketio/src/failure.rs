//! A handler that failed.

use std::any::Any;
use std::fmt;

use bytestring::ByteString;

#[cfg(feature = "server")]
use crate::Socket;
#[cfg(feature = "server")]
use crate::told::Shortened;
use crate::told::{Escaped, Told};
use crate::{Acker, DecodeError, EncodeError};

/// Any error, as handlers and middleware return it. `?` makes one of any
/// `std::error::Error`, of a `String` and of a `&str`.
///
/// ```
/// # use socketio::{Config, Server};
/// use socketio::BoxError;
///
/// # let io = Server::new(Config::default());
/// io.of("/").on("load", async |socket, path: String| -> Result<(), BoxError> {
///     let number: u32 = path.strip_prefix("page/").ok_or("no page")?.parse()?;
///     socket.emit("page", number)?;
///     Ok(())
/// });
/// ```
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An event that was not handled to its end.
///
/// It is given to [`on_error`](crate::Namespace::on_error), which decides what
/// the client hears. Its `Display` is that of its [`cause`](Self::cause), which
/// quotes a payload that does not fit: it is for the client that sent it, and not
/// for a log.
///
/// ```
/// # use socketio::{Config, Server};
/// use socketio::Cause;
///
/// # let io = Server::new(Config::default());
/// io.of("/").on_error(async |_, mut failure| {
///     eprintln!("{:?} was not handled", failure.event());
///     let text = match failure.cause() {
///         Cause::Decode(_) | Cause::Refused(_) => failure.to_string(),
///         _ => "something went wrong here".to_owned(),
///     };
///     failure.acker().map_or(Ok(()), |acker| acker.send(text))
/// });
/// ```
#[derive(Debug)]
pub struct Failure {
    acker: Option<Acker>,
    cause: Cause,
    event: ByteString,
    misfit: Option<Box<Misfit>>,
}

/// What did not fit, in words that quote nothing of it.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// The type that the handler takes.
    pub(crate) expected: &'static str,
    pub(crate) came: String,
}

impl Failure {
    pub(crate) fn new(event: ByteString, cause: Cause, acker: Option<Acker>) -> Self {
        // Whoever keeps it is not to keep the message.
        let event = ByteString::from(&*event);
        Self {
            acker,
            cause,
            event,
            misfit: None,
        }
    }

    /// A payload is not what the handler takes.
    pub(crate) fn of_misfit(
        event: ByteString,
        error: DecodeError,
        misfit: Misfit,
        acker: Option<Acker>,
    ) -> Self {
        Self {
            misfit: Some(Box::new(misfit)),
            ..Self::new(event, Cause::Decode(error), acker)
        }
    }

    /// The name of the event; `connect` and `disconnect` for the handlers of
    /// [`on_connect`](crate::Namespace::on_connect) and
    /// [`on_disconnect`](crate::Namespace::on_disconnect), which no client can
    /// send.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// What went wrong.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Takes the right to answer the event. `None` if the client asked for no
    /// answer, or if the handler took the whole [`Incoming`](crate::Incoming).
    pub fn acker(&mut self) -> Option<Acker> {
        self.acker.take()
    }

    /// Logs it as it is without [`on_error`](crate::Namespace::on_error), for a
    /// hook that does something more.
    ///
    /// What the application does wrong is a warning, a panic an error; of those of
    /// one connection the 1st, the 2nd, the 4th and so on, as it can be the client
    /// that causes them. What a client does wrong is for those who look for it, at
    /// the level `debug`; but of each connection the first payload that does not fit
    /// is a warning: more often than a client, a handler's type is wrong. No error
    /// about a payload is quoted, as it quotes the payload.
    ///
    /// ```
    /// # use serde_json::json;
    /// # use socketio::{Cause, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_error(async |socket, failure| {
    ///     failure.log(&socket);
    ///     let message = match failure.cause() {
    ///         // What is our own fault is for the log alone.
    ///         Cause::Encode(_) | Cause::Panic(_) => "Something went wrong".to_owned(),
    ///         cause => cause.to_string(),
    ///     };
    ///     socket.emit("error", json!({ "message": message }))
    /// });
    /// ```
    #[cfg(feature = "server")]
    pub fn log(&self, socket: &Socket) {
        let Self {
            cause,
            event,
            misfit,
            ..
        } = self;
        let (event, id) = (Shortened(event), socket.id());
        let expected = misfit.as_ref().map(|misfit| misfit.expected);
        let came = misfit.as_ref().map(|misfit| &*misfit.came);
        match cause {
            Cause::Decode(_) if socket.is_first_misfit() => tracing::warn!(
                socket = id,
                ?event,
                expected,
                came,
                "payload does not fit the handler; `on_error` is told more"
            ),
            Cause::Decode(_) => {
                tracing::debug!(socket = id, ?event, expected, came, "event not handled");
            }
            Cause::Refused(_) => {
                tracing::debug!(socket = id, ?event, cause = %cause.told(), "event not handled");
            }
            Cause::Encode(_) | Cause::Handler(_) | Cause::Panic(_) => {
                let failures = socket.count_failure();
                let cause = cause.told();
                match self.cause {
                    _ if !failures.is_power_of_two() => {
                        tracing::debug!(socket = id, ?event, failures, %cause, "handler failed");
                    }
                    Cause::Panic(_) => {
                        tracing::error!(socket = id, ?event, failures, %cause, "handler panicked");
                    }
                    _ => tracing::warn!(socket = id, ?event, failures, %cause, "handler failed"),
                }
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.source()
    }
}

/// What went wrong with an event: what the client is at fault for, and what the
/// application is.
///
/// ```
/// use socketio::Cause;
///
/// fn is_ours(cause: &Cause) -> bool {
///     !matches!(cause, Cause::Decode(_) | Cause::Refused(_))
/// }
/// assert!(is_ours(&Cause::Panic("index out of bounds".into())));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The arguments are not what the handler takes: the client's fault.
    #[error(transparent)]
    Decode(DecodeError),
    /// The answer cannot be written.
    #[error("the answer cannot be written: {0}")]
    Encode(#[source] EncodeError),
    /// The handler returned an error.
    #[error(transparent)]
    Handler(BoxError),
    /// The handler panicked, with this message.
    #[error("panic: {0}")]
    Panic(String),
    /// [`on_event`](crate::Namespace::on_event) did not let the event pass.
    #[error(transparent)]
    Refused(BoxError),
}

impl Cause {
    pub(crate) fn panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Panic(text.unwrap_or_else(|| "of an unknown type".into()))
    }

    /// What a log can stand of it.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Decode(error) => Told(error).to_string(),
            Self::Handler(error) | Self::Refused(error) => Told(&**error).to_string(),
            Self::Encode(_) | Self::Panic(_) => Escaped(&self.to_string()).to_string(),
        }
    }
}
