import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { combinations, connected, connectedMany } from "../support/clients.js";
import { ask, next, record, settled } from "../support/signals.js";
import { startServer } from "../support/server.js";

const server = await startServer("clients");
after(() => server.stop());

for (const combination of combinations()) {
  describe(combination.name, () => {
    // Tests that share the server keep apart by the names of their rooms.
    const room = (name) => `${combination.name} ${name}`;

    it("joins and leaves rooms", async (t) => {
      const socket = await connected(t, server.url, combination);
      const [a, b] = [room("a"), room("b")];
      assert.deepEqual(await ask(socket, "rooms"), [[]]);
      await ask(socket, "join", b);
      await ask(socket, "join", a);
      await ask(socket, "join", a);
      assert.deepEqual(await ask(socket, "rooms"), [[a, b]]);
      await ask(socket, "leave", b);
      assert.deepEqual(await ask(socket, "rooms"), [[a]]);
    });

    it("in a room has what is sent there, and no one else has", async (t) => {
      const [sender, member, stranger] = await connectedMany(t, 3, server.url, combination);
      const lobby = room("lobby");
      await Promise.all([ask(sender, "join", lobby), ask(member, "join", lobby)]);
      const seen = [sender, member, stranger].map((socket) => record(socket, "news"));

      const news = [1, { text: "two" }, Buffer.from("three")];
      await ask(sender, "to", lobby, "news", ...news);
      await settled(sender, member, stranger);
      assert.deepEqual(seen, [[news], [news], []]);
    });

    it("has nothing from a room it left", async (t) => {
      const [sender, member] = await connectedMany(t, 2, server.url, combination);
      const lobby = room("left");
      await ask(member, "join", lobby);
      await ask(member, "leave", lobby);
      const seen = record(member, "news");
      await ask(sender, "to", lobby, "news");
      await settled(member);
      assert.deepEqual(seen, []);
    });

    it("in an excepted room has nothing", async (t) => {
      const [sender, member, muted] = await connectedMany(t, 3, server.url, combination);
      const [all, silent] = [room("all"), room("silent")];
      await Promise.all([
        ask(member, "join", all),
        ask(muted, "join", all),
        ask(muted, "join", silent),
      ]);
      const seen = [member, muted].map((socket) => record(socket, "news"));
      await ask(sender, "to-except", all, silent, "news", "for some");
      await settled(member, muted);
      assert.deepEqual(seen, [[["for some"]], []]);
    });

    it("broadcasts to everyone but itself", async (t) => {
      const [sender, one, other] = await connectedMany(t, 3, server.url, combination);
      const seen = [sender, one, other].map((socket) => record(socket, "news"));
      await ask(sender, "bcast", "news", "text", Buffer.from("binary"));
      await settled(sender, one, other);
      const news = ["text", Buffer.from("binary")];
      assert.deepEqual(seen, [[], [news], [news]]);
    });

    it("has what is sent in its own namespace only", async (t) => {
      const lobby = room("shared name");
      const main = await connected(t, server.url, combination);
      const custom = main.io.socket("/custom");
      await next(custom, "connect");
      await Promise.all([ask(main, "join", lobby), ask(custom, "join", lobby)]);
      const seen = [main, custom].map((socket) => record(socket, "news"));
      await ask(custom, "to", lobby, "news", 1);
      await settled(main, custom);
      assert.deepEqual(seen, [[], [[1]]]);
    });
  });
}
