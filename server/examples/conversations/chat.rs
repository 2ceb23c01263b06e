//! What clients send, and who hears of it. The events are in [`events`](crate::events).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use serde::Deserialize;
use socketio::{Ack, BoxError, EncodeError, Namespace, Socket};
use tracing::info;

use crate::events::{Count, Sent, from_client, to_client};
use crate::online;
use crate::tokens::Tokens;

/// Who may connect, and what happens then.
pub(crate) fn connections(chat: &Namespace, tokens: Tokens) {
    let tokens = std::sync::Arc::new(tokens);
    chat.middleware(async move |socket, auth: Auth| -> Result<(), BoxError> {
        let token = auth.token.filter(|token| !token.is_empty());
        let token = token.ok_or("No token provided")?;
        let user = tokens.user(&token).ok_or("Invalid token")?;
        // Whoever sends to this room reaches all tabs of the user.
        socket.join(room_of(&user))?;
        socket.extensions().insert(User(user));
        Ok(())
    });
    chat.on_connect(async |socket| -> Result<(), BoxError> {
        let (user_id, others) = (user(&socket), socket.broadcast());
        info!(id = socket.id(), user_id, "connected");
        online::came(&user_id, || {
            let user_id = user_id.clone();
            others.emit(to_client::USER_ONLINE, to_client::User { user_id })
        })?;
        let timestamp = socket.handshake().issued.duration_since(UNIX_EPOCH)?;
        let joined = to_client::Joined {
            user_id: user_id.clone(),
            timestamp: timestamp.as_millis().try_into()?,
        };
        others.emit(to_client::USER_JOINED, joined)?;
        let connected = to_client::Connected {
            socket_id: socket.id().into(),
            user_id,
        };
        socket.emit(to_client::CONNECTED, connected)?;
        Ok(())
    });
    chat.on_disconnect(async |socket, reason| {
        let (user_id, others) = (user(&socket), socket.broadcast());
        info!(id = socket.id(), user_id, %reason, "disconnected");
        online::left(&user_id, || {
            let user_id = user_id.clone();
            others.emit(to_client::USER_OFFLINE, to_client::User { user_id })
        })
    });
}

/// Whether somebody may be in a conversation, or write into it, is for the
/// application's database to say: here everybody may.
pub(crate) fn conversations(chat: &Namespace) {
    chat.on(from_client::CONVERSATION_JOIN, async |socket, id| {
        socket.join(conversation(&id))
    });
    chat.on(from_client::CONVERSATION_LEAVE, async |socket, id| {
        socket.leave(conversation(&id));
    });
    chat.on(
        from_client::MESSAGE_SEND,
        async |socket, sent| -> Result<Ack<Sent>, EncodeError> {
            let message = to_client::Message::Conversation {
                content: sent.content,
                sender_id: user(&socket),
            };
            let others = socket.to(conversation(&sent.conversation_id));
            others.emit(to_client::MESSAGE_NEW, message)?;
            Ok(Ack(Sent {
                success: true,
                message_id: message_id(&socket),
            }))
        },
    );
    chat.on(from_client::TYPING_START, async |socket, typing| {
        let others = socket.to(conversation(&typing.conversation_id));
        others.emit(to_client::TYPING_START, typing.by(user(&socket)))
    });
    chat.on(from_client::TYPING_STOP, async |socket, typing| {
        let others = socket.to(conversation(&typing.conversation_id));
        others.emit(to_client::TYPING_STOP, typing.by(user(&socket)))
    });
}

pub(crate) fn people(chat: &Namespace) {
    chat.on(from_client::PRIVATE_MESSAGE, async |socket, sent| {
        let message = to_client::Message::Private {
            content: sent.content,
            from: user(&socket),
        };
        let recipient = socket.to(room_of(&sent.recipient_user_id));
        recipient.emit(to_client::MESSAGE_NEW, message)
    });
    chat.on(from_client::MESSAGE_READ, async |socket, read| {
        let receipt = to_client::Read {
            message_id: read.message_id,
            read_by: user(&socket),
        };
        let sender = socket.to(room_of(&read.sender_id));
        sender.emit(to_client::MESSAGE_READ, receipt)
    });
    chat.on(from_client::GET_ONLINE_COUNT, async |socket, ()| {
        let count = socket.namespace().socket_count();
        Ack(Count { count })
    });
}

#[derive(Deserialize)]
struct Auth {
    token: Option<String>,
}

/// Whose socket it is.
#[derive(Clone)]
struct User(String);

fn user(socket: &Socket) -> String {
    let User(id) = socket.extensions().get().expect("middleware put it there");
    id
}

impl from_client::Typing {
    fn by(self, user_id: String) -> to_client::Typing {
        to_client::Typing {
            user_id,
            conversation_id: self.conversation_id,
        }
    }
}

// Clients name conversations; with these in front no name leads into another room.
fn conversation(id: &str) -> String {
    format!("conversation:{id}")
}

fn room_of(user: &str) -> String {
    format!("user:{user}")
}

/// An id that no other message has: that of a socket is random.
fn message_id(sender: &Socket) -> String {
    static SENT: AtomicU64 = AtomicU64::new(0);
    let number = SENT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{number}", sender.id())
}
