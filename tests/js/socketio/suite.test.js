// The profiles that other suites run against.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { connected, newest, socketTo, transports } from "../support/clients.js";
import { ask, next, record, settled } from "../support/signals.js";
import { startServer } from "../support/server.js";

const suite = await startServer("client-suite");
const lab = await startServer("lab-socket");
after(() => Promise.all([suite.stop(), lab.stop()]));

/** What an event carries, without the offset that recovery puts behind it. */
function withoutOffset(args) {
  assert.match(args.at(-1), /^[\w-]{16}$/);
  return args.slice(0, -1);
}

for (const transport of transports) {
  const combination = { client: newest, transport };
  describe(`client-suite over ${transport.name}`, () => {
    it("answers what the client's own tests ask", async (t) => {
      const socket = await connected(t, suite.url, combination, { extraHeaders: { "x-a": "1" } });
      assert.deepEqual(await ask(socket, "echo", null), [null]);
      assert.deepEqual(await ask(socket, "getId"), [socket.id]);
      const [date] = await ask(socket, "getAckDate", {});
      assert.equal(new Date(date).toISOString(), date);
      const [handshake] = await ask(socket, "getHandshake");
      assert.equal(handshake.headers["x-a"], "1");
      assert.equal(handshake.address, "127.0.0.1");
      assert.equal(handshake.secure, false);
      assert.equal(handshake.query.EIO, "4");
      assert.deepEqual(handshake.auth, {});
      for (const key of ["issued", "time", "url", "xdomain"]) assert.ok(key in handshake, key);

      const cases = [
        ["hi", [], "hi", []],
        ["doge", [], "doge", [Buffer.from("asdfasdf")]],
        ["getbin", [Buffer.from([1, 2])], "takebin", [Buffer.from([1, 2])]],
        ["buffa", [Buffer.from([1])], "buffack", []],
        ["false", [], "false", [false]],
        ["jsonbuff", [{ hello: "lol", message: Buffer.from([1]), goodbye: "gotcha" }], "jsonbuff-ack", []],
      ];
      for (const [event, args, answer, values] of cases) {
        const answered = next(socket, answer);
        socket.emit(event, ...args);
        assert.deepEqual(withoutOffset(await answered), values, event);
      }
    });

    it("acknowledges and asks back", async (t) => {
      const socket = await connected(t, suite.url, combination);
      socket.on("ack", (answer) => answer(5, { test: true }));
      const got = next(socket, "got it");
      socket.emit("ack");
      await got;
      const texts = record(socket, "takeUtf8");
      socket.emit("getUtf8");
      await ask(socket, "getId");
      const expected = ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"];
      assert.deepEqual(texts.map(withoutOffset).flat(), expected);
    });

    it("answers binary events that come in order", async (t) => {
      const socket = await connected(t, suite.url, combination);
      const answers = [next(socket, "abuff2-ack"), next(socket, "blob3-ack")];
      socket.emit("abuff1", Buffer.from([1]));
      socket.emit("abuff2", "x");
      socket.emit("blob1", Buffer.from([1]));
      socket.emit("blob2", "second");
      socket.emit("blob3", Buffer.from([3]));
      await Promise.all(answers);
    });

    it("refuses with the messages that are expected", async (t) => {
      for (const [path, options, message] of [
        ["/no", {}, "Auth failed (custom namespace)"],
        ["/elsewhere", {}, "Invalid namespace"],
        ["/", { query: { fail: "true" } }, "Auth failed (main namespace)"],
      ]) {
        const [error] = await next(socketTo(t, suite.url + path, combination, options), "connect_error");
        assert.equal(error.message, message);
      }
    });
  });

  describe(`lab-socket over ${transport.name}`, () => {
    const report = async (path) => (await fetch(`${lab.url}/lab/${path}`)).json();

    it("reports what a socket sent, and why it left", async (t) => {
      const socket = await connected(t, `${lab.url}/dyn-7`, combination);
      const { id } = socket;
      const sid = socket.io.engine.id;
      assert.deepEqual(await ask(socket, "join", "b"), ["ok"]);
      await ask(socket, "join", "a");
      assert.deepEqual(await ask(socket, "rooms"), [["a", "b"]]);
      socket.emit("other", { n: 1 }, Buffer.from([10, 255]));
      await settled(socket);
      assert.deepEqual(await report(`socket?id=${id}`), {
        state: "connected",
        reason: null,
        recovered: false,
        events: [
          ["join", "b", "<ack>"],
          ["join", "a", "<ack>"],
          ["rooms", "<ack>"],
          ["other", { n: 1 }, { $hex: "0aff" }],
          ["echo", "settled", "<ack>"],
        ],
      });
      assert.deepEqual(await report(`engine?sid=${sid}`), { state: "open", reason: null });
      const left = [next(socket, "disconnect"), next(socket.io.engine, "close")];
      socket.emit("bye", true);
      await Promise.all(left);
      const { state, reason } = await report(`socket?id=${id}`);
      assert.deepEqual([state, reason], ["disconnected", "server namespace disconnect"]);
      // It closes when the client has taken the last answer, and knows it first.
      while ((await report(`engine?sid=${sid}`)).state === "open");
      const closed = { state: "closed", reason: "forced close" };
      assert.deepEqual(await report(`engine?sid=${sid}`), closed);
      assert.deepEqual(await report("engine?sid=x"), { state: "unknown", reason: null });
    });

    it("has the namespaces that it should, and no others", async (t) => {
      for (const name of ["/", "/custom", "/日本語", "/dyn-0"]) {
        await connected(t, lab.url + name, combination);
      }
      for (const name of ["/dyn-", "/dyn-x", "/xdyn-1"]) {
        const [error] = await next(socketTo(t, lab.url + name, combination), "connect_error");
        assert.equal(error.message, "Invalid namespace");
      }
      const [error] = await next(socketTo(t, `${lab.url}/guarded`, combination), "connect_error");
      assert.deepEqual([error.message, error.data], ["unauthorized", { code: 401, hint: "token" }]);
      await connected(t, `${lab.url}/guarded`, combination, { auth: { token: "secret" } });
    });
  });
}
