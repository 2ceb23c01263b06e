// The form that asks for a name and a room.

import { $, hideNotice, showNotice } from "./dom.js";
import { cut, NAME_LENGTH, ROOM_LENGTH } from "./input.js";
import { join } from "./room.js";
import { me, socket } from "./session.js";

export function openLobby() {
  $("lobby").hidden = false;
  $("name").value = cut(remembered(), NAME_LENGTH);
  $("room").value = cut(roomOfAddress(), ROOM_LENGTH) || $("room").value;
  ($("name").value ? $("room") : $("name")).focus();
}

$("join-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  const room = $("room").value.trim();
  if (!name || !room) return;
  me.name = name;
  me.room = room;
  remember(name);
  hideNotice();
  $("join").disabled = true;
  if (socket.connected) join();
  else showNotice("Not connected yet: you join as soon as the server answers.");
});

/** The room that the page's address names, as in `/#coffee`. */
function roomOfAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return ""; // a stray `%`
  }
}

// The name is kept for the next visit. Storage may be switched off, which
// throws; the chat works without.

function remembered() {
  try {
    return localStorage.getItem("name") ?? "";
  } catch {
    return "";
  }
}

function remember(name) {
  try {
    localStorage.setItem("name", name);
  } catch {
    // The field stays empty next time.
  }
}
