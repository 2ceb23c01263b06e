// The header: whether and how we are connected, and how many are online.

import { $ } from "./dom.js";
import { me, socket } from "./session.js";

const ANSWER_MS = 10_000;
const COUNT_MS = 5_000;
const RETURN_MS = 3_000;

export function followConnection() {
  socket.on("connect", () => {
    showStatus("connected");
    followTransport(socket.io.engine);
    askOnlineCount();
  });
  socket.on("disconnect", (reason) => {
    me.joined = false;
    showStatus(socket.active ? "reconnecting" : "disconnected");
    $("transport").textContent = "";
    $("online").textContent = "–";
    // A server that ended the session on purpose is not tried again by the client itself.
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), RETURN_MS);
  });
  socket.io.on("reconnect_attempt", () => showStatus("reconnecting"));
  socket.on("connect_error", () => showStatus("reconnecting"));
  setInterval(() => document.hidden || askOnlineCount(), COUNT_MS);
  document.addEventListener("visibilitychange", () => document.hidden || askOnlineCount());
}

export function showStatus(status) {
  $("status").textContent = status;
  $("link").dataset.state = status;
  $("send").disabled = !me.joined;
}

export function askOnlineCount() {
  if (!socket.connected) return;
  socket.timeout(ANSWER_MS).emit("get:online:count", (_error, answer) => {
    if (answer?.count) $("online").textContent = answer.count;
  });
}

function followTransport(engine) {
  const show = () => ($("transport").textContent = engine.transport.name);
  show();
  engine.on("upgrade", show);
}
