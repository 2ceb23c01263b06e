// The examples of the crates do what their first lines promise.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connected, newest, newestEngine, opened, socketTo, transports } from "./support/clients.js";
import { ask, next } from "./support/signals.js";
import { startExample } from "./support/server.js";

const transport = transports.find(({ upgrades }) => upgrades);
const combination = { client: newest, transport };

async function start(t, name) {
  const { url, stop } = await startExample(name);
  t.after(stop);
  return url;
}

describe("the example", () => {
  it("echo sends a message back", async (t) => {
    const socket = await opened(t, await start(t, "echo"), { client: newestEngine, transport });
    const echo = next(socket, "message");
    socket.send("hello");
    assert.deepEqual(await echo, ["hello"]);
  });

  it("hello welcomes, and tells the others", async (t) => {
    const url = await start(t, "hello");
    const ada = socketTo(t, url, combination);
    assert.deepEqual(await next(ada, "welcome"), ["say something"]);
    const grace = await connected(t, url, combination);
    const said = next(grace, "said");
    ada.emit("say", "hello");
    assert.deepEqual(await said, [ada.id, "hello"]);
  });

  it("axum knows who is in a room, beside a route", async (t) => {
    const url = await start(t, "axum");
    const as = (name) => connected(t, url, combination, { auth: { name } });
    const [ada, grace] = await Promise.all([as("Ada"), as("Grace")]);
    await Promise.all([ask(ada, "join", "lobby"), ask(grace, "join", "lobby")]);
    const said = next(grace, "said");
    assert.deepEqual(await ask(ada, "say", "lobby", "hello"), [1]);
    assert.deepEqual(await said, ["Ada", "hello"]);
    assert.match(await (await fetch(url)).text(), /Socket\.IO server/);
  });

  it("axum refuses a client without a name", async (t) => {
    const socket = socketTo(t, await start(t, "axum"), combination);
    const [error] = await next(socket, "connect_error");
    assert.equal(error.message, "tell me your name");
  });
});
