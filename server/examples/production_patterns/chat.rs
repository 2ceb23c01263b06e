//! What clients send, and who hears of it.
//!
//! | a client sends | who gets what |
//! |---|---|
//! | `message` (data) | itself: `response` `{message, data}` |
//! | `broadcast` (data) | the others: `message` (data) |
//! | `announce` (data) | everyone: `announcement` (data) |
//! | `chat` `{message}` | itself: `chat_response` `{status, echo}` |
//! | `join_room` (roomId) | the others in the room: `user_joined` `{socketId, roomId}` |
//! | `leave_room` (roomId) | those in the room: `user_left` `{socketId}` |
//! | `room_message` `{roomId, message}` | the others in the room: `message` `{socketId, message}` |
//! | `room_announce` `{roomId, message}` | the room, with the sender: `announcement` `{socketId, message}` |
//! | `process` (people) | itself: `success` `{message}` |
//!
//! Whatever fails is told to the sender: `error` `{message}`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use socketio::{BoxError, Cause, Failure, Namespace, Socket, Value};
use tracing::{info, warn};

use crate::limit;
use crate::tokens::Tokens;

pub(crate) fn add(chat: &Namespace, tokens: Arc<Tokens>) {
    chat.middleware(
        async move |socket, auth: Option<Auth>| -> Result<(), BoxError> {
            let token = auth.and_then(|auth| auth.token);
            let token = token.or_else(|| socket.handshake().query("token"));
            let token = token
                .filter(|token| !token.is_empty())
                .ok_or("Authentication error: No token")?;
            let user = tokens
                .user(&token)
                .ok_or("Authentication error: Invalid token")?;
            socket.join(room_of(&user))?;
            Ok(())
        },
    );
    chat.on_connect(async |socket| info!(id = socket.id(), "connected"));
    chat.on_disconnect(async |socket, reason| {
        info!(id = socket.id(), %reason, "disconnected");
    });
    chat.on_event(limit::messages).on_error(failed);
    basics(chat);
    rooms(chat);
    chat.on(
        "process",
        async |socket, people: String| -> Result<(), BoxError> {
            let share = share(people.parse()?);
            info!(id = socket.id(), share, "processed");
            socket.emit("success", json!({ "message": "Processed" }))?;
            Ok(())
        },
    );
}

fn basics(chat: &Namespace) {
    chat.on("message", async |socket, data: Value| {
        let message = "Message received";
        socket.emit("response", Response { message, data })
    });
    chat.on("broadcast", async |socket, data: Value| {
        socket.broadcast().emit("message", data)
    });
    chat.on("announce", async |socket, data: Value| {
        socket.namespace().emit("announcement", data)
    });
    chat.on("chat", async |socket, Chat { message }| {
        let (status, echo) = ("ok", message);
        socket.emit("chat_response", ChatResponse { status, echo })
    });
}

fn rooms(chat: &Namespace) {
    chat.on(
        "join_room",
        async |socket, id: String| -> Result<(), BoxError> {
            socket.join(room(&id))?;
            let joined = json!({ "socketId": socket.id(), "roomId": id });
            socket.to(room(&id)).emit("user_joined", joined)?;
            Ok(())
        },
    );
    chat.on("leave_room", async |socket, id: String| {
        socket.leave(room(&id));
        let left = json!({ "socketId": socket.id() });
        socket.to(room(&id)).emit("user_left", left)
    });
    chat.on("room_message", async |socket, sent: RoomMessage| {
        let message = Said {
            socket_id: socket.id(),
            message: sent.message,
        };
        socket.to(room(&sent.room_id)).emit("message", message)
    });
    chat.on("room_announce", async |socket, sent: RoomMessage| {
        let message = Said {
            socket_id: socket.id(),
            message: sent.message,
        };
        let everyone = socket.namespace().to(room(&sent.room_id));
        everyone.emit("announcement", message)
    });
}

/// A handler that fails, or panics, harms nobody; its client hears of it.
async fn failed(socket: Socket, failure: Failure) -> Result<(), BoxError> {
    warn!(id = socket.id(), event = failure.event(), %failure, "failed");
    let message = match failure.cause() {
        // What is our own fault is for the log alone.
        Cause::Panic(_) => "Something went wrong".to_owned(),
        cause => cause.to_string(),
    };
    socket.emit("error", json!({ "message": message }))?;
    Ok(())
}

/// What each of so many people gets of a hundred.
fn share(people: u32) -> u32 {
    100 / people
}

/// The sockets of a user: all of the tabs.
pub(crate) fn room_of(user: &str) -> String {
    format!("user:{user}")
}

/// Clients name rooms; with this in front no name leads to the tabs of a user.
fn room(id: &str) -> String {
    format!("room:{id}")
}

#[derive(Deserialize)]
struct Auth {
    token: Option<String>,
}

#[derive(Deserialize)]
struct Chat {
    message: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoomMessage {
    room_id: String,
    message: Value,
}

// These hold anything that a client sent, files too: `json!` would make numbers of
// those.

#[derive(Serialize)]
struct Response {
    message: &'static str,
    data: Value,
}

#[derive(Serialize)]
struct ChatResponse {
    status: &'static str,
    echo: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Said<'a> {
    socket_id: &'a str,
    message: Value,
}
