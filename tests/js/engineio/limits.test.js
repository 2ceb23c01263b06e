// What the official client may send, and how much of it.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { engineCombinations, opened } from "../support/clients.js";
import { closed, report } from "../support/lab.js";
import { startServer } from "../support/server.js";
import { next } from "../support/signals.js";

const LIMIT = 50;

const server = await startServer("lab-engine", { MAX_HTTP_BUFFER_SIZE: `${LIMIT}` });
after(() => server.stop());

for (const combination of engineCombinations()) {
  // Revision 3 counts packets in front of each.
  const overhead = combination.client.revision === 3 ? "50:4".length : "4".length;

  describe(combination.name, () => {
    it("is heard with a message as long as the limit", async (t) => {
      const socket = await opened(t, server.url, combination);
      const message = "a".repeat(LIMIT - overhead);
      socket.send(message);
      assert.deepEqual(await next(socket, "message"), [message]);
    });

    it("closes when a message is longer, which is not delivered", async (t) => {
      const socket = await opened(t, server.url, combination);
      const { id } = socket;
      const end = next(socket, "close");
      socket.send("a".repeat(LIMIT));
      const [reason] = await end;
      const isPolling = combination.transport.list.at(-1) === "polling";
      assert.equal(reason, isPolling ? "transport error" : "transport close");
      assert.deepEqual((await report(server, id)).messages, []);
      if (!isPolling) assert.equal((await closed(server, id)).reason, "transport error");
    });
  });
}
