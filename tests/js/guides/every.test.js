// What all of the examples do.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { newest, socketTo, transports } from "../support/clients.js";
import { start, token } from "../support/guides.js";
import { ask } from "../support/raw.js";
import { next, within } from "../support/signals.js";

const NAMES = ["conversations", "first_chat", "pages_and_rooms", "production_patterns", "project_rooms"];

for (const name of NAMES) {
  describe(`the example ${name}`, () => {
    it("serves the client that its page loads", async (t) => {
      const { url } = await start(t, name);
      const client = await ask(new URL("/socket.io/socket.io.js", url));
      assert.equal(client.status, 200);
      assert.match(client.text, /^\/\*!\n \* Socket\.IO v4\./);
    });

    for (const transport of transports) {
      it(`ends on Ctrl-C, with a client over ${transport.name} in it`, async (t) => {
        const server = await start(t, name);
        const auth = { token: token({ userId: "ada" }) };
        const socket = socketTo(t, server.url, { client: newest, transport }, { auth, reconnection: false });
        await next(socket, "connect");
        const disconnected = next(socket, "disconnect");
        const ended = within("end", (resolve) => server.interrupt().then(resolve));
        const [reason] = await disconnected;
        // Either lets the client come back by itself; "error" is for one that is between two polls.
        assert.match(reason, /^transport (close|error)$/);
        assert.equal(await ended, "ended with code 0");
      });
    }
  });
}
