// The room: how we come and go, and what is said in it.

import { forgetTyping } from "./composer.js";
import { $, element, hideNotice, showNotice } from "./dom.js";
import { cut, NAME_LENGTH, TEXT_LENGTH } from "./input.js";
import { addMessage, addNote, clearMessages, showTitle } from "./messages.js";
import {
  addMember, forgetTypists, label, removeMember, setMembers, startTyping, stopTyping,
} from "./people.js";
import { announcements, me, socket } from "./session.js";
import { askOnlineCount } from "./status.js";

const ANSWER_MS = 10_000;

export function listen() {
  socket.on("connect", () => me.room && join());
  socket.on("disconnect", forgetTypists);

  socket.on("user_joined", ({ roomId, socketId, name }) => {
    if (roomId !== me.room || !addMember(socketId, name)) return;
    addNote(...label(socketId, name), " joined");
    askOnlineCount();
  });
  socket.on("user_left", ({ roomId, socketId, name }) => {
    if (roomId !== me.room) return;
    addNote(...label(socketId, name), " left");
    removeMember(socketId);
    askOnlineCount();
  });
  socket.on("message", ({ roomId, socketId, name, message }) => {
    if (roomId !== me.room) return;
    stopTyping(socketId);
    addMessage({ from: socketId, author: label(socketId, name), face: name, text: message });
  });
  socket.on("typing", ({ roomId, socketId, name, typing }) => {
    if (roomId !== me.room) return;
    if (typing) startTyping(socketId, name);
    else stopTyping(socketId);
  });
  // The server passes a `chat` payload on as it came, so nothing is sure about it, least of
  // all who wrote it.
  socket.on("chat", (payload) => {
    const { name, message } = payload ?? {};
    if (!me.room || typeof name !== "string" || typeof message !== "string") return;
    const signature = cut(name, NAME_LENGTH);
    const author = element("span", "claim", "Someone signing as ");
    author.append(element("bdi", "", signature));
    addMessage({
      from: `everyone:${signature}`,
      author: [author],
      text: cut(message, TEXT_LENGTH),
      tag: "to everyone",
    });
  });
  for (const each of [socket, announcements]) {
    each.on("error", ({ message }) => showNotice(message));
  }
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
  socket.timeout(ANSWER_MS).emit("join_room", me.room, me.name, (error, answer) => {
    if (me.room !== asked) return;
    if (answer?.members) entered(answer);
    else if (answer) showLobby();
    else if (socket.connected) tryAgain();
    // Else the next connection joins.
  });
}

function tryAgain() {
  showNotice("The server did not answer. Try again.");
  if ($("chat").hidden) showLobby();
  else join();
}

function entered({ roomId, members }) {
  const again = !$("chat").hidden;
  me.room = roomId; // as the server writes it
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
