// The room: how we come and go, and what is said in it.

import { forgetTyping } from "./composer.js";
import { $, hideNotice, showNotice } from "./dom.js";
import { NAME_LENGTH, TEXT_LENGTH } from "./input.js";
import { addMessage, addNote, clearMessages, showTitle } from "./messages.js";
import { addMember, forgetTypists, removeMember, setMembers, startTyping, stopTyping } from "./people.js";
import { announcements, me, socket } from "./session.js";
import { askOnlineCount } from "./status.js";

export function listen() {
  socket.on("connect", () => me.room && join());
  socket.on("disconnect", forgetTypists);

  socket.on("user_joined", ({ roomId, socketId, name }) => {
    if (roomId !== me.room || !addMember(socketId, name)) return;
    addNote(`${name} joined`);
    askOnlineCount();
  });
  socket.on("user_left", ({ roomId, socketId, name }) => {
    if (roomId !== me.room) return;
    removeMember(socketId);
    addNote(`${name} left`);
    askOnlineCount();
  });
  socket.on("message", ({ roomId, socketId, name, message }) => {
    if (roomId !== me.room) return;
    stopTyping(socketId);
    addMessage({ from: socketId, name, text: message });
  });
  socket.on("typing", ({ roomId, socketId, name, typing }) => {
    if (roomId !== me.room) return;
    if (typing) startTyping(socketId, name);
    else stopTyping(socketId);
  });
  // The server passes a `chat` payload on as it came, so nothing is sure about it.
  socket.on("chat", (payload) => {
    const { name, message } = payload ?? {};
    if (!me.room || typeof name !== "string" || typeof message !== "string") return;
    const author = name.slice(0, NAME_LENGTH);
    const text = message.slice(0, TEXT_LENGTH);
    addMessage({ from: `everyone:${author}`, name: author, text, everyone: true });
  });
  socket.on("error", ({ message }) => {
    showNotice(message);
    if (me.room && !me.joined) showLobby();
  });
  announcements.on("announcement", (text) => {
    $("announcement-text").textContent = text;
    $("announcement").hidden = false;
  });
}

$("announcement-close").addEventListener("click", () => ($("announcement").hidden = true));

$("leave").addEventListener("click", () => {
  if (socket.connected) socket.emit("leave_room", me.room);
  showLobby();
});

export function join() {
  const asked = me.room;
  socket.emit("join_room", me.room, me.name, ({ members }) => {
    if (members && me.room === asked) entered(members);
  });
}

function entered(members) {
  const again = !$("chat").hidden;
  me.joined = true;
  hideNotice();
  setMembers(members);
  $("send").disabled = false;
  if (again) {
    addNote("You are back. What was written while you were away is not shown.");
    return;
  }
  $("lobby").hidden = true;
  $("chat").hidden = false;
  $("room-title").textContent = me.room;
  history.replaceState(null, "", `#${encodeURIComponent(me.room)}`);
  showTitle();
  addNote(members.length > 1 ? "You joined" : "You joined. Nobody else is here yet.");
  $("text").focus();
}

function showLobby() {
  me.room = null;
  me.joined = false;
  forgetTyping();
  forgetTypists();
  clearMessages();
  $("chat").hidden = true;
  $("lobby").hidden = false;
  $("join").disabled = false;
  showTitle();
  $("room").focus();
}
