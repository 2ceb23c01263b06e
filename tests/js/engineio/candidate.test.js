// Websockets that want to become a session's, frame by frame.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { closed, report } from "../support/lab.js";
import { Frames, Polling, openFrames, revisions } from "../support/raw.js";
import { startServer } from "../support/server.js";

const server = await startServer("lab-engine");
after(() => server.stop());

for (const revision of revisions) {
  const { EIO, payload } = revision;

  async function assertOnPolling(session) {
    await session.post("4on polling");
    assert.equal((await session.get()).text, payload("4on polling"));
  }

  async function assertOnWebsocket(frames) {
    frames.send("4on websocket");
    assert.equal(await frames.next(), "4on websocket");
  }

  async function upgrade(session) {
    const frames = await session.websocket();
    frames.send("2probe");
    assert.equal(await frames.next(), "3probe");
    frames.send("5");
    await assertOnWebsocket(frames);
    return frames;
  }

  describe(`revision ${EIO}: a candidate`, () => {
    for (const [probes, name] of [
      [0, "may leave out its probe"],
      [1, "upgrades behind its probe"],
      [3, "may probe again and again"],
    ]) {
      it(name, async () => {
        const session = await Polling.open(server, revision);
        const frames = await session.websocket();
        for (let i = 0; i < probes; i++) {
          frames.send("2probe");
          assert.equal(await frames.next(), "3probe");
        }
        frames.send("5");
        await assertOnWebsocket(frames);
        await frames.close();
        assert.equal((await closed(server, session.sid)).reason, "transport close");
      });
    }

    const data = EIO === "3" ? [4, 1] : [1];
    const wrong = ["2", "2probex", "3probe", "4hello", "6", "1", "0", "x", "", Buffer.from(data)];
    for (const before of [[], ["2probe"]]) {
      it(`that sends anything else is closed, and may come again${before.length ? ", probed" : ""}`, async () => {
        const session = await Polling.open(server, revision);
        for (const frame of wrong) {
          const frames = await session.websocket();
          for (const packet of before) {
            frames.send(packet);
            assert.equal(await frames.next(), "3probe");
          }
          frames.send(frame);
          assert.deepEqual(await frames.next(), { code: 1005 }, `${frame}`);
        }
        await assertOnPolling(session);
        const { messages } = await report(server, session.sid);
        assert.deepEqual(messages, ["on polling"]);
        await (await upgrade(session)).close();
      });
    }

    it("beside another one is closed, and the other goes on", async () => {
      const session = await Polling.open(server, revision);
      const first = await session.websocket();
      first.send("2probe");
      assert.equal(await first.next(), "3probe");
      const second = await session.websocket();
      assert.deepEqual(await second.next(), { code: 1005 });
      first.send("5");
      await assertOnWebsocket(first);
      await first.close();
    });

    it("of a session on websocket is closed, and the session goes on", async (t) => {
      const frames = await openFrames(t, server, revision);
      const { sid } = frames.handshake;
      const second = await Frames.open(server, { EIO, transport: "websocket", sid });
      assert.deepEqual(await second.next(), { code: 1005 });
      await assertOnWebsocket(frames);
    });

    it("has what was sent to its session meanwhile", async () => {
      const session = await Polling.open(server, revision);
      const frames = await session.websocket();
      frames.send("2probe");
      assert.equal(await frames.next(), "3probe");
      await session.post("4one", "4two");
      await session.post("4three");
      frames.send("5");
      frames.send("4four");
      for (const text of ["one", "two", "three", "four"]) {
        assert.equal(await frames.next(), `4${text}`);
      }
      await frames.close();
    });

    it("ends with its session", async () => {
      for (const end of ["1", "4!close"]) {
        const session = await Polling.open(server, revision);
        const frames = await session.websocket();
        frames.send("2probe");
        assert.equal(await frames.next(), "3probe");
        await session.post(end);
        // Nobody has heard of an orderly end before a poll has brought it.
        if (end !== "1") await session.get();
        assert.deepEqual(await frames.next(), { code: 1005 });
        const { reason } = await closed(server, session.sid);
        assert.equal(reason, end === "1" ? "transport close" : "forced close");
      }
    });
  });
}
