// Old clients that poll through scripts and forms.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { combine, engineClients, opened, transports } from "../support/clients.js";
import { installDocument } from "../support/document.js";
import { closed } from "../support/lab.js";
import { startServer } from "../support/server.js";
import { next, take } from "../support/signals.js";

const [polling, , upgraded] = transports;

installDocument();
const server = await startServer("lab-engine");
after(() => server.stop());

// Later ones cannot do it.
const clients = engineClients.filter(({ name }) => / [345]\./.test(name));

for (const combination of combine(clients, [polling, upgraded])) {
  describe(`${combination.name}, with scripts`, () => {
    it("has text and binary back, in order", async (t) => {
      const socket = await opened(t, server.url, combination, { forceJSONP: true });
      if (combination.transport === polling) assert.ok("j" in socket.transport.query);
      const sent = ["hello", "", 'a "quoted" \\ thing', "two\nlines", "€ 😀 \u2028", Buffer.from([0, 255])];
      const messages = take(socket, "message", sent.length);
      for (const message of sent) socket.send(message);
      const back = (await messages).map(([message]) => message ?? "");
      assert.deepEqual(back, sent);
    });

    it("has a flood, through its upgrade if there is one", async (t) => {
      const socket = await opened(t, server.url, combination, { forceJSONP: true });
      const messages = take(socket, "message", 1000);
      socket.send("!flood 1000");
      assert.deepEqual(await messages, Array.from({ length: 1000 }, (_, i) => [`m${i}`]));
    });

    it("closes, and is closed", async (t) => {
      for (const [end, reasons] of [
        [(socket) => socket.close(), ["forced close", "transport close"]],
        [(socket) => socket.send("!close"), ["transport close", "forced close"]],
      ]) {
        const socket = await opened(t, server.url, combination, { forceJSONP: true });
        const { id } = socket;
        const ended = next(socket, "close");
        end(socket);
        const [reason] = await ended;
        assert.deepEqual([reason, (await closed(server, id)).reason], reasons);
      }
    });
  });
}
