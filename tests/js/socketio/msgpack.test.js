// The newest client with the official MessagePack parser.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { connected, connectedMany, newestMsgpack, socketTo, transports } from "../support/clients.js";
import { ask, next, record, settled, take } from "../support/signals.js";
import { sendThroughUpgrade } from "../support/burst.js";
import { startServer } from "../support/server.js";

const server = await startServer("clients-msgpack");
const echo = await startServer("socket-v5-msgpack");
after(() => Promise.all([server.stop(), echo.stop()]));

for (const transport of transports) {
  const combination = { client: newestMsgpack, transport };
  const name = `${newestMsgpack.name} over ${transport.name}`;
  const room = (text) => `${name} ${text}`;

  describe(name, () => {
    it("connects and has an id of its own", async (t) => {
      const socket = await connected(t, server.url, combination);
      assert.equal(socket.io.engine.transport.name, transport.list.at(-1));
      assert.equal(socket.id.length, 20);
      assert.notEqual(socket.id, socket.io.engine.id);
    });

    const messages = {
      "no argument": [],
      "every kind of JSON value": [null, true, false, 0, -1.5, 2.5e-300, "", "text", [], {}, [[[1]]]],
      "integers of all sizes": [127, 128, -32, -33, 65535, 65536, -32769, 2 ** 32, -(2 ** 31) - 1, 2 ** 53 - 1, 1 - 2 ** 53],
      "keys in their order": [{ z: 1, a: { y: 2, b: 3 }, m: 4 }],
      "text beyond ASCII": ["äöü €", "日本語", "👩‍👩‍👧", "\u0000\u001f\u2028\u2029", '"\\/'],
      "long text, arrays and objects": [
        "x".repeat(70_000),
        Array.from({ length: 70_000 }, (_, i) => i),
        Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i])),
      ],
      "binary at any depth": [Buffer.from([1, 2]), { a: [Buffer.alloc(0), { b: Buffer.alloc(70_000, 7) }] }],
      "more binary values than the other parser allows": Array.from({ length: 50 }, (_, i) => Buffer.from([i])),
      "what looks like a placeholder": [Buffer.from([1]), { _placeholder: true, num: 0 }],
    };
    for (const [what, args] of Object.entries(messages)) {
      it(`has back ${what}`, async (t) => {
        const socket = await connected(t, server.url, combination);
        const echoed = next(socket, "echo");
        socket.emit("echo", ...args);
        assert.deepEqual(await echoed, args);
        assert.deepEqual(await ask(socket, "echo", ...args), args);
      });
    }

    it("has back as JSON what JSON has not", async (t) => {
      const socket = await connected(t, server.url, combination);
      const sent = [undefined, NaN, Infinity, new Date(1_700_000_000_123), { gone: undefined }];
      const back = [null, null, null, "2023-11-14T22:13:20.123Z", { gone: null }];
      assert.deepEqual(await ask(socket, "echo", ...sent), back);
    });

    it("acknowledges the server's events", async (t) => {
      const socket = await connected(t, server.url, combination);
      socket.on("question", (binary, reply) => reply({ back: binary }, Buffer.from("more")));
      const result = next(socket, "call-result");
      socket.emit("call", "question", Buffer.from([9, 8]));
      const reply = [{ back: Buffer.from([9, 8]) }, Buffer.from("more")];
      assert.deepEqual(await result, [{ ok: true, reply }]);
    });

    it("keeps the order of events through every stage of the upgrade", async (t) => {
      const socket = socketTo(t, server.url, combination, { upgrade: false });
      await next(socket, "connect");
      const count = 300;
      const echoed = take(socket, "echo", count);
      await sendThroughUpgrade(socket.io.engine, transport, count, (i) => socket.emit("echo", i));
      const numbers = (await echoed).map(([number]) => number);
      assert.deepEqual(numbers, Array.from({ length: count }, (_, i) => i));
    });

    it("has what is sent to its room, and no one else has", async (t) => {
      const [sender, member, stranger] = await connectedMany(t, 3, server.url, combination);
      const lobby = room("lobby");
      await Promise.all([ask(sender, "join", lobby), ask(member, "join", lobby)]);
      const seen = [sender, member, stranger].map((socket) => record(socket, "news"));
      const news = [1, { text: "two" }, Buffer.from("three")];
      await ask(sender, "to", lobby, "news", ...news);
      await settled(sender, member, stranger);
      assert.deepEqual(seen, [[news], [news], []]);
    });

    it("joins, leaves and is refused namespaces", async (t) => {
      const main = await connected(t, server.url, combination, { auth: { token: "t", n: [1] } });
      const [handshake] = await ask(main, "handshake");
      assert.deepEqual(handshake.auth, { token: "t", n: [1] });
      const custom = main.io.socket("/custom");
      await next(custom, "connect");
      assert.deepEqual(await ask(custom, "echo", 1), [1]);
      const gone = next(custom, "disconnect");
      custom.emit("bye");
      assert.deepEqual((await gone)[0], "io server disconnect");
      const unknown = main.io.socket("/unknown");
      const [error] = await next(unknown, "connect_error");
      assert.equal(error.message, "Invalid namespace");
      const guarded = main.io.socket("/guarded", { auth: { token: "wrong" } });
      const [refusal] = await next(guarded, "connect_error");
      assert.equal(refusal.message, "unauthorized");
      assert.deepEqual(refusal.data, { code: 401, hint: "token" });
    });

    it("gets its auth payload first thing", async (t) => {
      const without = socketTo(t, echo.url, combination);
      assert.deepEqual(await next(without, "auth"), [null]);
      const auth = { token: Buffer.from("abc") };
      const custom = socketTo(t, `${echo.url}/custom`, combination, { auth });
      assert.deepEqual(await next(custom, "auth"), [auth]);
    });
  });
}
