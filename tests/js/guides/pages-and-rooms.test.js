// The page and Socket.IO from one server, with a room and a second namespace.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { join, printed, start } from "../support/guides.js";
import { ask } from "../support/raw.js";

const WELCOME = ["message", "Welcome to Socket.io with Express"];
const NEWCOMER = ["message", "A new user has joined the chat"];
const IN_ROOM = ["message", "A user has joined room1"];

describe("the server of pages and rooms", () => {
  it("serves the page and its files, and no others", async (t) => {
    const { url } = await start(t, "pages_and_rooms");
    const get = (path) => ask(new URL(path, url));
    const page = await get("/");
    assert.match(page.headers["content-type"], /^text\/html/);
    for (const [, path] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      assert.equal((await get(path)).status, 200, path);
    }
    assert.match((await get("/page.js")).headers["content-type"], /javascript/);
    assert.equal((await get("/main.rs")).status, 404);
    assert.equal((await ask(`${url}/%2e%2e/main.rs`)).status, 404);
  });

  it("listens where PORT says", async (t) => {
    const free = await start(t, "pages_and_rooms");
    await free.stop();
    const { url } = await start(t, "pages_and_rooms", { PORT: new URL(free.url).port });
    assert.equal(url, free.url);
    assert.equal((await ask(url)).status, 200);
  });

  it("welcomes a client, then tells the others, then the others in the room", async (t) => {
    const { url } = await start(t, "pages_and_rooms");
    const ada = await join(t, url);
    const grace = await join(t, url);
    ada.emit("userMessage", "hello");
    assert.deepEqual(await ada.until("userMessage", "hello"), [WELCOME, NEWCOMER, IN_ROOM]);
    assert.deepEqual(await grace.until("userMessage", "hello"), [WELCOME]);
  });

  it("passes a message on to everyone, the sender too", async (t) => {
    const { url } = await start(t, "pages_and_rooms");
    const [ada, grace] = await Promise.all([join(t, url), join(t, url)]);
    grace.emit("userMessage", "hello");
    for (const person of [ada, grace]) await person.until("userMessage", "hello");
  });

  it("has another namespace, with handlers of its own", async (t) => {
    const { url } = await start(t, "pages_and_rooms");
    const main = await join(t, url);
    const [ada, grace] = await Promise.all(
      [0, 1].map(() => join(t, `${url}/my-namespace`)),
    );
    // What the first namespace knows, this one does not.
    ada.emit("userMessage", "nobody hears this");
    ada.emit("message", "hello");
    for (const person of [ada, grace]) {
      assert.deepEqual(await person.until("message", "hello"), [["message", "Welcome to my-namespace"]]);
    }
    main.emit("userMessage", "in the first one");
    assert.deepEqual(await main.until("userMessage", "in the first one"), [WELCOME]);
  });

  it("logs why a client left, and what failed", async (t) => {
    const server = await start(t, "pages_and_rooms");
    const { id, socket, emit } = await join(t, server.url);
    await printed(server, new RegExp(` connected id="${id}"`));
    emit("userMessage", { not: "a text" });
    await printed(server, new RegExp(` socket error id="${id}" event="userMessage" failure=.*string`));
    socket.io.engine.close();
    await printed(server, new RegExp(` disconnected id="${id}" reason=transport close`));
  });
});
