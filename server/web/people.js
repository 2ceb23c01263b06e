// Who is in the room, and who types.

import { $, avatar, element } from "./dom.js";
import { socket } from "./session.js";

const TYPING_SHOWN_MS = 4_000; // how long somebody is believed to type

let members = new Map(); // socket id -> name
const typists = new Map(); // socket id -> { name, timer }

export function setMembers(list) {
  members = new Map(list.map(({ socketId, name }) => [socketId, name]));
  showMembers();
}

/** Adds somebody, or gives them another name. Tells whether they are new. */
export function addMember(id, name) {
  const isNew = !members.has(id);
  members.set(id, name);
  showMembers();
  return isNew;
}

export function removeMember(id) {
  members.delete(id);
  stopTyping(id);
  showMembers();
}

function showMembers() {
  const items = [...members]
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

export function startTyping(id, name) {
  clearTimeout(typists.get(id)?.timer);
  const timer = setTimeout(() => stopTyping(id), TYPING_SHOWN_MS);
  typists.set(id, { name, timer });
  showTypists();
}

export function stopTyping(id) {
  clearTimeout(typists.get(id)?.timer);
  if (typists.delete(id)) showTypists();
}

export function forgetTypists() {
  for (const { timer } of typists.values()) clearTimeout(timer);
  typists.clear();
  showTypists();
}

function showTypists() {
  const names = [...typists.values()].map(({ name }) => name);
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
