//! The chat: what clients send, and who hears of it.
//!
//! | a client sends | who gets what |
//! |---|---|
//! | `chat` (anything) | everyone, the sender too: `chat` (the same) |
//! | `join_room` (roomId, name?) | the others in the room: `user_joined` `{roomId, socketId, name}`; the answer: `{roomId, members: [{socketId, name}]}` |
//! | `leave_room` (roomId), or it disconnects | the others in the room: `user_left` `{roomId, socketId, name}` |
//! | `message` `{roomId, message}` | the others in the room: `message` `{roomId, socketId, name, message, messageId}`; the answer: `{success: true, messageId}` |
//! | `typing` `{roomId, typing}` | the others in the room: `typing` `{roomId, socketId, name, typing}` |
//! | `get:online:count` | the answer: `{count}` |
//!
//! Who joins under another name than before is announced by `user_joined` in all
//! its rooms.
//!
//! In `/announcements`, `announce` (text) reaches everyone there as
//! `announcement` (text). What is not accepted, or is too much at a time, is told
//! to the sender alone: `error` `{message}`, and where it asked for an answer,
//! `{success: false, message}`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use socketio::{Ack, Args, BoxError, Cause, DisconnectReason, Failure, Limits, Server, Socket};
use tracing::{debug, error, info};

use crate::config::Config;
use crate::input::{self, Name, Room, Text};
use crate::{assets, presence, rate};

/// A server with the chat on it.
pub(crate) fn server(config: &Config) -> Server {
    let io = Server::new(
        socketio::Config::default()
            .client_files(assets::client())
            .shutdown_timeout(SHUTDOWN_TIMEOUT)
            .engine(|engine| {
                engine
                    .origins(config.origins())
                    .ping_interval(config.ping_interval)
                    .ping_timeout(config.ping_timeout)
            })
            .limits(Limits::default().rooms(ROOMS_PER_SOCKET)),
    );
    io.of("/")
        .on_event(rate::limit)
        .on_connect(connected)
        .on("chat", chat)
        .on("join_room", join_room)
        .on("leave_room", leave_room)
        .on("message", message)
        .on("typing", typing)
        .on("get:online:count", online_count)
        .on_disconnect(disconnected)
        .on_error(not_accepted);
    io.of("/announcements")
        .on_event(rate::limit)
        .on("announce", announce)
        .on_error(not_accepted);
    io
}

async fn connected(socket: Socket) {
    info!(id = socket.id(), "connected");
}

async fn chat(socket: Socket, payload: Args) -> Result<(), BoxError> {
    if payload.bytes() > CHAT_BYTES {
        return Err("this is too long".into());
    }
    socket.namespace().emit("chat", payload)?;
    Ok(())
}

async fn join_room(
    socket: Socket,
    (room, name): (Room, Option<Name>),
) -> Result<Ack<Value>, BoxError> {
    let _turn = presence::one_at_a_time();
    let is_new = presence::is_in(&socket, &room).is_err();
    socket.join(&room)?;
    if name.is_some_and(|name| presence::rename(&socket, name)) {
        tell_all(&socket, "user_joined")?;
    } else if is_new {
        tell_others(&socket, &room, "user_joined")?;
    }
    let members = presence::members(&socket, &room);
    Ok(Ack(json!({ "roomId": room, "members": members })))
}

async fn leave_room(socket: Socket, room: Room) -> Result<(), BoxError> {
    presence::is_in(&socket, &room)?;
    let _turn = presence::one_at_a_time();
    socket.leave(&room);
    tell_others(&socket, &room, "user_left")
}

async fn message(socket: Socket, payload: Message) -> Result<Ack<Value>, BoxError> {
    let Message { room_id, message } = payload;
    presence::is_in(&socket, &room_id)?;
    let (id, name, message_id) = (socket.id(), presence::name(&socket), message_id(&socket));
    let message = json!({
        "roomId": room_id, "socketId": id, "name": name, "message": message, "messageId": message_id,
    });
    socket.to(&room_id).emit("message", message)?;
    Ok(Ack(json!({ "success": true, "messageId": message_id })))
}

async fn typing(socket: Socket, payload: Typing) -> Result<(), BoxError> {
    let Typing { room_id, typing } = payload;
    presence::is_in(&socket, &room_id)?;
    let (id, name) = (socket.id(), presence::name(&socket));
    let typing = json!({ "roomId": room_id, "socketId": id, "name": name, "typing": typing });
    // Who cannot hear it now need not hear it later.
    socket.to(&room_id).volatile().emit("typing", typing)?;
    Ok(())
}

async fn online_count(socket: Socket, _: ()) -> Ack<Value> {
    Ack(json!({ "count": socket.namespace().socket_count() }))
}

async fn announce(socket: Socket, text: Text) -> Result<(), BoxError> {
    socket.namespace().emit("announcement", text)?;
    Ok(())
}

async fn disconnected(socket: Socket, reason: DisconnectReason) -> Result<(), BoxError> {
    info!(id = socket.id(), %reason, "disconnected");
    let _turn = presence::one_at_a_time();
    tell_all(&socket, "user_left")
}

/// Tells the client why, unless it is our fault.
async fn not_accepted(socket: Socket, mut failure: Failure) -> Result<(), BoxError> {
    if !socket.is_connected() {
        return Ok(());
    }
    let (id, event) = (socket.id(), failure.event());
    let why = match failure.cause() {
        Cause::Decode(error) => input::explain(error),
        Cause::Handler(error) | Cause::Refused(error) => error.to_string(),
        cause => {
            error!(id, event, %cause, "not handled");
            "something went wrong".to_owned()
        }
    };
    debug!(id, event, why, "not accepted");
    if let Some(acker) = failure.acker() {
        acker.send(json!({ "success": false, "message": why }))?;
    }
    socket.emit("error", json!({ "message": why }))?;
    Ok(())
}

/// Tells the others in a room who came or went.
fn tell_others(socket: &Socket, room: &Room, event: &str) -> Result<(), BoxError> {
    let (id, name) = (socket.id(), presence::name(socket));
    let who = json!({ "roomId": room, "socketId": id, "name": name });
    socket.to(room).emit(event, who)?;
    Ok(())
}

/// Tells the others in all rooms of a socket, also when one cannot be told.
fn tell_all(socket: &Socket, event: &str) -> Result<(), BoxError> {
    let rooms = presence::rooms(socket);
    let told = rooms.iter().map(|room| tell_others(socket, room, event));
    told.fold(Ok(()), Result::and)
}

/// An id that no other message has, nor had before a restart: a socket's id is
/// random.
fn message_id(sender: &Socket) -> String {
    static SENT: AtomicU64 = AtomicU64::new(0);
    let number = SENT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{number}", sender.id())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    room_id: Room,
    message: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typing {
    room_id: Room,
    typing: bool,
}

/// Bytes of a `chat` payload, which is passed on as it came: the longest name
/// and the longest message that the page shows.
const CHAT_BYTES: usize = 8 << 10;
/// Rooms that one client can be in at a time.
const ROOMS_PER_SOCKET: usize = 16;
/// How long a server that closes gives its clients and handlers: less than it has
/// itself.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;
