// The profile that the official client's own tests talk to.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { combine, engineTo, newestEngine, transports } from "../support/clients.js";
import { Polling, ask, openFrames, revisions } from "../support/raw.js";
import { startServer } from "../support/server.js";
import { next, record, take } from "../support/signals.js";

const revision = revisions.find(({ EIO }) => EIO === "4");
const LIMIT = 100;

const server = await startServer("engine-client-suite");
after(() => server.stop());

for (const combination of combine([newestEngine], transports)) {
  describe(combination.name, () => {
    it("is told the limit, then sent a greeting, and nothing more", async (t) => {
      const socket = engineTo(t, server.url, combination);
      const messages = record(socket, "message");
      const greeting = next(socket, "message");
      const [handshake] = await next(socket, "handshake");
      assert.equal(handshake.maxPayload, LIMIT);
      assert.deepEqual(await greeting, ["hi"]);
      socket.send("echo");
      await next(socket, "message");
      assert.deepEqual(messages, [["hi"], ["echo"]]);
    });

    it("has replies to what it asks for, in order", async (t) => {
      const socket = engineTo(t, server.url, combination);
      await next(socket, "message");
      const asked = ["give binary", "give utf8", "other", Buffer.from([5, 6])];
      const replies = take(socket, "message", asked.length);
      for (const message of asked) socket.send(message);
      assert.deepEqual(await replies, [
        [Buffer.from([0, 1, 2, 3, 4])],
        ["пойду спать всем спокойной ночи"],
        ["other"],
        [Buffer.from([5, 6])],
      ]);
    });

    it("has the headers of its POST back, none on a websocket", async (t) => {
      const extraHeaders = { "X-One": "1", Cookie: "a=b; c=d" };
      const socket = engineTo(t, server.url, combination, { extraHeaders });
      await next(socket, "message");
      const { upgrades, list } = combination.transport;
      if (upgrades && socket.transport.name !== "websocket") await next(socket, "upgrade");
      const reply = next(socket, "message");
      socket.send("sendHeaders");
      const headers = JSON.parse((await reply)[0]);
      if (list.at(-1) === "websocket") return assert.deepEqual(headers, {});
      assert.equal(headers["x-one"], "1");
      assert.equal(headers["cookie"], "a=b; c=d");
      assert.equal(headers["content-type"], "text/plain;charset=UTF-8");
    });

    it("stays open when it fills the limit", async (t) => {
      const socket = engineTo(t, server.url, combination);
      await next(socket, "message");
      const full = "é".repeat(49) + "x";
      assert.equal(Buffer.byteLength(full) + 1, LIMIT);
      for (const message of ["a".repeat(LIMIT - 1), full]) {
        socket.send(message);
        assert.deepEqual(await next(socket, "message"), [message]);
      }
    });
  });
}

describe("over polling", () => {
  it("a message has the headers of its own POST, however fast they follow", async () => {
    const session = await Polling.open(server, revision);
    assert.equal((await session.get()).text, "4hi");
    for (let round = 0; round < 50; round++) {
      const headers = { "X-Round": `${round}` };
      await ask(session.url, { method: "POST", headers, body: "4sendHeaders" });
      await ask(session.url, { method: "POST", headers: { "X-Round": "other" }, body: "4next" });
      const [reply, last] = (await session.get()).text.split("\x1e");
      assert.equal(JSON.parse(reply.slice(1))["x-round"], `${round}`);
      assert.equal(last, "4next");
    }
  });

  it("a body beyond the limit is refused, and not delivered", async () => {
    const session = await Polling.open(server, revision);
    assert.equal((await session.get()).text, "4hi");
    for (const size of [LIMIT + 1, 1000, 200_000]) {
      const refused = await ask(session.url, { method: "POST", body: "4".padEnd(size, "a") });
      assert.equal(refused.status, 413);
      assert.equal(refused.text, "");
    }
    const fitting = "4".padEnd(LIMIT, "a");
    assert.equal((await session.post(fitting)).text, "ok");
    assert.equal((await session.get()).text, fitting);
  });

  it("binary data counts as the base64 that it is sent as", async () => {
    const session = await Polling.open(server, revision);
    await session.get();
    // With its `b` a character more than there is room for.
    const tooLong = `b${Buffer.alloc(74).toString("base64")}`;
    assert.equal((await session.post(tooLong)).status, 413);
    const fitting = `b${Buffer.alloc(72).toString("base64")}`;
    assert.equal((await session.post(fitting)).status, 200);
    assert.equal((await session.get()).text, fitting);
  });
});

describe("over websocket", () => {
  it("a message beyond the limit ends the session", async (t) => {
    const frames = await openFrames(t, server, revision);
    assert.equal(await frames.next(), "4hi");
    frames.send("4".padEnd(LIMIT + 1, "a"));
    assert.deepEqual(await frames.next(), { code: 1009 });
  });
});

describe("the path without its slash", () => {
  it("is not found", async () => {
    for (const path of ["/engine.io?EIO=4&transport=polling", "/engine.io", "/", "/foo/"]) {
      assert.equal((await ask(new URL(path, server.url))).status, 404, path);
    }
  });
});
