// Who is in the room, and who types.

import { $, avatar, calm, element } from "./dom.js";
import { socket } from "./session.js";

const CALM_MS = 100;
const TYPING_SHOWN_MS = 4_000; // how long somebody is believed to type

let members = new Map(); // socket id -> name
let bearers = new Map(); // plain name -> socket ids
const typists = new Map(); // socket id -> { name, timer }

export function setMembers(list) {
  members = new Map(list.map(({ socketId, name }) => [socketId, name]));
  membersChanged();
}

/** Adds somebody, or gives them another name. Tells whether they are new. */
export function addMember(id, name) {
  const isNew = !members.has(id);
  members.set(id, name);
  membersChanged();
  return isNew;
}

export function removeMember(id) {
  members.delete(id);
  stopTyping(id);
  membersChanged();
}

/** What somebody is called: the name, and part of the id where others have the same. */
export function label(id, name) {
  const nodes = [element("bdi", "name", name)];
  const ids = bearers.get(plain(name));
  if (ids?.some((other) => other !== id)) nodes.push(element("span", "id", `#${id.slice(0, 4)}`));
  return nodes;
}

function membersChanged() {
  bearers = new Map();
  for (const [id, name] of members) {
    const ids = bearers.get(plain(name));
    if (ids) ids.push(id);
    else bearers.set(plain(name), [id]);
  }
  showMembers();
}

/** Names that look much the same are the same here. */
function plain(name) {
  return name.normalize("NFKC").toLowerCase();
}

const showMembers = calm(() => {
  const items = [...members]
    .sort(([, a], [, b]) => a.localeCompare(b))
    .map(([id, name]) => {
      const item = element("li");
      item.append(avatar(name), ...label(id, name));
      if (id === socket.id) item.append(element("span", "you", "you"));
      return item;
    });
  $("members").replaceChildren(...items);
  $("member-count").textContent = items.length;
}, CALM_MS);

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
