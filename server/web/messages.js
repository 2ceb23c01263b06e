// The list of messages, and the title that counts those nobody has seen.

import { $, avatar, element } from "./dom.js";
import { me } from "./session.js";

const MESSAGES_KEPT = 500;
const GROUP_MS = 3 * 60_000; // messages of one author closer than this share a heading

let following = true; // whether the reader is at the end
let lastTop = 0;
let unread = 0;

/** A line of the page's own; names are nodes, so that none can turn the text around. */
export function addNote(...parts) {
  const item = element("li", "note");
  item.append(...parts);
  append(item);
}

/**
 * A line somebody wrote. `author` is the nodes that say who, and `face` the name
 * that the avatar stands for, if it is known.
 */
export function addMessage({ from, author, face, text, mine = false, tag }) {
  const now = new Date();
  const item = element("li", mine ? "message mine" : "message");
  item.dataset.from = from;
  item.dataset.at = now.getTime();
  const last = $("messages").lastElementChild;
  const grouped = last?.dataset.from === from && now - last.dataset.at < GROUP_MS;
  if (grouped) item.classList.add("grouped");

  const head = element("p", grouped ? "head hush" : "head");
  head.append(...author);
  if (tag) head.append(element("span", "tag", tag));
  const time = element("time", "", now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = now.toISOString();
  head.append(time);

  const body = element("p", "body", text);
  body.dir = "auto";
  item.append(avatar(face), head, body);
  append(item, mine);
  if (document.hidden) {
    unread += 1;
    showTitle();
  }
  return item;
}

/** Says below a line of ours what became of it. */
export function showDelivery(item, delivery, remark) {
  item.dataset.delivery = delivery;
  item.querySelector(".fate")?.remove();
  if (remark) item.append(element("small", "fate", remark));
  if (following) scrollToEnd();
}

export function clearMessages() {
  $("messages").replaceChildren();
}

export function showTitle() {
  const news = unread ? `(${unread}) ` : "";
  document.title = `${news}${me.room ? `${me.room} · ` : ""}Chat`;
}

/** Adds a line, and follows it unless the reader has scrolled up. */
function append(item, follow = false) {
  const list = $("messages");
  list.append(item);
  while (list.childElementCount > MESSAGES_KEPT) list.firstElementChild.remove();
  if (follow || following) scrollToEnd();
  else $("latest").hidden = false;
}

function isAtEnd() {
  const { scrollTop, clientHeight, scrollHeight } = $("messages");
  return scrollHeight - scrollTop - clientHeight < 48;
}

function scrollToEnd() {
  following = true;
  $("messages").scrollTop = $("messages").scrollHeight;
  $("latest").hidden = true;
}

$("latest").addEventListener("click", scrollToEnd);

$("messages").addEventListener("scroll", ({ target }) => {
  // Only the reader scrolls up; a list that became shorter is still followed.
  following = isAtEnd() || (following && target.scrollTop >= lastTop);
  lastTop = target.scrollTop;
  if (following) $("latest").hidden = true;
});

// A banner or a keyboard that appears must not hide the newest line.
new ResizeObserver(() => following && scrollToEnd()).observe($("messages"));

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  showTitle();
});
