// What the protocol asks of a server, frame by frame, in both revisions.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Polling, ask, askForWebsocket, engineUrl, openFrames, revisions } from "../support/raw.js";
import { startServer } from "../support/server.js";

const KEYS = ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"];

for (const revision of revisions) {
  const { EIO, profile, payload } = revision;
  const server = await startServer(profile);
  after(() => server.stop());

  describe(`revision ${EIO}: a handshake`, () => {
    it("over polling is answered with the open packet alone", async () => {
      const { response, handshake } = await Polling.open(server, revision);
      assert.equal(response.headers["content-type"], "text/plain; charset=UTF-8");
      assert.equal(response.headers["cache-control"], "no-store");
      assert.equal(response.text, payload(`0${JSON.stringify(handshake)}`));
      assert.deepEqual(Object.keys(handshake), KEYS);
      assert.match(handshake.sid, /^[\w-]{20,}$/);
      assert.deepEqual(handshake.upgrades, ["websocket"]);
      assert.equal(handshake.pingInterval, 25000);
      assert.equal(handshake.pingTimeout, 20000);
      assert.equal(handshake.maxPayload, 1_000_000);
    });

    it("over websocket has the open packet as its first frame", async (t) => {
      const { handshake } = await openFrames(t, server, revision);
      assert.deepEqual(Object.keys(handshake), KEYS);
      assert.deepEqual(handshake.upgrades, []);
    });

    it("over polling is refused for what it lacks", async () => {
      const parameters = { EIO, transport: "polling" };
      const tries = [
        ["GET", { ...parameters, transport: undefined }, 0, "Transport unknown"],
        ["GET", { ...parameters, transport: "abc" }, 0, "Transport unknown"],
        ["GET", { ...parameters, transport: "constructor" }, 0, "Transport unknown"],
        ["GET", { ...parameters, transport: "__proto__" }, 0, "Transport unknown"],
        ["GET", { ...parameters, transport: "websocket" }, 3, "Bad request"],
        ["GET", { ...parameters, sid: "abc" }, 1, "Session ID unknown"],
        ["GET", { ...parameters, sid: "__proto__" }, 1, "Session ID unknown"],
        ["POST", parameters, 2, "Bad handshake method"],
        ["PUT", parameters, 2, "Bad handshake method"],
      ];
      for (const [method, query, code, message] of tries) {
        const response = await ask(engineUrl(server, query), { method });
        const what = `${method} ${JSON.stringify(query)}`;
        assert.equal(response.status, 400, what);
        assert.equal(response.headers["content-type"], "application/json", what);
        assert.equal(response.text, JSON.stringify({ code, message }), what);
        assert.equal(response.headers["access-control-allow-origin"], "*", what);
      }
    });

    it("over websocket is refused for what it lacks", async () => {
      for (const [parameters, message] of [
        [{}, "Transport unknown"],
        [{ EIO }, "Transport unknown"],
        [{ EIO, transport: "abc" }, "Transport unknown"],
        [{ EIO, transport: "__proto__" }, "Transport unknown"],
        [{ EIO, transport: "polling" }, "Bad request"],
        [{ EIO, transport: "websocket", sid: "abc" }, "Session ID unknown"],
      ]) {
        const refused = await askForWebsocket(server, parameters);
        assert.equal(refused.status, 400);
        assert.equal(refused.text, message, JSON.stringify(parameters));
      }
    });
  });

  describe(`revision ${EIO}: messages`, () => {
    it("come back over polling, as they were sent", async () => {
      const session = await Polling.open(server, revision);
      for (const packets of [["4hello"], ["4one", "4two", "4three"], ["4", "4€ 😀 \u2028"]]) {
        const posted = await session.post(...packets);
        assert.equal(posted.status, 200);
        assert.equal(posted.text, "ok");
        assert.equal(posted.headers["content-type"], "text/html");
        const polled = await session.get();
        assert.equal(polled.status, 200);
        assert.equal(polled.headers["content-type"], "text/plain; charset=UTF-8");
        assert.equal(polled.text, payload(...packets));
      }
    });

    it("come to a GET that waits", async () => {
      const session = await Polling.open(server, revision);
      const polled = session.get();
      await session.post("4hello");
      assert.equal((await polled).text, payload("4hello"));
    });

    it("come back over websocket, as they were sent", async (t) => {
      const frames = await openFrames(t, server, revision);
      frames.send("4hello");
      assert.equal(await frames.next(), "4hello");
      // A binary message has its type in front in revision 3 only.
      const binary = Buffer.from(EIO === "3" ? [4, 1, 2, 3, 4] : [1, 2, 3, 4]);
      frames.send(binary);
      assert.deepEqual(await frames.next(), binary);
    });
  });

  describe(`revision ${EIO}: an end`, () => {
    it("by the client releases the GET that waits", async () => {
      const session = await Polling.open(server, revision);
      const polled = session.get();
      await session.settled();
      assert.equal((await session.post("1")).status, 200);
      const response = await polled;
      assert.equal(response.status, 200);
      assert.equal(response.text, payload("6"));
      assert.equal((await session.get()).status, 400);
    });

    it("by the client over websocket closes it", async (t) => {
      const frames = await openFrames(t, server, revision);
      frames.send("1");
      assert.deepEqual(await frames.next(), { code: 1005 });
    });

    it("comes with a payload that is none", async () => {
      for (const body of ["abc", ""]) {
        const session = await Polling.open(server, revision);
        const headers = { "Content-Type": "text/plain;charset=UTF-8" };
        const posted = await ask(session.url, { method: "POST", headers, body });
        assert.equal(posted.status, 400);
        assert.equal((await session.get()).status, 400);
      }
    });

    it("comes with a frame that is no packet", async (t) => {
      for (const frame of ["abc", "", "7", "{}"]) {
        const frames = await openFrames(t, server, revision);
        frames.send(frame);
        assert.equal(typeof (await frames.next()).code, "number", frame);
      }
    });

    it("comes with a second GET, for both", async () => {
      const session = await Polling.open(server, revision);
      const polled = await Promise.all([session.get(), session.get()]);
      const [refused, told] = polled.sort((one, other) => other.status - one.status);
      assert.equal(told.status, 200);
      assert.equal(told.text, payload("1"));
      assert.equal(refused.status, 400);
      assert.equal((await session.get()).status, 400);
    });
  });

  describe(`revision ${EIO}: an upgrade`, () => {
    it("releases the GET, and goes on over the websocket", async () => {
      const session = await Polling.open(server, revision);
      const polled = session.get();
      const frames = await session.websocket();
      frames.send("2probe");
      assert.equal(await frames.next(), "3probe");
      assert.equal((await polled).text, payload("6"));
      frames.send("5");
      frames.send("4hello");
      assert.equal(await frames.next(), "4hello");

      const late = await session.get();
      assert.equal(late.status, 400);
      assert.equal(late.text, '{"code":3,"message":"Bad request"}');
      const second = await session.websocket();
      second.send("2probe");
      assert.deepEqual(await second.next(), { code: 1005 });
      frames.send("4still here");
      assert.equal(await frames.next(), "4still here");
      await frames.close();
    });

    it("that fails leaves the session on polling", async () => {
      const session = await Polling.open(server, revision);
      const frames = await session.websocket();
      frames.send("4hello");
      assert.deepEqual(await frames.next(), { code: 1005 });
      await session.post("4still here");
      assert.equal((await session.get()).text, payload("4still here"));
    });
  });
}

describe("revision 4 alone", () => {
  it("is served where no other is allowed", async () => {
    const server = await startServer("engine-v4");
    after(() => server.stop());
    for (const EIO of [undefined, "abc", "3", "04"]) {
      const refused = await ask(engineUrl(server, { EIO, transport: "polling" }));
      assert.equal(refused.status, 400);
      assert.equal(refused.text, '{"code":5,"message":"Unsupported protocol version"}');
      const websocket = await askForWebsocket(server, { EIO, transport: "websocket" });
      assert.equal(websocket.status, 400);
      assert.equal(websocket.text, "Unsupported protocol version");
    }
  });
});
