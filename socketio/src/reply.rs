//! What a handler returns, and what the client hears of it.

use crate::{Acker, BoxError, Cause, EmitError, IntoArgs};

/// What a handler can return. The return value is the answer, where the
/// client asked for one:
///
/// - nothing answers with no argument;
/// - [`Ack(value)`](Ack) answers with the value;
/// - a `Result` answers with what its `Ok` holds. An `Err` answers nothing: it
///   goes to [`on_error`](crate::Namespace::on_error).
///
/// The error of a `Result` is anything that `?` turns into a boxed error:
/// `anyhow::Error`, a `String`, a `&str`, or any `std::error::Error`.
///
/// This trait is sealed.
///
/// ```
/// # use socketio::{BoxError, Config, Server};
/// use socketio::Ack;
///
/// # let io = Server::new(Config::default());
/// let chat = io.of("/chat");
/// chat.on("seen", async |_, ()| {});
/// chat.on("double", async |_, n: i64| Ack(n * 2));
/// chat.on("parse", async |_, text: String| -> Result<Ack<i64>, BoxError> {
///     Ok(Ack(text.parse()?))
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "this is not an answer",
    note = "return nothing, `Ack(value)`, or `Result<_, E>` of either, where `E` is `anyhow::Error`, \
            `String`, `&str` or any `std::error::Error`"
)]
pub trait Reply: sealed::Sealed {
    /// What the client is answered with: the `R` of an
    /// [`Event<A, R>`](crate::Event).
    type Value;

    #[doc(hidden)]
    fn answer(self, to: Option<Acker>) -> Result<(), Cause>;
}

/// An answer: a tuple is several arguments, `()` none, anything else one.
///
/// ```
/// # use socketio::{Config, Server};
/// use socketio::Ack;
///
/// # let io = Server::new(Config::default());
/// // In JavaScript: socket.emit("divide", 7, 2, (quotient, rest) => …)
/// io.of("/").on("divide", async |_, (a, b): (u32, u32)| Ack((a / b, a % b)));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ack<T>(pub T);

impl Reply for () {
    type Value = ();

    fn answer(self, to: Option<Acker>) -> Result<(), Cause> {
        send(to, ())
    }
}

impl<T: IntoArgs> Reply for Ack<T> {
    type Value = T;

    fn answer(self, to: Option<Acker>) -> Result<(), Cause> {
        send(to, self.0)
    }
}

impl<R: Reply, E: Into<BoxError>> Reply for Result<R, E> {
    type Value = R::Value;

    fn answer(self, to: Option<Acker>) -> Result<(), Cause> {
        match self {
            Ok(reply) => reply.answer(to),
            Err(error) => Err(Cause::Handler(error.into())),
        }
    }
}

/// A client that is gone needs no answer, and its handler did nothing wrong.
fn send(to: Option<Acker>, args: impl IntoArgs) -> Result<(), Cause> {
    match to.map(|acker| acker.send(args)) {
        Some(Err(EmitError::Encode(error))) => Err(Cause::Encode(error)),
        _ => Ok(()),
    }
}

mod sealed {
    use super::{Ack, Reply};

    #[expect(unnameable_types, reason = "this is what seals the trait")]
    pub trait Sealed {}

    impl Sealed for () {}
    impl<T> Sealed for Ack<T> {}
    impl<R: Reply, E> Sealed for Result<R, E> {}
}
