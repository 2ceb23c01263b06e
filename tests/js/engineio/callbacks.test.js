// How the client learns that what it sent has left.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { engineCombinations, engineTo, opened } from "../support/clients.js";
import { startServer } from "../support/server.js";
import { next, record, take, within } from "../support/signals.js";

const server = await startServer("engine-v3");
after(() => server.stop());

for (const combination of engineCombinations()) {
  describe(combination.name, () => {
    it("keeps what it sends until it is drained", async (t) => {
      const socket = await opened(t, server.url, combination);
      const drained = next(socket, "drain");
      socket.send("a");
      socket.send("b");
      assert.equal(socket.writeBuffer.length, 2);
      await drained;
      assert.equal(socket.writeBuffer.length, 0);
    });

    it("calls back in order, for one message and for many", async (t) => {
      const socket = await opened(t, server.url, combination);
      const order = [];
      const send = (name) =>
        within(`callback of ${name}`, (resolve) => {
          socket.send(name, () => resolve(order.push(name)));
        });
      await send("one");
      await send("two");
      await Promise.all(["three", "four", "five", "six"].map(send));
      assert.deepEqual(order, ["one", "two", "three", "four", "five", "six"]);
    });

    it("has each message and each callback once, sent before and during an upgrade", async (t) => {
      const socket = engineTo(t, server.url, combination);
      const messages = take(socket, "message", 10);
      const seen = record(socket, "message");
      const calls = [];
      await next(socket, "open");
      const sent = Array.from({ length: 10 }, (_, i) => `${i}`);
      await Promise.all(
        sent.map((name) =>
          within("callback", (resolve) => {
            socket.send(name, () => resolve(calls.push(name)));
          }),
        ),
      );
      await messages;
      const { list } = combination.transport;
      if (socket.transport.name !== list.at(-1)) await next(socket, "upgrade");
      socket.send("last");
      await next(socket, "message");
      assert.deepEqual(calls, sent);
      assert.deepEqual(seen, [...sent, "last"].map((name) => [name]));
    });

    it("closes behind what it sent before", async (t) => {
      const socket = await opened(t, server.url, combination);
      const calls = [];
      const end = next(socket, "close");
      for (const name of ["a", "b", "c"]) socket.send(name, () => calls.push(name));
      socket.close();
      assert.equal((await end)[0], "forced close");
      assert.deepEqual(calls, ["a", "b", "c"]);
    });
  });
}
