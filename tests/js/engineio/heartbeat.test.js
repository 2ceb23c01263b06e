import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { after, describe, it } from "node:test";
import { engineCombinations, engineTo, opened } from "../support/clients.js";
import { next, record, take } from "../support/signals.js";
import { startServer } from "../support/server.js";

const INTERVAL = 200;
// Longer than a busy machine keeps an answer waiting.
const TIMEOUT = 5000;

const server = await startServer("engine-v3", {
  PING_INTERVAL: `${INTERVAL}`,
  PING_TIMEOUT: `${TIMEOUT}`,
});
after(() => server.stop());

// They mostly wait.
describe("a heartbeat", { concurrency: true }, () => {
  for (const combination of engineCombinations()) {
    describe(combination.name, { concurrency: true }, () => {
      it("is told the times of the heartbeat", async (t) => {
        const socket = engineTo(t, server.url, combination);
        const [handshake] = await next(socket, "handshake");
        assert.equal(handshake.pingInterval, INTERVAL);
        assert.equal(handshake.pingTimeout, TIMEOUT);
        assert.equal(handshake.maxPayload, 1_000_000);
      });

      it("beats once per interval, and not at once", async (t) => {
        const socket = engineTo(t, server.url, combination);
        const opening = performance.now();
        await take(heartbeat(socket), "beat", 4);
        const elapsed = performance.now() - opening;
        assert.ok(elapsed >= 4 * INTERVAL - 10, `4 beats came within ${elapsed} ms`);
      });

      it("stays open over several intervals, silent or not", async (t) => {
        const socket = await opened(t, server.url, combination);
        const closes = record(socket, "close");
        await take(heartbeat(socket), "beat", 3);
        socket.send("still here");
        assert.deepEqual(await next(socket, "message"), ["still here"]);
        await take(heartbeat(socket), "beat", 3);
        assert.deepEqual(closes, []);
        assert.equal(socket.readyState, "open");
      });
    });
  }
});

/**
 * What comes of the heartbeat: pings, or pongs where the client pings. Not every
 * version of the client has an event for them.
 */
function heartbeat(socket) {
  const beats = new EventEmitter();
  socket.on("packet", ({ type, data }) => {
    const isBeat = type === "ping" || (type === "pong" && data !== "probe");
    if (isBeat) beats.emit("beat");
  });
  return beats;
}
