import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { connected, newest, reachesFinalTransport, transports } from "../support/clients.js";
import { ask, next, record, settled } from "../support/signals.js";
import { startServer } from "../support/server.js";

const server = await startServer("clients-recovery");
after(() => server.stop());

// Older clients know no recovery: they see an offset, and come back as new ones.
for (const transport of transports) {
  const combination = { client: newest, transport };
  const connect = (t, options) => connected(t, server.url, combination, options);

  describe(`${newest.name} over ${transport.name}`, () => {
    it("comes back as who it was, and gets what it missed", async (t) => {
      const socket = await connect(t, { reconnection: false });
      const other = await connect(t);
      const id = socket.id;
      assert.equal(socket.recovered, false);
      await ask(socket, "join", "room");
      await hear(socket);
      await cut(socket);

      const seen = record(socket, "news");
      const bytes = Buffer.from([1, 2, 3]);
      await ask(other, "to", "room", "news", 1, { bytes });
      await ask(other, "to", "elsewhere", "news", "not for it");
      await ask(other, "to-except", id, "room", "news", "nor this");
      await ask(other, "to", id, "news", 2);
      await ask(other, "bcast", "news", bytes);

      await back(socket);
      assert.equal(socket.recovered, true);
      assert.equal(socket.id, id);
      assert.deepEqual(await ask(socket, "rooms"), [["room"]]);
      assert.deepEqual(seen.map(withoutOffset), [[1, { bytes }], [2], [bytes]]);
    });

    it("comes back while the server does not know yet that it was gone", async (t) => {
      const socket = await connect(t, { reconnection: false });
      const id = socket.id;
      await hear(socket);
      // The connection stays, and nobody listens on it any more.
      const lost = socket.io.engine;
      lost.removeAllListeners();
      socket.io.onclose("transport close");
      await back(socket);
      assert.deepEqual([socket.recovered, socket.id], [true, id]);
      lost.close();
      await settled(socket);
    });

    it("hears everything once and in order, however often it is cut off", async (t) => {
      const socket = await connect(t);
      const other = await connect(t);
      const seen = record(socket, "count");
      await hear(socket);
      let count = 0;
      for (let cuts = 0; cuts < 5; cuts++) {
        const returned = next(socket, "disconnect").then(() => next(socket, "connect"));
        socket.emit("drop");
        for (let sent = 0; sent < 50; sent++) other.emit("bcast", "count", count++);
        await returned;
        assert.equal(socket.recovered, true);
        // A client whose connection ends in the middle of an upgrade may stop
        // polling and notice nothing before its ping timeout.
        await reachesFinalTransport(socket.io.engine, transport);
      }
      await settled(other);
      await settled(socket);
      assert.deepEqual(
        seen.map(withoutOffset),
        Array.from({ length: count }, (_, number) => [number]),
      );
    });

    it("is new when it has left by itself", async (t) => {
      const socket = await connect(t, { reconnection: false });
      const id = socket.id;
      await hear(socket);
      socket.disconnect();
      await back(socket);
      assert.equal(socket.recovered, false);
      assert.notEqual(socket.id, id);
    });

    it("is new to a server that was started again", async (t) => {
      const before = await startServer("clients-recovery");
      const socket = await connected(t, before.url, combination, { reconnection: false });
      const id = socket.id;
      await hear(socket);
      const gone = next(socket, "disconnect");
      await before.stop();
      await gone;
      const again = await startServer("clients-recovery", { PORT: new URL(before.url).port });
      t.after(() => again.stop());
      await back(socket);
      assert.equal(socket.recovered, false);
      assert.notEqual(socket.id, id);
      await settled(socket);
    });
  });
}

/** A client that has heard nothing knows no offset to come back with. */
async function hear(socket) {
  const heard = next(socket, "echo");
  socket.emit("echo", "heard");
  await heard;
}

async function cut(socket) {
  const gone = next(socket, "disconnect");
  socket.io.engine.close();
  await gone;
}

async function back(socket) {
  const connected = next(socket, "connect");
  socket.connect();
  await connected;
}

function withoutOffset(args) {
  assert.equal(typeof args.at(-1), "string");
  return args.slice(0, -1);
}
