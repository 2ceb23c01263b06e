import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { combinations, connected, newest, transports } from "../support/clients.js";
import { ask, next, settled } from "../support/signals.js";
import { startServer } from "../support/server.js";

const server = await startServer("clients");
after(() => server.stop());

for (const combination of combinations()) {
  describe(combination.name, () => {
    it("has its events acknowledged with every argument", async (t) => {
      const socket = await connected(t, server.url, combination);
      assert.deepEqual(await ask(socket, "echo"), []);
      assert.deepEqual(await ask(socket, "echo", null), [null]);
      assert.deepEqual(await ask(socket, "echo", 1, "two", { three: [3] }), [1, "two", { three: [3] }]);
    });

    it("has its events acknowledged with binary", async (t) => {
      const socket = await connected(t, server.url, combination);
      const args = [Buffer.from([1, 2, 3]), { nested: [Buffer.from("four")] }];
      assert.deepEqual(await ask(socket, "echo", ...args), args);
    });

    it("matches acknowledgements to events sent at once", async (t) => {
      const socket = await connected(t, server.url, combination);
      const numbers = Array.from({ length: 100 }, (_, i) => i);
      const replies = await Promise.all(numbers.map((i) => ask(socket, "echo", i)));
      assert.deepEqual(replies, numbers.map((i) => [i]));
    });

    it("acknowledges the server's events", async (t) => {
      const socket = await connected(t, server.url, combination);
      socket.on("question", (a, b, reply) => reply("answer", { sum: a + b }));
      const result = next(socket, "call-result");
      socket.emit("call", "question", 2, 3);
      assert.deepEqual(await result, [{ ok: true, reply: ["answer", { sum: 5 }] }]);
    });

    it("acknowledges the server's events with binary", async (t) => {
      const socket = await connected(t, server.url, combination);
      socket.on("question", (binary, reply) => reply({ back: binary }, Buffer.from("more")));
      const result = next(socket, "call-result");
      socket.emit("call", "question", Buffer.from([9, 8]));
      const reply = [{ back: Buffer.from([9, 8]) }, Buffer.from("more")];
      assert.deepEqual(await result, [{ ok: true, reply }]);
    });

    it("that never acknowledges lets the server's deadline pass", async (t) => {
      const socket = await connected(t, server.url, combination);
      const question = next(socket, "question");
      const result = next(socket, "call-result");
      socket.emit("call", "question", "anyone there?");
      assert.equal((await question)[0], "anyone there?");
      assert.deepEqual(await result, [{ ok: false }]);
      await settled(socket);
    });
  });
}

for (const transport of transports) {
  const combination = { client: newest, transport };

  describe(`${newest.name} with a deadline over ${transport.name}`, () => {
    it("has the acknowledgement as a promise", async (t) => {
      const socket = await connected(t, server.url, combination);
      const reply = await socket.timeout(10_000).emitWithAck("echo", { a: Buffer.from("b") });
      assert.deepEqual(reply, { a: Buffer.from("b") });
    });

    it("gives up on an event that nothing acknowledges", async (t) => {
      const socket = await connected(t, server.url, combination);
      await assert.rejects(
        socket.timeout(50).emitWithAck("no such event"),
        /operation has timed out/,
      );
      await settled(socket);
    });
  });
}
