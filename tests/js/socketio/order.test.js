import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { sendThroughUpgrade } from "../support/burst.js";
import { combinations, socketTo } from "../support/clients.js";
import { next, record, settled, take } from "../support/signals.js";
import { startServer } from "../support/server.js";

const COUNT = 1000;
const numbers = Array.from({ length: COUNT }, (_, i) => i);

const server = await startServer("clients");
after(() => server.stop());

for (const combination of combinations()) {
  describe(combination.name, () => {
    const { transport } = combination;

    it("has 1,000 messages each way, none lost, doubled or reordered", async (t) => {
      const socket = socketTo(t, server.url, combination, { upgrade: false });
      const echoes = take(socket, "echo", COUNT);
      const all = record(socket, "echo");
      await next(socket, "connect");
      await sendThroughUpgrade(socket.io.engine, transport, COUNT, (i) =>
        socket.emit("echo", i, payload(i)),
      );
      await echoes;
      await settled(socket);
      assert.deepEqual(all, numbers.map((i) => [i, payload(i)]));
      assert.equal(socket.io.engine.transport.name, transport.list.at(-1));
    });

    it("has 1,000 messages from a server that sends them at once", async (t) => {
      const socket = socketTo(t, server.url, combination);
      const flood = take(socket, "flood", COUNT);
      const all = record(socket, "flood");
      await next(socket, "connect");
      socket.emit("flood", COUNT);
      await flood;
      await settled(socket);
      assert.deepEqual(all, numbers.map((i) => [i]));
    });
  });
}

/** Every tenth message has an attachment, which must stay with its text. */
function payload(i) {
  return i % 10 === 0 ? Buffer.from(`binary ${i}`) : `text ${i}`;
}
