import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { combine, engineClients, engineTo, opened, transports } from "../support/clients.js";
import { next, record } from "../support/signals.js";
import { startServer } from "../support/server.js";

const server = await startServer("engine-v3");
after(() => server.stop());

for (const client of engineClients) {
  const [polling, websocket, upgraded] = combine([client], transports);
  describe(`${client.name} on its way to websocket`, () => {
    it("probes, upgrades, and keeps its id", async (t) => {
      const socket = engineTo(t, server.url, upgraded);
      const [upgrading, upgrade] = [next(socket, "upgrading"), next(socket, "upgrade")];
      await next(socket, "open");
      const { id } = socket;
      assert.equal(socket.transport.name, "polling");
      assert.equal((await upgrading)[0].name, "websocket");
      assert.equal((await upgrade)[0].name, "websocket");
      assert.equal(socket.id, id);
      assert.equal(socket.transport.name, "websocket");
    });

    it("has a message across that it sent before the upgrade", async (t) => {
      const socket = engineTo(t, server.url, upgraded);
      const upgrade = next(socket, "upgrade");
      await next(socket, "open");
      const echo = next(socket, "message");
      socket.send("early");
      assert.deepEqual(await echo, ["early"]);
      await upgrade;
    });

    it("is offered websocket over polling only", async (t) => {
      const offers = {};
      for (const combination of [polling, websocket]) {
        const socket = engineTo(t, server.url, combination);
        const [handshake] = await next(socket, "handshake");
        offers[combination.transport.name] = handshake.upgrades;
      }
      assert.deepEqual(offers, { polling: ["websocket"], websocket: [] });
    });

    it("stays on polling when that is all it may use", async (t) => {
      const socket = await opened(t, server.url, polling);
      const upgrades = record(socket, "upgrading");
      for (const message of ["one", "two", "three"]) {
        socket.send(message);
        assert.deepEqual(await next(socket, "message"), [message]);
      }
      assert.deepEqual(upgrades, []);
      assert.equal(socket.transport.name, "polling");
    });
  });
}
