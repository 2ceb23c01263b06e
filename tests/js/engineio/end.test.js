// How an end looks from both sides.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { engineCombinations, engineTo, opened } from "../support/clients.js";
import { closed, report } from "../support/lab.js";
import { startServer } from "../support/server.js";
import { next } from "../support/signals.js";

const server = await startServer("lab-engine");
const strict = await startServer("lab-engine", { PING_INTERVAL: "1000", PING_TIMEOUT: "3000" });
after(() => Promise.all([server.stop(), strict.stop()]));

describe("an end", { concurrency: true }, () => {
  for (const combination of engineCombinations()) {
    const { client, transport } = combination;
    describe(combination.name, { concurrency: true }, () => {
      it("by the client", async (t) => {
        const socket = await opened(t, server.url, combination);
        const { id } = socket;
        const end = next(socket, "close");
        socket.close();
        assert.equal((await end)[0], "forced close");
        assert.equal((await closed(server, id)).reason, "transport close");
      });

      it("by the server", async (t) => {
        const socket = await opened(t, server.url, combination);
        const { id } = socket;
        const end = next(socket, "close");
        socket.send("!close");
        assert.equal((await end)[0], "transport close");
        assert.equal((await closed(server, id)).reason, "forced close");
      });

      it("by a frame that is no packet", async (t) => {
        const socket = await opened(t, server.url, combination);
        const { id } = socket;
        const end = next(socket, "close");
        // The client's own writer would not do it.
        socket.transport.send([{ type: "unheard of", data: "x", options: {} }]);
        await end;
        assert.equal((await closed(server, id)).reason, "parse error");
      });

      it("right behind the beginning", async (t) => {
        for (let round = 0; round < 10; round++) {
          const socket = engineTo(t, server.url, combination);
          const end = next(socket, "close");
          await next(socket, "open");
          const { id } = socket;
          socket.close();
          assert.equal((await end)[0], "forced close");
          assert.equal((await closed(server, id)).reason, "transport close");
        }
      });

      // A client of revision 3 that does not ping gives itself up.
      if (client.revision === 4) {
        it("by the server, for a client that falls silent", async (t) => {
          const socket = await opened(t, strict.url, combination);
          const { id } = socket;
          socket.transport.send = () => {};
          assert.equal((await report(strict, id)).state, "open");
          assert.equal((await next(socket, "close"))[0], "transport close");
          assert.equal((await closed(strict, id)).reason, "ping timeout");
        });
      }
    });
  }
});
