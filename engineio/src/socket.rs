//! A session as its application holds it.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::shared::{Shared, Wake};
use crate::{
    Class, Close, CloseReason, Event, Handshake, Message, Revision, SendError, Sid, Transport,
};

/// A session as its application holds it.
///
/// A cheap clone of one `Arc`; dropping clones does nothing. The session ends
/// when its handler returns, when it is [closed](Self::close), or when the
/// client is gone.
///
/// ```
/// use engineio::{Config, Engine, Message};
///
/// let engine = Engine::new(Config::default(), async |socket| {
///     println!("{} over {}, revision {}", socket.sid(), socket.transport(), socket.revision());
///     let path = socket.handshake().uri.path();
///     println!("from {:?} at {path}", socket.handshake().address);
///     while let Some(message) = socket.recv().await {
///         let answer = match message {
///             Message::Text(text) => Message::from(text.to_uppercase()),
///             data => data,
///         };
///         if socket.send(answer).is_err() {
///             break;
///         }
///     }
///     println!("closed: {:?}", socket.close_reason());
/// });
/// ```
#[derive(Clone)]
pub struct Socket(pub(crate) Arc<Shared>);

impl Socket {
    /// The session's id, a secret between it and its client.
    pub fn sid(&self) -> &Sid {
        self.0.sid()
    }

    /// The request that opened the session.
    pub fn handshake(&self) -> &Handshake {
        self.0.handshake()
    }

    /// The revision of the protocol that the client speaks.
    pub fn revision(&self) -> Revision {
        self.0.read(|session| session.hello().revision)
    }

    /// The transport that the session is on.
    pub fn transport(&self) -> Transport {
        self.0.read(|session| session.transport())
    }

    /// The next message; `None` once the session is closed and all that came
    /// before was taken.
    ///
    /// Dropping the future loses nothing. A message may share the buffer that it
    /// was read into, which is not much longer than it, or a kilobyte.
    pub async fn recv(&self) -> Option<Message> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// As [`recv`](Self::recv), for hand-written futures.
    ///
    /// ```
    /// use std::future::poll_fn;
    /// # use engineio::{Message, Socket};
    ///
    /// async fn next_of(a: Socket, b: Socket) -> Option<Message> {
    ///     poll_fn(|cx| {
    ///         let first = a.poll_recv(cx);
    ///         if first.is_ready() { first } else { b.poll_recv(cx) }
    ///     })
    ///     .await
    /// }
    /// ```
    pub fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.0.poll_recv(cx, |session, now| {
            loop {
                match session.poll_event(now) {
                    Some(Event::Message(message)) => return Poll::Ready(Some(message)),
                    Some(Event::Upgraded) => {}
                    Some(Event::Closed(_)) => return Poll::Ready(None),
                    None if session.close_reason().is_some() => return Poll::Ready(None),
                    None => return Poll::Pending,
                }
            }
        })
    }

    /// Queues a message. It never waits.
    ///
    /// ```
    /// # use engineio::{SendError, Socket};
    /// fn greet(socket: &Socket) -> Result<(), SendError> {
    ///     socket.send("hello")?;
    ///     socket.send(vec![0xff, 0xd8])
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// If the session is closed or closing, or if its client has left more
    /// unread than [`budget`](crate::Limits::budget), which closes it.
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.send_all(&[message.into()])
    }

    /// Queues messages next to each other, all or none.
    ///
    /// ```
    /// # use engineio::{Message, SendError, Socket};
    /// fn show(socket: &Socket, image: Vec<u8>) -> Result<(), SendError> {
    ///     socket.send_all(&[Message::from("an image follows"), image.into()])
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_all(&self, messages: &[Message]) -> Result<(), SendError> {
        self.0
            .send_quietly(|session| session.send(messages, Class::Reliable))
            .0
    }

    /// Queues messages only if nothing is queued and the transport can take
    /// them now; all or none.
    ///
    /// ```
    /// # use engineio::{Message, SendError, Socket};
    /// fn tick(socket: &Socket, position: &str) -> Result<(), SendError> {
    ///     match socket.send_volatile(&[Message::from(position)]) {
    ///         // The next one says more.
    ///         Err(SendError::Dropped) => Ok(()),
    ///         sent => sent,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`SendError::Dropped`] if they cannot leave now.
    pub fn send_volatile(&self, messages: &[Message]) -> Result<(), SendError> {
        self.0
            .send_quietly(|session| session.send(messages, Class::Volatile))
            .0
    }

    /// Queues messages next to each other, all or none, in place of those that
    /// were sent with the same key and that the client's connection has not
    /// taken yet: for a state of which only the newest counts.
    ///
    /// They go to the end. Sending none takes back those that wait.
    ///
    /// ```
    /// # use engineio::{Message, SendError, Socket};
    /// fn quote(socket: &Socket, share: &str, price: f64) -> Result<(), SendError> {
    ///     socket.send_keyed(share, &[Message::from(format!("{share} {price}"))])
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`SendError::Dropped`] if no messages of this key
    /// wait and the socket is not [ready](Self::ready), or if they would exceed
    /// the budget. What was sent before is not touched then.
    pub fn send_keyed(&self, key: &str, messages: &[Message]) -> Result<(), SendError> {
        self.0
            .send_quietly(|session| session.send(messages, Class::Keyed(key)))
            .0
    }

    /// Queues messages next to each other, all or none, and wakes nobody before
    /// the returned [`Wake`] is dropped.
    ///
    /// For callers that hold a lock of their own, under which whoever is woken
    /// must not run.
    ///
    /// ```
    /// # use std::sync::Mutex;
    /// use engineio::{Class, Message, SendError, Socket};
    ///
    /// fn count(sent: &Mutex<u64>, socket: &Socket) -> Result<(), SendError> {
    ///     let (queued, wake) = {
    ///         let mut sent = sent.lock().expect("nobody panics under it");
    ///         *sent += 1;
    ///         socket.queue(&[Message::from(sent.to_string())], Class::Reliable)
    ///     };
    ///     drop(wake);
    ///     queued
    /// }
    /// ```
    pub fn queue(&self, messages: &[Message], class: Class<'_>) -> (Result<(), SendError>, Wake) {
        self.0.send_quietly(|session| session.send(messages, class))
    }

    /// As [`queue`](Self::queue), of one message that nobody else is sent: it is
    /// moved, where a list of messages is shared.
    ///
    /// ```
    /// use engineio::{Class, SendError, Socket};
    ///
    /// fn greet(socket: &Socket) -> Result<(), SendError> {
    ///     let (queued, _wake) = socket.queue_one("hello".into(), Class::Reliable);
    ///     queued
    /// }
    /// ```
    pub fn queue_one(&self, message: Message, class: Class<'_>) -> (Result<(), SendError>, Wake) {
        self.0
            .send_quietly(|session| session.send_one(message, class))
    }

    /// Waits until less is buffered than the
    /// [high-water mark](crate::Limits::high_water). `false` if the session is
    /// closed.
    ///
    /// ```
    /// # use engineio::Socket;
    /// async fn download(socket: Socket, chunks: Vec<Vec<u8>>) {
    ///     for chunk in chunks {
    ///         if !socket.ready().await || socket.send(chunk).is_err() {
    ///             return;
    ///         }
    ///     }
    /// }
    /// ```
    pub async fn ready(&self) -> bool {
        poll_fn(|cx| self.0.poll_ready(cx)).await
    }

    /// Bytes that the client has not taken yet, with 64 for each packet, and the
    /// keys of those that have one.
    ///
    /// ```
    /// # use engineio::{Close, Socket};
    /// fn is_behind(sockets: &[Socket]) -> usize {
    ///     sockets.iter().filter(|socket| socket.buffered() > 100_000).count()
    /// }
    /// ```
    pub fn buffered(&self) -> usize {
        self.0.read(|session| session.buffered())
    }

    /// Closes the session. The client may connect again.
    ///
    /// ```
    /// # use engineio::{Close, Socket};
    /// fn expel(socket: &Socket) {
    ///     if socket.send("you are banned").is_ok() {
    ///         socket.close(Close::Flush);
    ///     }
    /// }
    /// ```
    pub fn close(&self, how: Close) {
        self.0.update(|session, now| session.close(how, now));
    }

    /// Why the session ended; `None` while it has not.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.0.read(|session| session.close_reason())
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("sid", self.sid())
            .field("transport", &self.transport())
            .finish_non_exhaustive()
    }
}
