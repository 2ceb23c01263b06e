// The profile that the official client's own tests talk to.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, it } from "node:test";
import { combine, engineClients, engineTo, newestEngine, transports } from "../support/clients.js";
import { Frames, Polling, ask, askForWebsocket, engineUrl, openFrames, revisions } from "../support/raw.js";
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

describe("a handshake", () => {
  const cookies = [
    "1=1; Max-Age=86400",
    "2=2; Path=/; HttpOnly; Secure; SameSite=Strict",
    "3=3; Max-Age=0",
  ];

  function assertCookies({ headers }) {
    const [expires, ...others] = headers["set-cookie"].reverse();
    assert.deepEqual(others.reverse(), cookies);
    const [, date] = /^4=4; Expires=(\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT)$/.exec(expires);
    assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, date);
  }

  it("over polling sets cookies, and no later response does", async () => {
    const session = await Polling.open(server, revision);
    assertCookies(session.response);
    const polled = await session.get();
    const posted = await session.post("4a");
    for (const { headers } of [polled, posted]) assert.equal(headers["set-cookie"], undefined);
  });

  it("over websocket sets cookies, and no upgrade does", async (t) => {
    const opened = new Frames(server, { EIO: "4", transport: "websocket" });
    t.after(() => opened.socket.terminate());
    assertCookies((await once(opened.socket, "upgrade"))[0]);
    const { sid } = await Polling.open(server, revision);
    const upgrade = new Frames(server, { EIO: "4", transport: "websocket", sid });
    t.after(() => upgrade.socket.terminate());
    const [{ headers }] = await once(upgrade.socket, "upgrade");
    assert.equal(headers["set-cookie"], undefined);
  });

  it("with the parameter `deny` is refused", async (t) => {
    for (const deny of ["1", "", "false"]) {
      const query = { EIO: "4", transport: "polling", deny };
      const refused = await ask(engineUrl(server, query));
      assert.equal(refused.status, 403);
      assert.equal(refused.text, '{"code":4,"message":"Forbidden"}');
      assert.equal(refused.headers["content-type"], "application/json");
      assert.equal(refused.headers["set-cookie"], undefined);
      const websocket = await askForWebsocket(server, { ...query, transport: "websocket" });
      assert.ok(websocket.status >= 400, `status ${websocket.status}`);
    }
    for (const combination of combine(engineClients, transports.slice(0, 2))) {
      if (combination.client.revision === 3) continue;
      const socket = engineTo(t, server.url, combination, { query: { deny: "1" } });
      const [error] = await next(socket, "error");
      assert.equal(error.type, "TransportError");
    }
  });

  it("once done, is not asked about again", async () => {
    const session = await Polling.open(server, revision);
    session.url.searchParams.set("deny", "1");
    assert.equal((await session.get()).text, "4hi");
  });
});

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
