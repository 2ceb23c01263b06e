// The text field: what we write, to whom, and whether it arrived.

import { $ } from "./dom.js";
import { addMessage, showDelivery } from "./messages.js";
import { label } from "./people.js";
import { announcements, me, socket } from "./session.js";

const CONFIRM_MS = 10_000; // an answer that takes longer is remarked on
const TYPING_MS = 2_000; // how often a typist says so

let saying; // until we say again that we type, a timer
let typedMore = false; // since we said so

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || !me.joined) return;
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

function sendTo(whom, text) {
  if (whom === "everyone") {
    socket.emit("chat", { name: me.name, message: text });
  } else if (whom === "announcement") {
    announcements.emit("announce", text);
  } else {
    sendToRoom(text);
  }
}

function sendToRoom(text) {
  const author = label(socket.id, me.name);
  const item = addMessage({ from: socket.id, author, face: me.name, text, mine: true });
  const settle = (delivery, remark) => {
    clearTimeout(timer);
    socket.off("disconnect", lost);
    showDelivery(item, delivery, remark);
  };
  // Late is not lost: only a connection that ended cannot confirm any more.
  const lost = () => settle("failed", "Not delivered");
  const timer = setTimeout(() => showDelivery(item, "unsure", "Not confirmed yet"), CONFIRM_MS);
  socket.on("disconnect", lost);
  showDelivery(item, "sending");
  socket.emit("message", { roomId: me.room, message: text }, ({ success, message }) => {
    if (success) settle("sent");
    else settle("failed", `Not delivered: ${message}`);
  });
}

export function forgetTyping() {
  clearTimeout(saying);
  saying = undefined;
}

function sayTyping(typing) {
  if (!me.joined) return;
  if (typing && saying) {
    typedMore = true;
    return;
  }
  if (!typing && !saying) return;
  forgetTyping();
  if (typing) saying = setTimeout(sayAgain, TYPING_MS);
  typedMore = false;
  socket.emit("typing", { roomId: me.room, typing });
}

function sayAgain() {
  saying = undefined;
  if (typedMore) sayTyping(true);
}

/** The text field grows with its text, up to the height that the style allows. */
function fitText() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight + 2}px`;
}
