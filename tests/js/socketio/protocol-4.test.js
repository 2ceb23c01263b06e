// The last client of protocol 4, which comes over revision 3 of the engine.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { connected, newest, oldest, socketTo, transports } from "../support/clients.js";
import { ask, next, record, settled, take } from "../support/signals.js";
import { sendThroughUpgrade } from "../support/burst.js";
import { startServer } from "../support/server.js";

const server = await startServer("clients");
const echo = await startServer("socket-v4");
after(() => Promise.all([server.stop(), echo.stop()]));

for (const transport of transports) {
  const combination = { client: oldest, transport };
  const name = `${oldest.name} over ${transport.name}`;
  const room = (text) => `${name} ${text}`;

  describe(name, () => {
    it("is connected without asking, and has events in both directions", async (t) => {
      const socket = await connected(t, server.url, combination);
      assert.equal(socket.io.engine.transport.name, transport.list.at(-1));
      const args = [1, "two", null, { three: [3.5, "é€😀"] }];
      const echoed = next(socket, "echo");
      socket.emit("echo", ...args);
      assert.deepEqual(await echoed, args);
    });

    it("gets what its first event is answered with", async (t) => {
      const socket = socketTo(t, server.url, combination);
      const echoed = next(socket, "echo");
      socket.emit("echo", "early");
      assert.deepEqual(await echoed, ["early"]);
    });

    it("has acknowledgements in both directions", async (t) => {
      const socket = await connected(t, server.url, combination);
      assert.deepEqual(await ask(socket, "echo"), []);
      assert.deepEqual(await ask(socket, "echo", 1, [2]), [1, [2]]);
      socket.on("question", (a, b, reply) => reply("answer", a + b));
      const result = next(socket, "call-result");
      socket.emit("call", "question", 2, 3);
      assert.deepEqual(await result, [{ ok: true, reply: ["answer", 5] }]);
    });

    it("has binary data at any depth, in events and acknowledgements", async (t) => {
      const socket = await connected(t, server.url, combination);
      const args = [Buffer.from([1, 2, 3]), { nested: [Buffer.from("four"), Buffer.alloc(0)] }];
      const echoed = next(socket, "echo");
      socket.emit("echo", ...args);
      assert.deepEqual(await echoed, args);
      assert.deepEqual(await ask(socket, "echo", ...args), args);
      const large = Buffer.alloc(200_000, 7);
      assert.deepEqual(await ask(socket, "echo", large), [large]);
    });

    it("keeps the order of events through every stage of the upgrade", async (t) => {
      const socket = socketTo(t, server.url, combination, { upgrade: false });
      await next(socket, "connect");
      const count = 300;
      const echoed = take(socket, "echo", count);
      await sendThroughUpgrade(socket.io.engine, transport, count, (i) =>
        socket.emit("echo", i, i % 7 ? "text" : Buffer.from("binary")),
      );
      const numbers = (await echoed).map(([number]) => number);
      assert.deepEqual(numbers, Array.from({ length: count }, (_, i) => i));
    });

    it("is in rooms with clients of protocol 5", async (t) => {
      const [old, young] = await Promise.all([
        connected(t, server.url, combination),
        connected(t, server.url, { client: newest, transport }),
      ]);
      const lobby = room("lobby");
      await Promise.all([ask(old, "join", lobby), ask(young, "join", lobby)]);
      const seen = [old, young].map((socket) => record(socket, "news"));
      await ask(old, "to", lobby, "news", 1, Buffer.from("two"));
      await ask(young, "bcast", "news", 3);
      await settled(old, young);
      const first = [1, Buffer.from("two")];
      assert.deepEqual(seen[1], [first]);
      assert.deepEqual(seen[0].slice(0, 2), [first, [3]]);
    });

    it("joins a namespace with a query as its auth payload", async (t) => {
      const socket = await connected(t, server.url, combination);
      const custom = socket.io.socket("/custom", { query: "token=a%20b&x=1" });
      await next(custom, "connect");
      const [handshake] = await ask(custom, "handshake");
      assert.deepEqual(handshake.auth, { token: "a b", x: "1" });
      assert.equal(handshake.query.EIO, "3");
      const [main] = await ask(socket, "handshake");
      assert.deepEqual(main.auth, {});
    });

    it("leaves a namespace and keeps the connection", async (t) => {
      const socket = await connected(t, server.url, combination);
      const custom = socket.io.socket("/custom");
      await next(custom, "connect");
      const gone = next(socket, "disconnect");
      socket.emit("bye");
      assert.deepEqual(await gone, ["io server disconnect"]);
      assert.deepEqual(await ask(custom, "echo", "still"), ["still"]);
    });

    it("is told why it is refused", async (t) => {
      const socket = await connected(t, server.url, combination);
      const unknown = socket.io.socket("/unknown");
      assert.deepEqual(await next(unknown, "error"), [{ message: "Invalid namespace" }]);
      const guarded = socket.io.socket("/guarded");
      assert.deepEqual(await next(guarded, "error"), [{ code: 401, hint: "token" }]);
      const secret = connected(t, `${server.url}/guarded`, combination, {
        query: { token: "secret" },
      });
      assert.deepEqual(await ask(await secret, "echo", "in"), ["in"]);
    });

    it("comes back when its connection is lost", async (t) => {
      const socket = await connected(t, server.url, combination);
      const back = next(socket, "reconnect");
      socket.emit("drop");
      await back;
      assert.deepEqual(await ask(socket, "echo", "back"), ["back"]);
    });

    it("gets its auth payload first thing", async (t) => {
      const socket = socketTo(t, echo.url, combination);
      const auth = next(socket, "auth");
      assert.deepEqual(await auth, [{}]);
      const custom = socket.io.socket("/custom", { query: { token: "abc" } });
      assert.deepEqual(await next(custom, "auth"), [{ token: "abc" }]);
      const back = next(custom, "message-back");
      custom.emit("message", 1, Buffer.from("2"));
      assert.deepEqual(await back, [1, Buffer.from("2")]);
    });
  });
}
