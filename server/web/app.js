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
  $("missing").hidden = false;
  showStatus("offline");
}
