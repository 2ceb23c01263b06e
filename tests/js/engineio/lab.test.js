// The profile `lab-engine`: what it does when told, and what it tells.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, describe, it } from "node:test";
import { combine, engineClients, engineTo, newestEngine, opened, transports } from "../support/clients.js";
import { closed, count, report, until } from "../support/lab.js";
import { Polling, ask, openFrames, revisions } from "../support/raw.js";
import { startServer } from "../support/server.js";
import { next, take } from "../support/signals.js";

const server = await startServer("lab-engine");
// The profile's own time for an upgrade is short.
const hasty = await startServer("lab-engine", { UPGRADE_TIMEOUT: undefined });
after(() => Promise.all([server.stop(), hasty.stop()]));

const oldestEngine = engineClients.at(-1);

for (const combination of combine([newestEngine, oldestEngine], transports)) {
  describe(combination.name, () => {
    it("does what it is told, in order", async (t) => {
      const socket = await opened(t, server.url, combination);
      const messages = take(socket, "message", 8);
      for (const command of ["!flood 3", "!bin 300", "!text 3", "!bin 0", "!what", "! close"]) {
        socket.send(command);
      }
      assert.deepEqual(await messages, [
        ["m0"],
        ["m1"],
        ["m2"],
        [Buffer.from(Array.from({ length: 300 }, (_, i) => i))],
        ["xxx"],
        [Buffer.alloc(0)],
        ["!what"],
        ["! close"],
      ]);
    });

    it("has a message later", async (t) => {
      const socket = await opened(t, server.url, combination);
      const sending = performance.now();
      socket.send("!later 100 two words");
      assert.deepEqual(await next(socket, "message"), ["two words"]);
      const elapsed = performance.now() - sending;
      assert.ok(elapsed >= 99, `came after ${elapsed} ms`);
    });

    it("has a flood of 5,000 in order, through its upgrade if there is one", async (t) => {
      const socket = engineTo(t, server.url, combination);
      const messages = take(socket, "message", 5000);
      await next(socket, "open");
      socket.send("!flood 5000");
      assert.deepEqual(await messages, Array.from({ length: 5000 }, (_, i) => [`m${i}`]));
    });

    it("is closed when it asks for it, behind what waits for it", async (t) => {
      const socket = await opened(t, server.url, combination);
      const { id } = socket;
      const messages = take(socket, "message", 3);
      const end = next(socket, "close");
      socket.send("!flood 3");
      socket.send("!close");
      socket.send("too late");
      assert.deepEqual(await messages, [["m0"], ["m1"], ["m2"]]);
      assert.equal((await end)[0], "transport close");
      const { state, reason, messages: seen } = await closed(server, id);
      assert.deepEqual([state, reason], ["closed", "forced close"]);
      assert.deepEqual(seen, ["!flood 3", "!close"]);
    });

    it("ends as `transport close` when it closes", async (t) => {
      const socket = await opened(t, server.url, combination);
      const { id } = socket;
      socket.send("last words");
      await next(socket, "message");
      assert.equal((await report(server, id)).state, "open");
      socket.close();
      assert.deepEqual(await closed(server, id), {
        state: "closed",
        reason: "transport close",
        messages: ["last words"],
      });
    });
  });
}

for (const revision of revisions) {
  const { EIO, payload } = revision;
  describe(`the reports of revision ${EIO}`, () => {
        it("name what a payload held before it broke, and no more", async () => {
      const session = await Polling.open(server, revision);
      const packets = ["4one", revision.base64(Buffer.from([1])), "4two", "x", "4three"];
      assert.equal((await session.post(...packets)).status, 400);
      assert.deepEqual(await closed(server, session.sid), {
        state: "closed",
        reason: "parse error",
        messages: ["one", { hex: "01" }, "two"],
      });
    });

    it("shorten what is long", async (t) => {
      const frames = await openFrames(t, server, revision);
      const type = Buffer.from(EIO === "3" ? [4] : []);
      const sent = ["", "a".repeat(200), "a".repeat(201), "😀".repeat(100), "😀".repeat(101)];
      for (const text of sent) {
        frames.send(`4${text}`);
        assert.equal(await frames.next(), `4${text}`);
      }
      for (const length of [0, 200, 201]) {
        const data = Buffer.concat([type, Buffer.alloc(length, 0xab)]);
        frames.send(data);
        assert.deepEqual(await frames.next(), data);
      }
      const { messages } = await report(server, frames.handshake.sid);
      assert.deepEqual(messages, [
        "",
        "a".repeat(200),
        { len: 201 },
        "😀".repeat(100),
        { len: 202 },
        { hex: "" },
        { hex: "ab".repeat(200) },
        { binlen: 201 },
      ]);
    });

    it("hold the first 200 messages", async (t) => {
      const frames = await openFrames(t, server, revision);
      for (let i = 0; i < 250; i++) frames.send(`4${i}`);
      for (let i = 0; i < 250; i++) assert.equal(await frames.next(), `4${i}`);
      const { messages } = await report(server, frames.handshake.sid);
      assert.deepEqual(messages, Array.from({ length: 200 }, (_, i) => `${i}`));
    });

    const endings = {
      "a close packet": ["transport close", (session) => session.post("1")],
      "a packet of no type": ["parse error", (session) => session.post("9")],
      "no packet": ["parse error", (session) => ask(session.url, { method: "POST" })],
      "the heartbeat of a server": [
        "transport error",
        (session) => session.post(EIO === "4" ? "2" : "3"),
      ],
      "two GETs": ["transport error", (session) => Promise.all([session.get(), session.get()])],
      "an aborted GET": [
        "transport error",
        async (session) => {
          const abort = new AbortController();
          const polled = session.get({ signal: abort.signal });
          await session.settled();
          abort.abort();
          await assert.rejects(polled);
        },
      ],
      "a GET that is aborted before it is read": [
        "transport error",
        async (session) => {
          const connection = connect(session.url.port, session.url.hostname);
          await once(connection, "connect");
          server.signal("SIGSTOP");
          const { pathname, search } = session.url;
          const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
          await new Promise((resolve) => connection.write(request, resolve));
          connection.destroy();
          await once(connection, "close");
          server.signal("SIGCONT");
        },
      ],
      "an aborted POST": [
        "transport error",
        async (session) => (await session.unfinishedPost()).destroy(),
      ],
      "two POSTs": [
        "transport error",
        async (session) => {
          const first = await session.unfinishedPost();
          assert.equal((await session.post("4second")).status, 400);
          first.destroy();
        },
      ],
      "`!close`": [
        "forced close",
        async (session) => {
          const polled = session.get();
          await session.settled();
          await session.post("4!close");
          assert.equal((await polled).text, payload("1"));
        },
      ],
    };
    for (const [what, [reason, end]] of Object.entries(endings)) {
      it(`tell how ${what} ends a session over polling`, async () => {
        const session = await Polling.open(server, revision);
        await end(session);
        assert.equal((await closed(server, session.sid)).reason, reason);
        assert.equal((await session.get()).status, 400);
      });
    }

    const breaks = {
      "a close frame": ["transport close", (socket) => socket.close()],
      "a close packet": ["transport close", (socket) => socket.send("1")],
      "a lost connection": ["transport close", (socket) => socket.terminate()],
      "a packet of no type": ["parse error", (socket) => socket.send("x")],
      "an empty frame": ["parse error", (socket) => socket.send("")],
      "text that is no UTF-8": [
        "transport error",
        (socket) => socket.send(Buffer.from([0x34, 0xff]), { binary: false }),
      ],
      "a message beyond the limit": [
        "transport error",
        (socket) => socket.send("4".padEnd(100_001, "a")),
      ],
      "the heartbeat of a server": [
        "transport error",
        (socket) => socket.send(EIO === "4" ? "2" : "3"),
      ],
      "`!close`": ["forced close", (socket) => socket.send("4!close")],
    };
    for (const [what, [reason, end]] of Object.entries(breaks)) {
      it(`tell how ${what} ends a session over websocket`, async (t) => {
        const { socket, handshake } = await openFrames(t, server, revision);
        end(socket);
        assert.equal((await closed(server, handshake.sid)).reason, reason);
      });
    }

    it("know nothing of a candidate that fails", async () => {
      const session = await Polling.open(hasty, revision);
      const opening = performance.now();
      const silent = await session.websocket();
      assert.equal(await silent.ended, 1005);
      const elapsed = performance.now() - opening;
      assert.ok(elapsed >= 1000, `closed after ${elapsed} ms`);
      assert.equal((await report(hasty, session.sid)).state, "open");
      await session.post("1");
    });
  });
}

describe("the control plane", () => {
  it("knows no session that never was", async () => {
    const unknown = { state: "unknown", reason: null, messages: [] };
    for (const sid of ["abc", "", "__proto__", "a b&c", "x".repeat(5000)]) {
      assert.deepEqual(await report(server, sid), unknown);
    }
  });

  it("counts the open sessions", async (t) => {
    const own = await startServer("lab-engine");
    t.after(() => own.stop());
    assert.equal(await count(own), 0);
    const [one, two] = [await Polling.open(own, revisions[1]), await Polling.open(own, revisions[0])];
    const three = await openFrames(t, own, revisions[1]);
    assert.equal(await count(own), 3);
    await one.post("1");
    await two.post("1");
    await three.close();
    await until(() => count(own), (clients) => clients === 0);
  });

  it("answers as JSON, and everything else is not found", async () => {
    const response = await ask(new URL("/lab/session?sid=abc", server.url));
    assert.equal(response.status, 200);
    assert.equal(response.headers["content-type"], "application/json");
    for (const [method, path] of [
      ["GET", "/lab"],
      ["GET", "/lab/"],
      ["GET", "/lab/other"],
      ["GET", "/lab/session/"],
      ["POST", "/lab/session?sid=abc"],
      ["OPTIONS", "/lab/count"],
      ["GET", "/"],
      ["GET", "/engine.io?EIO=4&transport=polling"],
      ["GET", "/engine.ioX/?EIO=4&transport=polling"],
      ["GET", "/socket.io/?EIO=4&transport=polling"],
      ["OPTIONS", "/other"],
    ]) {
      const { status } = await ask(new URL(path, server.url), { method });
      assert.equal(status, 404, `${method} ${path}`);
    }
  });
});
