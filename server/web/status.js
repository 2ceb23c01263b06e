// The header: whether and how we are connected, and how many are online.

import { $, calm } from "./dom.js";
import { announcements, me, socket } from "./session.js";

const ANSWER_MS = 10_000;
const COUNT_MS = 5_000;
const RETURN_MS = 3_000;
const CALM_MS = 300;

export function followConnection() {
  socket.on("connect", () => {
    showStatus("connected");
    $("lost").hidden = true;
    followTransport(socket.io.engine);
    askOnlineCount();
  });
  socket.on("disconnect", () => {
    me.joined = false;
    showStatus("reconnecting");
    $("transport").textContent = "";
    $("online").textContent = "–";
    showLost("Connection lost, trying again. You can write when it is back.");
  });
  socket.on("connect_error", () => {
    showStatus("reconnecting");
    if ($("lost").hidden) showLost("The server does not answer, trying again.");
  });
  // The client comes back by itself, but not to a server that sent it away.
  for (const each of [socket, announcements]) {
    each.on("disconnect", (reason) => {
      if (reason === "io server disconnect") setTimeout(() => each.connect(), RETURN_MS);
    });
  }
  setInterval(() => document.hidden || askOnlineCount(), COUNT_MS);
  document.addEventListener("visibilitychange", () => document.hidden || askOnlineCount());
}

export function showStatus(status) {
  $("status").textContent = status;
  $("link").dataset.state = status;
  $("people").dataset.state = status;
  $("send").disabled = !me.joined;
}

function showLost(text) {
  $("lost").textContent = text;
  $("lost").hidden = false;
}

export const askOnlineCount = calm(() => {
  if (!socket.connected) return;
  socket.timeout(ANSWER_MS).emit("get:online:count", (_error, answer) => {
    if (answer?.count) $("online").textContent = answer.count;
  });
}, CALM_MS);

function followTransport(engine) {
  const show = () => ($("transport").textContent = engine.transport.name);
  show();
  engine.on("upgrade", show);
}
