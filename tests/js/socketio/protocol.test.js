// The `socket-v5` profile: what the server sends unasked, and what it answers.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { combinations, combine, connected, engineTo, newestEngine, socketTo, transports } from "../support/clients.js";
import { ask, next, take } from "../support/signals.js";
import { startServer } from "../support/server.js";

const server = await startServer("socket-v5");
after(() => server.stop());

for (const combination of combinations()) {
  for (const namespace of ["/", "/custom"]) {
    describe(`${combination.name} in ${namespace}`, () => {
      const url = server.url + namespace;

      it("has the event sent on connection, with its auth payload", async (t) => {
        const socket = socketTo(t, url, combination, { auth: { user: "ada", roles: [1, 2] } });
        assert.deepEqual(await next(socket, "auth"), [{ user: "ada", roles: [1, 2] }]);
      });

      it("has the event sent on connection without an auth payload", async (t) => {
        const socket = socketTo(t, url, combination);
        assert.deepEqual(await next(socket, "auth"), [{}]);
      });

      it("has its messages back", async (t) => {
        const socket = await connected(t, url, combination);
        const back = next(socket, "message-back");
        const args = [1, "2", { 3: [false, null] }, Buffer.from([4])];
        socket.emit("message", ...args);
        assert.deepEqual(await back, args);
      });

      it("has its messages acknowledged", async (t) => {
        const socket = await connected(t, url, combination);
        const args = [[], { a: Buffer.from("b") }];
        assert.deepEqual(await ask(socket, "message-with-ack", ...args), args);
      });

      it("has no answer where none is promised", async (t) => {
        const socket = await connected(t, url, combination);
        let answers = 0;
        const [back, asked] = [next(socket, "message-back"), take(socket, "emit-with-ack", 2)];
        socket.once("emit-with-ack", (...args) => args.pop()());
        for (const event of ["message", "emit-with-ack"]) socket.emit(event, () => (answers += 1));
        await Promise.all([back, asked]);
        await ask(socket, "message-with-ack");
        assert.equal(answers, 0);
      });

      it("acknowledges the server's events", async (t) => {
        const socket = await connected(t, url, combination);
        const events = take(socket, "emit-with-ack", 2);
        socket.once("emit-with-ack", (...args) => args.pop()("reply", Buffer.from("binary")));
        socket.emit("emit-with-ack", "question");
        const [question, reply] = await events;
        assert.equal(question[0], "question");
        assert.deepEqual(reply, ["reply", Buffer.from("binary")]);
      });
    });
  }
}

describe("a client that joins no namespace", () => {
  for (const combination of combine([newestEngine], transports)) {
    it(`is closed after the connect timeout, as ${combination.name}`, async (t) => {
      const impatient = await startServer("socket-v5", { CONNECT_TIMEOUT: "300" });
      t.after(() => impatient.stop());
      const socket = engineTo(t, impatient.url, combination, { path: "/socket.io/" });
      const closed = next(socket, "close");
      await next(socket, "open");
      assert.equal((await closed)[0], "transport close");
    });
  }
});
