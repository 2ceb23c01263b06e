//! An event as it came, and the way to answer it.

use std::fmt;
use std::sync::Arc;

use bytestring::ByteString;

use crate::{Args, EmitError, Encoded, IntoArgs, Parser};

/// An event as it came: its arguments are not parsed, its answer not given.
///
/// A handler that takes it owns the answer: nothing is sent for it, whatever
/// it returns. It is what to forward an event with, to answer it later, or to
/// answer it with arguments of any number:
///
/// ```
/// use socketio::Incoming;
///
/// fn echo(event: Incoming) -> Result<(), socketio::EmitError> {
///     let args = event.args().clone();
///     event.ack(args)
/// }
/// ```
#[derive(Debug, Default)]
pub struct Incoming {
    acker: Option<Acker>,
    args: Args,
    name: ByteString,
}

impl Incoming {
    /// An event with its arguments, and its acker if an answer is asked for.
    pub(crate) fn new(name: ByteString, args: Args, acker: Option<Acker>) -> Self {
        Self { acker, args, name }
    }

    /// The event's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The arguments.
    pub fn args(&self) -> &Args {
        &self.args
    }

    /// The arguments, by value. Nobody can answer the event then.
    pub fn into_args(self) -> Args {
        self.args
    }

    /// Whether an answer is asked for, and nobody has taken the right to it.
    pub fn wants_ack(&self) -> bool {
        self.acker.is_some()
    }

    /// Takes the right to answer. `None` if the client asked for no answer, or
    /// if it was taken before.
    pub fn acker(&mut self) -> Option<Acker> {
        self.acker.take()
    }

    /// Answers the event. Does nothing if no answer is asked for.
    ///
    /// # Errors
    ///
    /// If the arguments cannot be written, or the socket has left.
    pub fn ack(self, args: impl IntoArgs) -> Result<(), EmitError> {
        self.acker.map_or(Ok(()), |acker| acker.send(args))
    }

    pub(crate) fn with_acker(self, acker: Option<Acker>) -> Self {
        Self { acker, ..self }
    }

    pub(crate) fn shared_name(&self) -> ByteString {
        self.name.clone()
    }

    /// The acker of a handler that does not own it.
    pub(crate) fn peek_acker(&self) -> Option<Acker> {
        self.acker.as_ref().map(|acker| Acker {
            id: acker.id,
            outlet: acker.outlet.clone(),
        })
    }

    /// Copies what is smaller than this many bytes out of the message that it
    /// came in, which it would keep whole.
    #[cfg(feature = "server")]
    pub(crate) fn detach(&mut self, below: usize) {
        if self.name.len() < below {
            self.name = ByteString::from(&*self.name);
        }
        self.args.detach(below);
    }

    pub(crate) fn take_args(&mut self) -> Args {
        std::mem::take(&mut self.args)
    }
}

/// The right to answer one event, once, from any task.
///
/// Dropping it answers nothing; the client waits then, or times out.
pub struct Acker {
    id: u64,
    outlet: Arc<dyn Outlet>,
}

impl Acker {
    pub(crate) fn new(id: u64, outlet: Arc<dyn Outlet>) -> Self {
        Self { id, outlet }
    }

    /// Answers: a tuple is several arguments, `()` none, anything else one.
    ///
    /// # Errors
    ///
    /// If the arguments cannot be written, or the socket has left.
    pub fn send(self, args: impl IntoArgs) -> Result<(), EmitError> {
        let outlet = &self.outlet;
        let packet = outlet.parser().encode_ack(outlet.nsp(), self.id, &args)?;
        outlet.send(packet)
    }
}

impl fmt::Debug for Acker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acker")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Where answers go: one end of a connection, in one namespace.
pub(crate) trait Outlet: Send + Sync {
    /// The namespace's name.
    fn nsp(&self) -> &str;

    /// How packets are written.
    fn parser(&self) -> Parser;

    fn send(&self, packet: Encoded) -> Result<(), EmitError>;
}
