// Starts the chat, if the client is there.

import { $ } from "./dom.js";
import { openLobby } from "./lobby.js";
import { listen } from "./room.js";
import { socket } from "./session.js";
import { followConnection, showStatus } from "./status.js";

if (socket) {
  openLobby();
  followConnection();
  listen();
} else {
  showStatus("offline");
  const answer = await fetch("/socket.io/socket.io.min.js", { method: "HEAD" }).catch(() => null);
  $(answer?.ok === false ? "missing" : "unloaded").hidden = false;
}
