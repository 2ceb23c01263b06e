import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { sendThroughUpgrade } from "../support/burst.js";
import { engineCombinations, engineTo, opened } from "../support/clients.js";
import { next, record, take } from "../support/signals.js";
import { startServer } from "../support/server.js";

const COUNT = 1000;

const server = await startServer("engine-v3");
after(() => server.stop());

for (const combination of engineCombinations()) {
  describe(combination.name, () => {
    it("opens with an id and no message", async (t) => {
      const socket = engineTo(t, server.url, combination);
      const messages = record(socket, "message");
      await next(socket, "open");
      assert.ok(socket.id.length >= 20, `short id ${socket.id}`);
      assert.equal(socket.transport.name, combination.transport.list[0]);
      socket.send("first");
      await next(socket, "message");
      assert.deepEqual(messages, [["first"]]);
    });

    const messages = {
      "text": "hello",
      "empty text": "",
      "text beyond ASCII": "äöü € 日本語 👩‍👩‍👧 \u0000\u2028",
      "text that looks like a packet": "2probe",
      "text of 300,000 bytes": "é".repeat(150_000),
      "binary": Buffer.from([0, 1, 2, 127, 128, 255]),
      "empty binary": Buffer.alloc(0),
      "binary of 300,000 bytes": Buffer.alloc(300_000, "0123456789"),
    };
    for (const [name, message] of Object.entries(messages)) {
      it(`has ${name} back`, async (t) => {
        const socket = await opened(t, server.url, combination);
        const echo = next(socket, "message");
        socket.send(message);
        const [back] = await echo;
        // The client reports empty text as undefined.
        assert.deepEqual(back ?? "", message);
      });
    }

    it("keeps the order of text and binary", async (t) => {
      const socket = await opened(t, server.url, combination);
      const sent = Array.from({ length: 60 }, (_, i) => (i % 2 ? `${i}` : Buffer.from(`${i}`)));
      const echoes = take(socket, "message", sent.length);
      for (const message of sent) socket.send(message);
      assert.deepEqual(await echoes, sent.map((message) => [message]));
    });

    it("has 1,000 messages each way, none lost, doubled or reordered", async (t) => {
      const socket = engineTo(t, server.url, combination, { upgrade: false });
      const seen = record(socket, "message");
      const echoes = take(socket, "message", COUNT);
      await next(socket, "open");
      await sendThroughUpgrade(socket, combination.transport, COUNT, (i) => socket.send(`${i}`));
      await echoes;
      socket.send("last");
      await next(socket, "message");
      const expected = Array.from({ length: COUNT }, (_, i) => [`${i}`]);
      assert.deepEqual(seen, [...expected, ["last"]]);
    });
  });
}
