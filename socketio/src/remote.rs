//! The sockets of a cluster, wherever they are.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use futures_util::Stream;
use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::recovery::without_claim;
use crate::{
    AckError, Args, Ask, DecodeError, Emit, EncodeError, FromArgs, Handshake, Incomplete, IntoArgs,
    JoinError, Namespace, Replies, Request, Socket, Value,
};

/// A socket of any server of the cluster, as it was when it was asked for: see
/// [`Broadcast::fetch_sockets`](crate::Broadcast::fetch_sockets).
///
/// What it is told goes to its id, as with [`Namespace::to`], on any server.
/// Nobody says whether it was still there; only an answer tells.
///
/// ```no_run
/// # use socketio::Server;
/// # async fn warn(io: Server) -> Result<(), Box<dyn std::error::Error>> {
/// for socket in io.to("room").fetch_sockets().await? {
///     let user: Option<u32> = socket.data()?;
///     if user.is_none() {
///         socket.emit("bye", ())?;
///         socket.disconnect();
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct RemoteSocket {
    /// What the client told when it connected.
    pub handshake: Handshake,
    /// The socket's id.
    pub id: Arc<str>,
    /// The rooms that it was in, in the order in which it joined them.
    pub rooms: Vec<Arc<str>>,
    data: Args,
    namespace: Namespace,
}

impl RemoteSocket {
    /// The value that the application keeps with it: see [`Socket::set_data`].
    /// Without one it reads as `null`, so that an `Option` is `None`.
    ///
    /// ```no_run
    /// # use socketio::{DecodeError, RemoteSocket};
    /// # fn user(socket: &RemoteSocket) -> Result<(), DecodeError> {
    /// let user: Option<u64> = socket.data()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If it is not of this type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.data.get(0)
    }

    /// Emits an event to the client, if it is still there.
    ///
    /// ```no_run
    /// # use socketio::{EncodeError, RemoteSocket};
    /// # fn warn(socket: &RemoteSocket) -> Result<(), EncodeError> {
    /// socket.emit("warning", ("the room closes in", 5))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the event cannot be written.
    pub fn emit<P: IntoArgs>(&self, event: impl Emit<P>, args: P) -> Result<(), EncodeError> {
        self.namespace.to(&self.id).emit(event, args)
    }

    /// Emits an event that the client is to answer: see
    /// [`Socket::emit_with_ack`]. If it is gone, the answer is
    /// [`AckError::Disconnected`], once all servers said so. On a wire that loses
    /// messages better with a timeout.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use socketio::{AckError, RemoteSocket};
    /// # async fn ask(socket: RemoteSocket) -> Result<(), AckError> {
    /// let name = socket.emit_with_ack("your name?", ()).timeout(Duration::from_secs(5));
    /// let name: String = name.await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn emit_with_ack<P: IntoArgs, T: FromArgs>(
        &self,
        event: impl Emit<P> + Ask<T>,
        args: P,
    ) -> Request<T> {
        let target = self.namespace.to(&self.id);
        let sent = target.ask(event.as_str(), &args);
        Request::new(sent).within(self.namespace.config().ack_timeout)
    }

    /// Puts the socket into a room.
    ///
    /// ```no_run
    /// # use socketio::{JoinError, RemoteSocket};
    /// # fn play(socket: &RemoteSocket) -> Result<(), JoinError> {
    /// socket.leave("waiting");
    /// socket.join("playing")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Broadcast::join`](crate::Broadcast::join).
    pub fn join(&self, room: impl AsRef<str>) -> Result<(), JoinError> {
        self.namespace.to(&self.id).join(room)
    }

    /// Takes the socket out of a room.
    ///
    /// ```no_run
    /// # fn wait(socket: &socketio::RemoteSocket) {
    /// socket.leave("playing");
    /// # }
    /// ```
    pub fn leave(&self, room: impl AsRef<str>) {
        self.namespace.to(&self.id).leave(room);
    }

    /// Disconnects the client from the namespace.
    ///
    /// ```no_run
    /// # fn part(socket: &socketio::RemoteSocket) {
    /// socket.disconnect();
    /// # }
    /// ```
    pub fn disconnect(&self) {
        self.namespace.to(&self.id).disconnect();
    }

    /// Disconnects the client from all its namespaces, and closes its
    /// connection.
    ///
    /// ```no_run
    /// # fn part(socket: &socketio::RemoteSocket) {
    /// socket.close();
    /// # }
    /// ```
    pub fn close(&self) {
        self.namespace.to(&self.id).close();
    }
}

impl From<&Socket> for RemoteSocket {
    fn from(socket: &Socket) -> Self {
        Self {
            handshake: socket.handshake().clone(),
            id: socket.id().into(),
            rooms: socket.rooms(),
            data: socket.raw_data(),
            namespace: socket.namespace().clone(),
        }
    }
}

impl fmt::Debug for RemoteSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteSocket")
            .field("id", &self.id)
            .field("namespace", &self.namespace.name())
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}

/// The sockets of all servers that are meant, asked for when the method that
/// makes this returns.
///
/// Awaiting it gives those of this server and of all others, in no order.
/// Servers are waited for for 5 s, or as long as [`timeout`](Self::timeout)
/// says.
///
/// ```no_run
/// # use std::time::Duration;
/// # use socketio::Server;
/// # async fn count(io: Server) -> usize {
/// match io.fetch_sockets().timeout(Duration::from_secs(1)).await {
///     Ok(sockets) => sockets.len(),
///     Err(incomplete) => incomplete.replies.len(),
/// }
/// # }
/// ```
///
/// # Errors
///
/// The future gives [`Incomplete`], with the sockets that are known, if a
/// server did not answer in time.
#[derive(Debug)]
#[must_use = "the sockets are asked for, but not waited for when this is dropped"]
pub struct Fetch {
    error: Option<AckError>,
    namespace: Namespace,
    replies: Replies<Vec<Description>>,
    sockets: Vec<RemoteSocket>,
}

impl Fetch {
    /// With the sockets of this server, and what others were asked.
    pub(crate) fn new(
        namespace: Namespace,
        sockets: Vec<RemoteSocket>,
        replies: Replies<Vec<Description>>,
    ) -> Self {
        Self {
            error: None,
            namespace,
            replies,
            sockets,
        }
    }

    /// Waits no longer than this, counted from now.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.replies = self.replies.timeout(timeout);
        self
    }
}

impl Future for Fetch {
    type Output = Result<Vec<RemoteSocket>, Incomplete<RemoteSocket>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        while let Some(reply) = ready!(Pin::new(&mut this.replies).poll_next(cx)) {
            match reply {
                Ok(found) => {
                    let found = found.into_iter().map(|found| found.read(&this.namespace));
                    this.sockets.extend(found);
                }
                Err(error) => this.error = this.error.take().or(Some(error)),
            }
        }
        let sockets = std::mem::take(&mut this.sockets);
        Poll::Ready(match this.error.take() {
            None => Ok(sockets),
            Some(error) => Err(Incomplete {
                error,
                replies: sockets,
            }),
        })
    }
}

/// What one server tells another about a socket.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Description {
    id: String,
    rooms: Vec<String>,
    data: Value,
    auth: Value,
    /// Milliseconds since 1970.
    issued: u64,
    address: Option<SocketAddr>,
    headers: Vec<(String, String)>,
    uri: String,
}

impl Description {
    pub(crate) fn of(socket: &Socket) -> Self {
        let handshake = socket.handshake();
        let issued = handshake.issued.duration_since(SystemTime::UNIX_EPOCH);
        let headers = handshake.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        });
        Self {
            id: socket.id().to_owned(),
            rooms: socket.rooms().iter().map(ToString::to_string).collect(),
            data: read(&socket.raw_data()),
            auth: without_claim(&handshake.auth),
            issued: issued.map_or(0, |since| since.as_millis() as u64),
            address: handshake.address(),
            headers: headers.collect(),
            uri: handshake.uri().to_string(),
        }
    }

    /// What the description of a socket takes, about.
    pub(crate) fn bytes(socket: &Socket) -> usize {
        let handshake = socket.handshake();
        let headers = handshake.headers().iter();
        let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + 6);
        let rooms = socket
            .rooms()
            .iter()
            .map(|room| room.len() + 3)
            .sum::<usize>();
        200 + socket.raw_data().bytes() + handshake.auth.bytes() + headers.sum::<usize>() + rooms
    }

    fn read(self, namespace: &Namespace) -> RemoteSocket {
        let mut request = engineio::Handshake::default();
        request.address = self.address;
        request.uri = self.uri.parse().unwrap_or_default();
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::try_from(value))
            {
                request.headers.append(name, value);
            }
        }
        let issued = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(self.issued));
        let issued = issued.unwrap_or(SystemTime::UNIX_EPOCH);
        RemoteSocket {
            handshake: Handshake::copied(write(self.auth), issued, request),
            id: self.id.into(),
            rooms: self.rooms.into_iter().map(Into::into).collect(),
            data: write(self.data),
            namespace: namespace.clone(),
        }
    }
}

/// One value, or none, which is `null`.
fn read(args: &Args) -> Value {
    args.get(0).unwrap_or_default()
}

fn write(value: Value) -> Args {
    match value {
        Value::Null => Args::default(),
        value => Args::from_list([value]).unwrap_or_default(),
    }
}
