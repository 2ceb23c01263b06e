// The chat page: state, what the server tells, what the user does.
//
// What other people wrote only ever becomes text: there is no innerHTML here.
"use strict";

const NAME_LENGTH = 32; // as the server has it
const ROOM_LENGTH = 64;
const TEXT_LENGTH = 2_000;
const MESSAGES_KEPT = 500;
const GROUP_MS = 3 * 60_000; // messages of one author closer than this share a heading
const TYPING_MS = 2_000; // how often a typist says so
const TYPING_SHOWN_MS = 4_000; // how long that is believed
const ACK_MS = 10_000;
const COUNT_MS = 5_000;

const $ = (id) => document.getElementById(id);

const state = {
  name: "",
  room: null, // the room we want to be in; joined again after a reconnect
  joined: false, // whether the server knows
  members: new Map(), // socket id -> name
  typists: new Map(), // socket id -> { name, timer }
  following: true, // whether the reader is at the end of the messages
  unread: 0,
};

let socket;
let announcements;

if (typeof io === "undefined") {
  $("missing").hidden = false;
  showStatus("offline");
} else {
  start();
}

function start() {
  $("lobby").hidden = false;
  $("name").value = remembered().slice(0, NAME_LENGTH);
  $("room").value = roomOfAddress().slice(0, ROOM_LENGTH) || $("room").value;
  ($("name").value ? $("room") : $("name")).focus();

  // `?transports=polling` tries the page as it is behind a proxy that blocks websockets.
  const transports = new URLSearchParams(location.search).get("transports")?.split(",");
  const options = transports ? { transports } : {};
  socket = io(options);
  announcements = io("/announcements", options); // shares the connection
  listen();
  setInterval(() => document.hidden || askOnlineCount(), COUNT_MS);
}

/** The room that the page's address names, as in `/#coffee`. */
function roomOfAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return ""; // a stray `%`
  }
}

// ---- what the server tells --------------------------------------------------

function listen() {
  socket.on("connect", () => {
    showStatus("connected");
    followTransport(socket.io.engine);
    askOnlineCount();
    if (state.room) joinRoom();
  });
  socket.on("disconnect", (reason) => {
    state.joined = false;
    showStatus(socket.active ? "reconnecting" : "disconnected");
    $("transport").textContent = "";
    $("online").textContent = "–";
    forgetTypists();
    // A server that ended the session on purpose is not tried again by the client itself.
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), 3_000);
  });
  socket.io.on("reconnect_attempt", () => showStatus("reconnecting"));
  socket.on("connect_error", () => showStatus("reconnecting"));

  socket.on("user_joined", ({ roomId, socketId, name }) => {
    if (roomId !== state.room) return;
    const isNew = !state.members.has(socketId); // or somebody with a new name
    state.members.set(socketId, name);
    showMembers();
    if (!isNew) return;
    addNote(`${name} joined`);
    askOnlineCount();
  });
  socket.on("user_left", ({ roomId, socketId, name }) => {
    if (roomId !== state.room) return;
    state.members.delete(socketId);
    stopTyping(socketId);
    showMembers();
    addNote(`${name} left`);
    askOnlineCount();
  });
  socket.on("message", ({ roomId, socketId, name, message }) => {
    if (roomId !== state.room) return;
    stopTyping(socketId);
    addMessage({ from: socketId, name, text: message });
  });
  socket.on("typing", ({ roomId, socketId, name, typing }) => {
    if (roomId !== state.room) return;
    if (typing) startTyping(socketId, name);
    else stopTyping(socketId);
  });
  // The server passes a `chat` payload on as it came, so nothing is sure about it.
  socket.on("chat", (payload) => {
    const { name, message } = payload ?? {};
    if (!state.room || typeof name !== "string" || typeof message !== "string") return;
    const author = name.slice(0, NAME_LENGTH);
    const text = message.slice(0, TEXT_LENGTH);
    addMessage({ from: `everyone:${author}`, name: author, text, everyone: true });
  });
  socket.on("error", ({ message }) => {
    showNotice(message);
    if (state.room && !state.joined) showLobby();
  });
  announcements.on("announcement", (text) => {
    $("announcement-text").textContent = text;
    $("announcement").hidden = false;
  });
}

function followTransport(engine) {
  const show = () => ($("transport").textContent = engine.transport.name);
  show();
  engine.on("upgrade", show);
}

function askOnlineCount() {
  if (!socket.connected) return;
  socket.timeout(ACK_MS).emit("get:online:count", (_error, answer) => {
    if (answer?.count) $("online").textContent = answer.count;
  });
}

// ---- what the user does -----------------------------------------------------

$("join-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  const room = $("room").value.trim();
  if (!name || !room) return;
  state.name = name;
  state.room = room;
  remember(name);
  hideNotice();
  $("join").disabled = true;
  if (socket.connected) joinRoom();
  else showNotice("Not connected yet: you join as soon as the server answers.");
});

$("leave").addEventListener("click", () => {
  if (socket.connected) socket.emit("leave_room", state.room);
  showLobby();
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || !state.joined) return;
  sendTo($("to").value, text);
  sayTyping(false);
  $("text").value = "";
  fitText();
  $("text").focus();
});

$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});

$("text").addEventListener("input", () => {
  fitText();
  sayTyping($("to").value === "room" && $("text").value.trim() !== "");
});

$("to").addEventListener("change", () => {
  const placeholder = {
    room: "Write a message",
    everyone: "Write to everyone in all rooms",
    announcement: "Announce to everyone",
  };
  $("text").placeholder = placeholder[$("to").value];
  sayTyping(false);
});

$("announcement-close").addEventListener("click", () => ($("announcement").hidden = true));
$("latest").addEventListener("click", scrollToEnd);
let lastTop = 0;
$("messages").addEventListener("scroll", ({ target }) => {
  // Only the reader scrolls up; a list that became shorter is still followed.
  state.following = isAtEnd() || (state.following && target.scrollTop >= lastTop);
  lastTop = target.scrollTop;
  if (state.following) $("latest").hidden = true;
});
// A banner or a keyboard that appears must not hide the newest line.
new ResizeObserver(() => state.following && scrollToEnd()).observe($("messages"));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  state.unread = 0;
  showTitle();
  if (socket) askOnlineCount();
});

function joinRoom() {
  const asked = state.room;
  socket.emit("join_room", state.room, state.name, ({ members }) => {
    if (members && state.room === asked) entered(members);
  });
}

/** The server's answer to `join_room`. */
function entered(members) {
  const again = !$("chat").hidden;
  state.joined = true;
  state.members = new Map(members.map(({ socketId, name }) => [socketId, name]));
  hideNotice();
  showMembers();
  $("send").disabled = false;
  if (again) {
    addNote("You are back. What was written while you were away is not shown.");
    return;
  }
  $("lobby").hidden = true;
  $("chat").hidden = false;
  $("room-title").textContent = state.room;
  history.replaceState(null, "", `#${encodeURIComponent(state.room)}`);
  showTitle();
  addNote(members.length > 1 ? "You joined" : "You joined. Nobody else is here yet.");
  $("text").focus();
}

function sendTo(whom, text) {
  if (whom === "everyone") {
    socket.emit("chat", { name: state.name, message: text });
  } else if (whom === "announcement") {
    announcements.emit("announce", text);
  } else {
    const item = addMessage({ from: socket.id, name: state.name, text, mine: true });
    item.dataset.delivery = "sending";
    socket.timeout(ACK_MS).emit("message", { roomId: state.room, message: text }, (error, answer) => {
      const failed = error || !answer.success;
      item.dataset.delivery = failed ? "failed" : "sent";
      if (failed) item.append(element("small", "failed", "Not delivered"));
    });
  }
}

let saidTyping = 0; // when we last said that we type, 0: not

function sayTyping(typing) {
  if (!state.joined) return;
  const now = Date.now();
  if (typing ? now - saidTyping < TYPING_MS : !saidTyping) return;
  saidTyping = typing ? now : 0;
  socket.emit("typing", { roomId: state.room, typing });
}

// ---- the page ---------------------------------------------------------------

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function showLobby() {
  state.room = null;
  state.joined = false;
  saidTyping = 0;
  forgetTypists();
  $("messages").replaceChildren();
  $("chat").hidden = true;
  $("lobby").hidden = false;
  $("join").disabled = false;
  showTitle();
  $("room").focus();
}

function showStatus(status) {
  $("status").textContent = status;
  $("link").dataset.state = status;
  $("send").disabled = !state.joined;
}

function showTitle() {
  const unread = state.unread ? `(${state.unread}) ` : "";
  document.title = `${unread}${state.room ? `${state.room} · ` : ""}Chat`;
}

let noticeTimer;

function showNotice(text) {
  $("notice").textContent = text;
  $("notice").hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(hideNotice, 8_000);
}

function hideNotice() {
  $("notice").hidden = true;
}

function avatar(name) {
  const mark = element("span", "avatar", [...name][0]?.toUpperCase());
  mark.setAttribute("aria-hidden", "true");
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) % 360;
  mark.style.setProperty("--hue", hash);
  return mark;
}

function showMembers() {
  const items = [...state.members]
    .sort(([, a], [, b]) => a.localeCompare(b))
    .map(([id, name]) => {
      const item = element("li");
      const label = element("bdi", "name", name);
      item.append(avatar(name), label);
      if (id === socket.id) item.append(element("span", "you", "you"));
      return item;
    });
  $("members").replaceChildren(...items);
  $("member-count").textContent = items.length;
}

function addNote(text) {
  append(element("li", "note", text));
}

function addMessage({ from, name, text, mine = false, everyone = false }) {
  const now = new Date();
  const item = element("li", mine ? "message mine" : "message");
  item.dataset.from = from;
  item.dataset.at = now.getTime();
  const last = $("messages").lastElementChild;
  const grouped = last?.dataset.from === from && now - last.dataset.at < GROUP_MS;
  if (grouped) item.classList.add("grouped");

  const head = element("p", grouped ? "head hush" : "head");
  head.append(element("bdi", "name", name));
  if (everyone) head.append(element("span", "tag", "to everyone"));
  const time = element("time", "", now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = now.toISOString();
  head.append(time);

  const body = element("p", "body", text);
  body.dir = "auto";
  item.append(avatar(name), head, body);
  append(item, mine);
  if (document.hidden) {
    state.unread += 1;
    showTitle();
  }
  return item;
}

/** Adds a line, and follows it unless the reader has scrolled up. */
function append(item, follow = false) {
  const list = $("messages");
  list.append(item);
  while (list.childElementCount > MESSAGES_KEPT) list.firstElementChild.remove();
  if (follow || state.following) scrollToEnd();
  else $("latest").hidden = false;
}

function isAtEnd() {
  const { scrollTop, clientHeight, scrollHeight } = $("messages");
  return scrollHeight - scrollTop - clientHeight < 48;
}

function scrollToEnd() {
  state.following = true;
  $("messages").scrollTop = $("messages").scrollHeight;
  $("latest").hidden = true;
}

/** The text field grows with its text, up to the height that the style allows. */
function fitText() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight + 2}px`;
}

function startTyping(id, name) {
  clearTimeout(state.typists.get(id)?.timer);
  const timer = setTimeout(() => stopTyping(id), TYPING_SHOWN_MS);
  state.typists.set(id, { name, timer });
  showTypists();
}

function stopTyping(id) {
  clearTimeout(state.typists.get(id)?.timer);
  if (state.typists.delete(id)) showTypists();
}

function forgetTypists() {
  for (const { timer } of state.typists.values()) clearTimeout(timer);
  state.typists.clear();
  showTypists();
}

function showTypists() {
  const names = [...state.typists.values()].map(({ name }) => name);
  const who = names.length > 3 ? ["Several people"] : names;
  const verb = names.length > 1 ? "are" : "is";
  $("typing").replaceChildren();
  if (!names.length) return;
  who.forEach((name, index) => {
    if (index > 0) $("typing").append(index === who.length - 1 ? " and " : ", ");
    $("typing").append(element("bdi", "", name));
  });
  $("typing").append(` ${verb} typing`, element("span", "dots"));
}

// ---- the name, kept for the next visit -----------------------------------------
// Storage may be switched off, which throws; the chat works without.

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
