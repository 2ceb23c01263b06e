// What revision 3 alone has: two forms of a payload, and a script for old browsers.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { runInNewContext } from "node:vm";
import { Polling, ask, engineUrl, openFrames, revisions } from "../support/raw.js";
import { startServer } from "../support/server.js";

const [revision] = revisions;
const OCTETS = Buffer.from("0006ff3468656c6c6f0105ff0401020304", "hex");

const server = await startServer("engine-v3");
after(() => server.stop());

describe("a binary message over polling", () => {
  const text = "6:4hello10:b4AQIDBA==";

  it("goes and comes as base64 where the client asks for it", async () => {
    const session = await Polling.open(server, revision, { b64: "1" });
    await session.post("4hello", "b4AQIDBA==");
    const polled = await session.get();
    assert.equal(polled.text, text);
    assert.equal(polled.headers["content-type"], "text/plain; charset=UTF-8");
  });

  it("comes as octets where it does not", async () => {
    const session = await Polling.open(server, revision);
    await session.post("4hello", "b4AQIDBA==");
    const polled = await session.get();
    assert.deepEqual(polled.body, OCTETS);
    assert.equal(polled.headers["content-type"], "application/octet-stream");
  });

  it("goes as octets as well", async () => {
    const session = await Polling.open(server, revision, { b64: "1" });
    assert.equal((await session.post(OCTETS)).text, "ok");
    assert.equal((await session.get()).text, text);
  });

  it("leaves responses that hold none as text", async () => {
    const session = await Polling.open(server, revision);
    await session.post("b4AQ==");
    assert.deepEqual((await session.get()).body, Buffer.from("0102ff0401", "hex"));
    await session.post("4€");
    assert.equal((await session.get()).text, "2:4€");
  });

  it("stands beside text of many bytes", async () => {
    const session = await Polling.open(server, revision);
    await session.post("4€€€€", "b4AQ==");
    const euros = Buffer.from("4€€€€");
    const expected = Buffer.concat([
      Buffer.from([0, 1, 3, 255]),
      euros,
      Buffer.from([1, 2, 255, 4, 1]),
    ]);
    assert.deepEqual((await session.get()).body, expected);
  });
});

describe("a payload", () => {
  it("counts text in UTF-16 units", async () => {
    const session = await Polling.open(server, revision);
    const body = '10:42["é€😀"]';
    assert.equal((await ask(session.url, { method: "POST", body })).text, "ok");
    assert.equal((await session.get()).text, body);
  });

  it("of a wrong length ends the session, behind what precedes it", async () => {
    const wrong = ["7:4hello", "4hello", ":4hello", "x:4hello", "-1:4", "6:4hello5:4hello"];
    for (const body of wrong) {
      const session = await Polling.open(server, revision);
      assert.equal((await ask(session.url, { method: "POST", body })).status, 400, body);
      assert.equal((await session.get()).status, 400, body);
    }
  });

  it("of broken octets ends the session", async () => {
    for (const hex of ["00", "0006", "0006ff34", "0206ff3468656c6c6f", "00ff", "0009090909ff34"]) {
      const session = await Polling.open(server, revision);
      assert.equal((await session.post(Buffer.from(hex, "hex"))).status, 400, hex);
      assert.equal((await session.get()).status, 400, hex);
    }
  });
});

describe("a binary message over websocket", () => {
  it("has its type in front", async (t) => {
    const frames = await openFrames(t, server, revision);
    frames.send(Buffer.from([4, 1, 2, 3]));
    assert.deepEqual(await frames.next(), Buffer.from([4, 1, 2, 3]));
  });

  it("comes as base64 where the client asks for it", async (t) => {
    const frames = await openFrames(t, server, revision, { b64: "1" });
    frames.send("b4AQIDBA==");
    assert.equal(await frames.next(), "b4AQIDBA==");
  });
});

describe("a session", () => {
  it("is of revision 3 without EIO, or with another", async () => {
    for (const EIO of [undefined, "abc", "04"]) {
      const query = { EIO, transport: "polling" };
      const { status, text } = await ask(engineUrl(server, query));
      assert.equal(status, 200);
      const [length, packet] = text.split(/:(.*)/s);
      assert.equal(Number(length), packet.length);
      const { sid } = JSON.parse(packet.slice(1));
      const url = engineUrl(server, { ...query, sid });
      assert.equal((await ask(url, { method: "POST", body: "1:2" })).text, "ok");
      assert.equal((await ask(url)).text, "1:3");
    }
  });

  it("takes no request of the other revision", async () => {
    for (const [opened, other] of [["3", "4"], ["4", "3"]]) {
      const own = revisions.find(({ EIO }) => EIO === opened);
      const session = await Polling.open(server, own);
      const url = engineUrl(server, { EIO: other, transport: "polling", sid: session.sid });
      const refused = await ask(url);
      assert.equal(refused.status, 400);
      assert.equal(refused.text, '{"code":3,"message":"Bad request"}');
      await session.post("4alive");
      assert.equal((await session.get()).text, own.payload("4alive"));
    }
  });
});

for (const { EIO, payload } of revisions) {
  describe(`JSONP of revision ${EIO}`, () => {
    const query = { EIO, transport: "polling", j: "3" };

    /** What the script of a response gives to the function of its index. */
    function called({ status, text }) {
      assert.equal(status, 200);
      const given = [];
      runInNewContext(text, { ___eio: { 3: (data) => given.push(data) } });
      assert.equal(given.length, 1, text);
      return given[0];
    }

    async function open() {
      const packet = called(await ask(engineUrl(server, query)));
      const { sid } = JSON.parse(packet.slice(packet.indexOf("{")));
      return engineUrl(server, { ...query, sid });
    }

    const post = (url, body) => {
      const headers = { "Content-Type": "application/x-www-form-urlencoded" };
      return ask(url, { method: "POST", headers, body });
    };

    it("carries messages both ways", async () => {
      const url = await open();
      for (const text of ["hello", 'quotes " and \\', "lines\u2028\u2029", "€ 😀 + & = %"]) {
        const form = new URLSearchParams({ d: payload(`4${text}`) });
        assert.equal((await post(url, `${form}`)).text, "ok");
        assert.equal(called(await ask(url)), payload(`4${text}`));
      }
    });

    it("unescapes the newlines of its forms", async () => {
      const url = await open();
      // The client escapes a newline, and its own escapes in turn.
      const form = new URLSearchParams({ d: payload("4a\nb").replaceAll("\n", "\\n") });
      assert.equal((await post(url, `${form}`)).text, "ok");
      assert.equal(called(await ask(url)), payload("4a\nb"));
    });

    it("runs nothing but the call that was asked for", async () => {
      for (const j of ["3);alert(1", "alert", "3.5", "__proto__"]) {
        const { text } = await ask(engineUrl(server, { ...query, j }));
        assert.match(text, /^___eio\[\d*\]\("/, j);
      }
    });
  });
}
