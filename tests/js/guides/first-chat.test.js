// The first chat, with its page on another origin.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { handshake, join, preflight, printed, refusal, start } from "../support/guides.js";
import { ask } from "../support/raw.js";

const PAGE = "http://localhost:5173";

const send = ({ url }, { path, ...request }) => ask(new URL(path, url), request);

describe("the first chat", () => {
  it("passes a message on to everyone, the sender too", async (t) => {
    const { url } = await start(t, "first_chat");
    const [ada, grace] = await Promise.all([join(t, url), join(t, url)]);
    ada.emit("chat", "hello");
    ada.emit("chat", { id: ada.id, text: "hello" });
    for (const person of [ada, grace]) {
      const before = await person.until("chat", { id: ada.id, text: "hello" });
      assert.deepEqual(before, [["chat", "hello"]]);
    }
    grace.emit("chat", 1, [null], Buffer.from("bytes"));
    for (const person of [ada, grace]) {
      assert.deepEqual(await person.until("chat", 1, [null], Buffer.from("bytes")), []);
    }
  });

  it("logs who comes and who goes", async (t) => {
    const server = await start(t, "first_chat");
    const { id, socket } = await join(t, server.url);
    await printed(server, new RegExp(` connected id="${id}"`));
    socket.disconnect();
    await printed(server, new RegExp(` disconnected id="${id}" reason=client namespace disconnect`));
  });

  it("has routes beside Socket.IO", async (t) => {
    const server = await start(t, "first_chat");
    assert.match((await send(server, { path: "/" })).text, /running/);
    assert.equal((await send(server, { path: "/nowhere" })).status, 404);
  });

  it("is open to pages of any origin", async (t) => {
    const server = await start(t, "first_chat");
    for (const origin of [PAGE, "null"]) {
      const answer = await send(server, handshake(origin));
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["access-control-allow-origin"], "*");
      const asked = await send(server, preflight(origin));
      assert.equal(asked.status, 200);
      assert.equal(asked.headers["access-control-allow-origin"], "*");
      assert.equal(asked.headers["access-control-allow-headers"], "content-type");
    }
    const { socket } = await join(t, server.url, { extraHeaders: { Origin: PAGE } });
    assert.ok(socket.connected);
  });

  it("is open to pages of one origin, if that is told", async (t) => {
    const server = await start(t, "first_chat", { ORIGIN: PAGE });
    const answer = await send(server, handshake(PAGE));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["access-control-allow-origin"], PAGE);
    const { socket } = await join(t, server.url, { extraHeaders: { Origin: PAGE } });
    assert.ok(socket.connected);
  });

  it("is closed to pages of other origins then", async (t) => {
    const server = await start(t, "first_chat", { ORIGIN: PAGE });
    const other = "http://other.example";
    assert.equal((await send(server, handshake(other))).status, 403);
    const asked = await send(server, preflight(other));
    assert.notEqual(asked.headers["access-control-allow-origin"], other);
    for (const transport of ["polling", "websocket"]) {
      const options = { extraHeaders: { Origin: other }, transports: [transport] };
      assert.match(await refusal(t, server.url, options), new RegExp(`xhr poll error|${transport} error`));
    }
  });
});
