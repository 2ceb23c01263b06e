// Kinds of data, and ways for it to arrive.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { after, describe, it } from "node:test";
import { combine, engineCombinations, engineTo, newestEngine, opened, transports } from "../support/clients.js";
import { report } from "../support/lab.js";
import { Polling, ask, openFrames, revisions } from "../support/raw.js";
import { startServer } from "../support/server.js";
import { next, record, take } from "../support/signals.js";

const server = await startServer("lab-engine", { MAX_HTTP_BUFFER_SIZE: "10000000" });
after(() => server.stop());

const integers = Int32Array.from([0, 1, -2, 2 ** 31 - 1, -(2 ** 31)]);

for (const combination of engineCombinations()) {
  describe(combination.name, () => {
    const views = {
      "an Int8Array": Int8Array.from([0, 1, -2, 127, -128]),
      "an Int32Array": integers,
      "an ArrayBuffer": integers.buffer,
      "a Buffer": Buffer.from([0, 255, 13, 10, 30]),
      "a part of a larger buffer": new Uint8Array(integers.buffer, 3, 7),
    };
    for (const [name, view] of Object.entries(views)) {
      it(`sends ${name} as its bytes`, async (t) => {
        const bytes = ArrayBuffer.isView(view)
          ? Buffer.from(view.buffer, view.byteOffset, view.byteLength)
          : Buffer.from(view);
        const socket = await opened(t, server.url, combination);
        socket.send(view);
        const [back] = await next(socket, "message");
        assert.deepEqual(Buffer.from(back), bytes);
        const { messages } = await report(server, socket.id);
        assert.deepEqual(messages, [{ hex: bytes.toString("hex") }]);
      });
    }

    it("has an ArrayBuffer where it asks for one", async (t) => {
      const socket = engineTo(t, server.url, combination);
      socket.binaryType = "arraybuffer";
      await next(socket, "open");
      socket.send("!bin 5");
      const [data] = await next(socket, "message");
      assert.ok(data instanceof ArrayBuffer);
      assert.deepEqual(Buffer.from(data), Buffer.from([0, 1, 2, 3, 4]));
    });

    it("has text beyond ASCII come and go", async (t) => {
      const socket = await opened(t, server.url, combination);
      for (const text of ["cash money €€€", "пойду спать всем спокойной ночи", "👩‍👩‍👧 \u0000 \uffff"]) {
        socket.send(text);
        assert.deepEqual(await next(socket, "message"), [text]);
        assert.equal((await report(server, socket.id)).messages.at(-1), text);
      }
    });

    it("has messages before the end that follows them", async (t) => {
      const socket = await opened(t, server.url, combination);
      const messages = record(socket, "message");
      const end = next(socket, "close");
      for (const command of ["one", "two", "three", "!close"]) socket.send(command);
      await end;
      assert.deepEqual(messages, [["one"], ["two"], ["three"]]);
    });
  });
}

for (const revision of revisions) {
  describe(`a POST of revision ${revision.EIO}`, () => {
    const text = "é".repeat(500_000);

    it("may come in many segments", async () => {
      const session = await Polling.open(server, revision);
      const body = Buffer.from(revision.payload(`4${text}`));
      const { hostname, port, pathname, search } = session.url;
      const connection = connect(port, hostname);
      connection.setNoDelay();
      const head = `POST ${pathname}${search} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
      connection.write(head);
      // An odd length cuts characters in two.
      for (let at = 0; at < body.length; at += 10_007) {
        const segment = body.subarray(at, at + 10_007);
        await new Promise((resolve) => connection.write(segment, resolve));
      }
      let answer = "";
      for await (const data of connection) {
        answer += data;
        if (answer.endsWith("\r\n\r\nok")) break;
      }
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
      assert.equal((await session.get()).text, revision.payload(`4${text}`));
    });

    it("may come in chunks", async () => {
      const session = await Polling.open(server, revision);
      const headers = { "Transfer-Encoding": "chunked" };
      const outgoing = request(session.url, { method: "POST", headers });
      const body = revision.payload("4hello", "4€€€");
      for (const character of body) outgoing.write(character);
      outgoing.end();
      const [response] = await once(outgoing, "response");
      assert.equal(response.statusCode, 200);
      response.resume();
      assert.equal((await session.get()).text, body);
    });

    it("may have any other type", async () => {
      for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
        const session = await Polling.open(server, revision);
        const body = revision.payload("4hello");
        const headers = { "Content-Type": type };
        assert.equal((await ask(session.url, { method: "POST", headers, body })).text, "ok");
        assert.equal((await session.get()).text, body);
      }
    });
  });
}

describe("a burst", () => {
  it("of 100 messages of 64 KiB does not stand in the way of the heartbeat", async (t) => {
    const quick = await startServer("lab-engine", { PING_INTERVAL: "50" });
    t.after(() => quick.stop());
    for (const combination of combine([newestEngine], transports)) {
      const socket = await opened(t, quick.url, combination);
      const ends = record(socket, "close");
      const pings = take(socket, "ping", 2);
      const messages = take(socket, "message", 100);
      for (let i = 0; i < 100; i++) socket.send(`!text ${64 * 1024}`);
      for (const [message] of await messages) assert.equal(message.length, 64 * 1024);
      await pings;
      assert.deepEqual(ends, []);
    }
  });

  it("that nobody reads disturbs nobody else", async (t) => {
    const [four] = revisions.filter(({ EIO }) => EIO === "4");
    const stalled = await openFrames(t, server, four);
    stalled.socket.pause();
    stalled.send("4!flood 1000000");
    const socket = await opened(t, server.url, { client: newestEngine, transport: transports[1] });
    socket.send("still served");
    assert.deepEqual(await next(socket, "message"), ["still served"]);
    stalled.socket.terminate();
  });
});
