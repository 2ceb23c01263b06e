import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { combinations, connected } from "../support/clients.js";
import { ask, next, record, settled } from "../support/signals.js";
import { startServer } from "../support/server.js";

const server = await startServer("clients");
after(() => server.stop());

for (const combination of combinations()) {
  describe(combination.name, () => {
    it("disconnects by itself", async (t) => {
      const socket = await connected(t, server.url, combination);
      const gone = next(socket, "disconnect");
      socket.disconnect();
      assert.equal((await gone)[0], "io client disconnect");
    });

    it("is disconnected from one namespace by the server", async (t) => {
      const main = await connected(t, server.url, combination);
      const custom = main.io.socket("/custom");
      await next(custom, "connect");
      const gone = next(custom, "disconnect");
      custom.emit("bye");
      assert.equal((await gone)[0], "io server disconnect");
      await settled(main);
    });

    it("comes back to a namespace the server disconnected it from", async (t) => {
      const socket = await connected(t, server.url, combination);
      const gone = next(socket, "disconnect");
      socket.emit("bye");
      await gone;
      socket.connect();
      await next(socket, "connect");
      assert.deepEqual(await ask(socket, "echo", "back"), ["back"]);
    });

    it("is told why when the server closes the whole connection", async (t) => {
      const main = await connected(t, server.url, combination);
      const custom = main.io.socket("/custom");
      await next(custom, "connect");
      const gone = [next(main, "disconnect"), next(custom, "disconnect")];
      main.emit("bye", true);
      const reasons = (await Promise.all(gone)).map(([reason]) => reason);
      assert.deepEqual(reasons, ["io server disconnect", "io server disconnect"]);
    });

    it("reconnects with a new id when the server drops the transport", async (t) => {
      const socket = await connected(t, server.url, combination);
      const first = socket.id;
      const gone = next(socket, "disconnect");
      const attempt = next(socket.io, "reconnect_attempt");
      const reconnected = next(socket.io, "reconnect");
      const back = gone.then(() => next(socket, "connect"));
      socket.emit("drop");

      // A client that does not poll just then hears of it by a refusal.
      assert.match((await gone)[0], /^transport (close|error)$/);
      assert.deepEqual(await attempt, [1]);
      assert.deepEqual(await reconnected, [1]);
      await back;
      assert.notEqual(socket.id, first);
      assert.deepEqual(await ask(socket, "echo", "back"), ["back"]);
    });

    it("sends once what it emitted while it was disconnected", async (t) => {
      const socket = await connected(t, server.url, combination);
      const seen = record(socket, "echo");
      const gone = next(socket, "disconnect");
      const back = gone.then(() => next(socket, "connect"));
      socket.once("disconnect", () => socket.emit("echo", "in between"));
      socket.emit("drop");
      await back;
      await settled(socket);
      assert.deepEqual(seen, [["in between"]]);
    });
  });
}
