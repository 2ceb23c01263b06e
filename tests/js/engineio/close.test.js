import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { engineCombinations, opened } from "../support/clients.js";
import { next } from "../support/signals.js";
import { startServer } from "../support/server.js";

const server = await startServer("engine-v3");
after(() => server.stop());

for (const combination of engineCombinations()) {
  describe(combination.name, () => {
    it("closes, and the server forgets its session", { timeout: 10_000 }, async (t) => {
      const socket = await opened(t, server.url, combination);
      const { id } = socket;
      // Behind an answer, the server knows of an upgrade as well.
      const echo = next(socket, "message");
      socket.send("here");
      await echo;
      assert.notEqual(await refusal(id, combination), UNKNOWN_SESSION);

      const closed = next(socket, "close");
      socket.close();
      assert.equal((await closed)[0], "forced close");
      // The client does not hear when the server has read its farewell.
      while ((await refusal(id, combination)) !== UNKNOWN_SESSION) await delay(5);
    });
  });
}

const UNKNOWN_SESSION = 1;

/**
 * The code with which the server refuses a plain request for a session. It asks
 * for the transport that the session does not use, which leaves it alone.
 */
async function refusal(sid, { client, transport: { list } }) {
  const other = list.at(-1) === "polling" ? "websocket" : "polling";
  const query = new URLSearchParams({ EIO: client.revision, transport: other, sid });
  const response = await fetch(`${server.url}/engine.io/?${query}`);
  assert.equal(response.status, 400);
  return (await response.json()).code;
}
