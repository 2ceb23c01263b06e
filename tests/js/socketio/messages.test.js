import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { combinations, connected, socketTo } from "../support/clients.js";
import { next, take } from "../support/signals.js";
import { startServer } from "../support/server.js";

const server = await startServer("clients");
after(() => server.stop());

for (const combination of combinations()) {
  describe(combination.name, () => {
    const { transport } = combination;

    it("connects and has an id of its own", async (t) => {
      const [one, other] = await Promise.all([
        connected(t, server.url, combination),
        connected(t, server.url, combination),
      ]);
      assert.equal(one.connected, true);
      assert.equal(one.io.engine.transport.name, transport.list.at(-1));
      assert.ok(one.id.length >= 20, `short id ${one.id}`);
      assert.notEqual(one.id, other.id);
      assert.notEqual(one.id, one.io.engine.id, "the id is not the session's secret");
    });

    it("sends what was emitted before it was connected", async (t) => {
      const socket = socketTo(t, server.url, combination);
      const echo = next(socket, "echo");
      socket.emit("echo", "early");
      assert.deepEqual(await echo, ["early"]);
    });

    const messages = {
      "no argument": [],
      "every kind of JSON value": [null, true, false, 0, -1.5, 1e21, "", "text", [], {}, [[[1]]]],
      "keys in their order": [{ z: 1, a: { y: 2, b: 3 }, m: 4 }],
      "text beyond ASCII": ["äöü €", "日本語", "👩‍👩‍👧", "\u0000\u001f\u2028\u2029", '"\\/'],
      "text of 200,000 characters": ["é".repeat(200_000)],
      "one binary value": [Buffer.from([0, 1, 2, 253, 254, 255])],
      "an empty binary value": [Buffer.alloc(0)],
      "binary of 300,000 bytes": [bytes(300_000)],
      "binary nested among other values": [
        { list: [1, { deep: Buffer.from("deep") }, "x"], top: Buffer.from("top") },
        "between",
        [[Buffer.from("array")]],
      ],
      "nine attachments": [Array.from({ length: 9 }, (_, i) => bytes(i))],
    };
    for (const [name, args] of Object.entries(messages)) {
      it(`echoes ${name}`, async (t) => {
        const socket = await connected(t, server.url, combination);
        const echo = next(socket, "echo");
        socket.emit("echo", ...args);
        const back = await echo;
        assert.deepEqual(back, args);
        assert.equal(JSON.stringify(back), JSON.stringify(args), "keys keep their order");
      });
    }

    it("keeps the order of text and binary", async (t) => {
      const socket = await connected(t, server.url, combination);
      const sent = Array.from({ length: 60 }, (_, i) => [i, kind(i)]);
      const echoes = take(socket, "echo", sent.length);
      for (const args of sent) socket.emit("echo", ...args);
      assert.deepEqual(await echoes, sent);
    });
  });
}

function bytes(length) {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 7) % 256));
}

/** By turns text, one attachment, and two attachments around text. */
function kind(i) {
  if (i % 3 === 0) return `text ${i}`;
  if (i % 3 === 1) return bytes(i);
  return { head: bytes(i), middle: "text", tail: bytes(2) };
}
