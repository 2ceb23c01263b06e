//! An event as it came, and the way to answer it.

use std::fmt;
use std::sync::Arc;

use bytestring::ByteString;

use crate::{Args, EmitError, EncodeError, Encoded, IntoArgs, Parser};

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
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_event(async |_, event| match event.name() {
    ///     name if name.starts_with("admin:") => Err("not for you"),
    ///     _ => Ok(event),
    /// });
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The arguments.
    pub fn args(&self) -> &Args {
        &self.args
    }

    /// The arguments, by value. Nobody can answer the event then.
    ///
    /// ```
    /// # use socketio::{Config, Incoming, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("say", async |socket, event: Incoming| {
    ///     socket.broadcast().emit("said", event.into_args())
    /// });
    /// ```
    pub fn into_args(self) -> Args {
        self.args
    }

    /// The event under another name: [middleware](crate::Namespace::on_event)
    /// has another handler handle it with that.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// // Of an older version of the page.
    /// io.of("/").on_event(async |_, event| match event.name() {
    ///     "msg" => Ok::<_, &str>(event.with_name("message")),
    ///     _ => Ok(event),
    /// });
    /// ```
    pub fn with_name(self, name: impl Into<String>) -> Self {
        let name = name.into().into();
        Self { name, ..self }
    }

    /// The event with other arguments: a tuple is several, `()` none, anything
    /// else one. Who is to answer it stays the same.
    ///
    /// # Errors
    ///
    /// If the arguments cannot be written.
    ///
    /// ```
    /// # use socketio::{BoxError, Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_event(async |_, event| {
    ///     if event.name() != "say" {
    ///         return Ok::<_, BoxError>(event);
    ///     }
    ///     let text: String = event.args().parse()?;
    ///     event.with_args(text.trim()).map_err(Into::into)
    /// });
    /// ```
    pub fn with_args(self, args: impl IntoArgs) -> Result<Self, EncodeError> {
        let args = Args::new(args)?;
        Ok(Self { args, ..self })
    }

    /// Whether an answer is asked for, and nobody has taken the right to it.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_event(async |_, event| {
    ///     let is_lost = event.name() == "save" && !event.wants_ack();
    ///     if is_lost { Err("how will you know?") } else { Ok(event) }
    /// });
    /// ```
    pub fn wants_ack(&self) -> bool {
        self.acker.is_some()
    }

    /// Takes the right to answer. `None` if the client asked for no answer, or
    /// if it was taken before.
    ///
    /// ```
    /// # use socketio::{BoxError, Config, Incoming, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on("load", async |_, mut event: Incoming| -> Result<(), BoxError> {
    ///     let page: u32 = event.args().parse()?;
    ///     match event.acker() {
    ///         Some(acker) => Ok(acker.send(("page", page))?),
    ///         None => Err("ask for an answer".into()),
    ///     }
    /// });
    /// ```
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
}

/// The right to answer one event, once, from any task.
///
/// Dropping it answers nothing; the client waits then, or times out.
///
/// ```
/// # use std::time::Duration;
/// # use socketio::{Config, Server};
/// use socketio::Incoming;
///
/// # let io = Server::new(Config::default());
/// io.of("/").on("wait", async |_, mut event: Incoming| {
///     let acker = event.acker();
///     tokio::spawn(async move {
///         tokio::time::sleep(Duration::from_secs(60)).await;
///         acker.map(|acker| acker.send("it is time"))
///     });
/// });
/// ```
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
