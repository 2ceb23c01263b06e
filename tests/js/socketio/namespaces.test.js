import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { combinations, connected, socketTo } from "../support/clients.js";
import { ask, next, record, settled } from "../support/signals.js";
import { startServer } from "../support/server.js";

const server = await startServer("clients");
after(() => server.stop());

for (const combination of combinations()) {
  describe(combination.name, () => {
    it("joins several namespaces over one connection", async (t) => {
      const main = await connected(t, server.url, combination);
      const custom = main.io.socket("/custom");
      await next(custom, "connect");
      assert.notEqual(custom.id, main.id);

      const [ofMain, ofCustom] = [record(main, "echo"), record(custom, "echo")];
      main.emit("echo", "main");
      custom.emit("echo", "custom", Buffer.from("custom"));
      await settled(main, custom);
      assert.deepEqual(ofMain, [["main"]]);
      assert.deepEqual(ofCustom, [["custom", Buffer.from("custom")]]);
    });

    it("leaves one namespace and keeps the other", async (t) => {
      const main = await connected(t, server.url, combination);
      const custom = main.io.socket("/custom");
      await next(custom, "connect");
      custom.disconnect();
      assert.deepEqual(await ask(main, "echo", "still here"), ["still here"]);
    });

    it("joins again a namespace it left, with a new id", async (t) => {
      const main = await connected(t, server.url, combination);
      const custom = main.io.socket("/custom");
      await next(custom, "connect");
      const first = custom.id;
      custom.disconnect();
      custom.connect();
      await next(custom, "connect");
      assert.notEqual(custom.id, first);
      assert.deepEqual(await ask(custom, "echo", 1), [1]);
    });

    it("is refused a namespace that does not exist", async (t) => {
      const main = await connected(t, server.url, combination);
      const unknown = main.io.socket("/unknown");
      const [error] = await next(unknown, "connect_error");
      assert.equal(error.message, "Invalid namespace");
      assert.equal(unknown.connected, false);
      await settled(main);
    });

    it("is refused by a middleware with a message and data", async (t) => {
      const guarded = socketTo(t, `${server.url}/guarded`, combination, { auth: { token: "wrong" } });
      const [error] = await next(guarded, "connect_error");
      assert.equal(error.message, "unauthorized");
      assert.deepEqual(error.data, { code: 401, hint: "token" });
      assert.equal(guarded.connected, false);
    });

    it("is let in once it brings what the middleware asks for", async (t) => {
      const guarded = socketTo(t, `${server.url}/guarded`, combination);
      await next(guarded, "connect_error");
      guarded.auth = { token: "secret" };
      guarded.connect();
      await next(guarded, "connect");
      assert.deepEqual(await ask(guarded, "echo", "in"), ["in"]);
    });

    it("shows the server its auth payload, query and headers", async (t) => {
      const socket = await connected(t, server.url, combination, {
        auth: { token: "t", nested: { n: [1] } },
        query: { projectId: "7", text: "a b&c=d/ü" },
        extraHeaders: { "X-Client": "tests", Cookie: "a=b; c=d" },
      });
      const [handshake] = await ask(socket, "handshake");
      assert.deepEqual(handshake.auth, { token: "t", nested: { n: [1] } });
      assert.equal(handshake.query.projectId, "7");
      assert.equal(handshake.query.text, "a b&c=d/ü");
      assert.equal(handshake.query.EIO, "4");
      assert.equal(handshake.query.transport, combination.transport.list[0]);
      assert.equal(handshake.headers["x-client"], "tests");
      assert.equal(handshake.headers["cookie"], "a=b; c=d");
    });

    it("that brings no auth payload has an empty one", async (t) => {
      const socket = await connected(t, server.url, combination);
      const [handshake] = await ask(socket, "handshake");
      assert.deepEqual(handshake.auth, {});
    });
  });
}
