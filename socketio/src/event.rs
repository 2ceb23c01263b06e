//! What an event is called, and what it carries.

use std::fmt;
use std::marker::PhantomData;

use crate::proto::encoder::is_reserved;
use crate::{DecodeError, FromArgs, Incoming};

/// An event whose payload and answer have types.
///
/// `A` is what the event carries: a tuple is several arguments, `()` none,
/// anything else one. `R` is what it is answered with. Declare it once, use it
/// at both ends; a handler or an emission that does not fit does not compile.
///
/// ```
/// use socketio::Event;
///
/// const SAY: Event<String, u64> = Event::new("say");
/// assert_eq!(SAY.name(), "say");
/// ```
pub struct Event<A, R = ()> {
    name: &'static str,
    types: PhantomData<fn(A) -> R>,
}

impl<A, R> Event<A, R> {
    /// An event of this name.
    ///
    /// # Panics
    ///
    /// If the name is reserved by the protocol. In a constant that is an error
    /// of the compiler:
    ///
    /// ```compile_fail,E0080
    /// const EVENT: socketio::Event<String> = socketio::Event::new("connect");
    /// # fn main() { EVENT.name(); }
    /// ```
    pub const fn new(name: &'static str) -> Self {
        assert!(
            !is_reserved(name),
            "a reserved event name: `connect`, `connect_error`, `disconnect`, `disconnecting`, \
             `newListener` and `removeListener` are the protocol's own"
        );
        Self {
            name,
            types: PhantomData,
        }
    }

    /// The event's name.
    ///
    /// ```
    /// # use socketio::Event;
    /// const SAY: Event<String> = Event::new("say");
    /// println!("{}: {}", SAY.name(), "hello");
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<A, R> Clone for Event<A, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, R> Copy for Event<A, R> {}

impl<A, R> fmt::Debug for Event<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Event").field(&self.name).finish()
    }
}

/// What names an event: a string names any, an [`Event`] exactly its own.
///
/// This trait and those that build on it are sealed.
///
/// ```
/// use socketio::{Event, Name};
///
/// fn title(event: impl Name) -> String {
///     format!("the event {}", event.as_str())
/// }
///
/// const SAY: Event<String> = Event::new("say");
/// assert_eq!(title(SAY), title("say"));
/// ```
pub trait Name: sealed::Sealed {
    /// The event's name.
    fn as_str(&self) -> &str;
}

/// An event that a handler of `D`, answering `R`, can listen to: an
/// [`Event<D, R>`](Event), or any string.
///
/// ```
/// use socketio::{Event, Listen, Server};
///
/// fn log_both(io: &Server, event: impl Listen<String, ()> + Copy) {
///     for name in ["/chat", "/admin"] {
///         io.of(name).on(event, async |_, text: String| println!("{text}"));
///     }
/// }
///
/// const LOG: Event<String> = Event::new("log");
/// # let io = Server::new(Default::default());
/// log_both(&io, LOG);
/// log_both(&io, "print");
/// ```
pub trait Listen<D, R>: Name {}

/// An event that can carry `P`: an `Event<P, _>`, or any string.
///
/// ```
/// use socketio::{Emit, EncodeError, Event, Server};
///
/// fn everywhere(io: &Server, event: impl Emit<u32> + Copy) -> Result<(), EncodeError> {
///     io.of("/chat").emit(event, 7)?;
///     io.of("/admin").emit(event, 7)
/// }
///
/// const LEVEL: Event<u32> = Event::new("level");
/// # let io = Server::new(Default::default());
/// everywhere(&io, LEVEL)?;
/// everywhere(&io, "height")?;
/// # Ok::<_, EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "the event does not carry `{P}`",
    label = "an event of another payload",
    note = "`Event<A, R>` carries an `A` or a `&A`; a name given as a string carries anything"
)]
pub trait Emit<P>: Name {}

/// An event that is answered with a `T`: an `Event<_, T>`, or any string.
///
/// ```
/// use socketio::{Ask, Emit, Event, Replies, Server};
///
/// fn count(io: &Server, event: impl Emit<()> + Ask<u64>) -> Replies<u64> {
///     io.emit_with_ack(event, ())
/// }
///
/// const TABS: Event<(), u64> = Event::new("tabs");
/// # let io = Server::new(Default::default());
/// let replies = count(&io, TABS);
/// # let _ = replies;
/// ```
#[diagnostic::on_unimplemented(
    message = "the event is not answered with `{T}`",
    label = "an event of another answer",
    note = "`Event<A, R>` is answered with an `R`; a name given as a string with anything"
)]
pub trait Ask<T>: Name {}

macro_rules! names {
    ($($string:ty),*) => {$(
        impl sealed::Sealed for $string {}

        impl Name for $string {
            fn as_str(&self) -> &str {
                self
            }
        }

        impl<D, R> Listen<D, R> for $string {}
        impl<P> Emit<P> for $string {}
        impl<T> Ask<T> for $string {}
    )*};
}

names!(&str, String, &String);

impl<A, R> sealed::Sealed for Event<A, R> {}

impl<A, R> Name for Event<A, R> {
    fn as_str(&self) -> &str {
        self.name
    }
}

impl<A, R> Listen<A, R> for Event<A, R> {}
impl<A, R> Emit<A> for Event<A, R> {}
impl<A, R> Emit<&A> for Event<A, R> {}
impl<A, R> Ask<R> for Event<A, R> {}

mod sealed {
    #[expect(unnameable_types, reason = "this is what seals the traits")]
    pub trait Sealed {}
}

/// What a handler can receive: any [`FromArgs`], or [`Incoming`] for the event
/// as it came. A type of your own can read more of the event than its arguments.
///
/// ```
/// use socketio::{Args, DecodeError, FromEvent, Incoming};
///
/// struct Named(String, Args);
///
/// impl FromEvent for Named {
///     fn from_event(event: &mut Incoming) -> Result<Self, DecodeError> {
///         Ok(Self(event.name().to_owned(), event.args().clone()))
///     }
/// }
/// # let io = socketio::Server::new(Default::default());
/// io.of("/").on("say", async |socket, Named(name, args): Named| {
///     socket.broadcast().emit(name, args)
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot receive `{Self}`",
    label = "this is not a payload",
    note = "a payload is any owned type with `serde::Deserialize` (a tuple: several arguments, \
            `()`: none), or `Args`, or `Incoming`",
    note = "for your own type add `#[derive(serde::Deserialize)]`; instead of a borrowed type \
            such as `&str` take `String`"
)]
pub trait FromEvent: Sized {
    /// Takes the payload out of an event. What takes the whole event owns the
    /// answer as well. It is called for each event, before its handler.
    ///
    /// # Errors
    ///
    /// If the arguments are not of this type. The handler is not called then: it is a
    /// [`Failure`](crate::Failure), as [`Cause::Decode`](crate::Cause::Decode).
    fn from_event(event: &mut Incoming) -> Result<Self, DecodeError>;
}

#[diagnostic::do_not_recommend]
impl<T: FromArgs> FromEvent for T {
    fn from_event(event: &mut Incoming) -> Result<Self, DecodeError> {
        // They stay in the event: if they do not fit, it is said what came.
        T::from_args(event.args().clone())
    }
}

impl FromEvent for Incoming {
    fn from_event(event: &mut Incoming) -> Result<Self, DecodeError> {
        Ok(std::mem::take(event))
    }
}
