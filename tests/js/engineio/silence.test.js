// The heartbeat of a client that answers by hand, or not at all.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { closed } from "../support/lab.js";
import { Polling, openFrames, revisions } from "../support/raw.js";
import { startServer } from "../support/server.js";

const INTERVAL = 300;
const TIMEOUT = 200;
const DEADLINE = INTERVAL + TIMEOUT;

// A busy machine may be late with an answer, so nothing depends on it here.
const patient = await startServer("lab-engine", { PING_INTERVAL: "100", PING_TIMEOUT: "20000" });
const strict = await startServer("lab-engine", {
  PING_INTERVAL: `${INTERVAL}`,
  PING_TIMEOUT: `${TIMEOUT}`,
});
after(() => Promise.all([patient.stop(), strict.stop()]));

for (const revision of revisions) {
  const { EIO, payload } = revision;
  const isAsked = EIO === "4";

  describe(`revision ${EIO}: a heartbeat`, () => {
    it("goes over polling", async () => {
      const session = await Polling.open(patient, revision);
      for (let round = 0; round < 3; round++) {
        if (isAsked) {
          assert.equal((await session.get()).text, payload("2"));
          assert.equal((await session.post("3")).text, "ok");
        } else {
          assert.equal((await session.post("2")).text, "ok");
          assert.equal((await session.get()).text, payload("3"));
        }
      }
    });

    it("goes over websocket", async (t) => {
      const frames = await openFrames(t, patient, revision);
      for (let round = 0; round < 3; round++) {
        if (!isAsked) frames.send("2");
        assert.equal(await frames.next(), isAsked ? "2" : "3");
        if (isAsked) frames.send("3");
      }
    });

    it("in the wrong direction ends the session", async (t) => {
      const frames = await openFrames(t, patient, revision);
      frames.send(isAsked ? "2" : "3");
      assert.equal(typeof (await frames.next()).code, "number");
      const { reason } = await closed(patient, frames.handshake.sid);
      assert.equal(reason, "transport error");
    });

    it("goes on after an upgrade", async () => {
      const session = await Polling.open(patient, revision);
      const frames = await session.websocket();
      frames.send("2probe");
      assert.equal(await frames.next(), "3probe");
      frames.send("5");
      for (let round = 0; round < 3; round++) {
        if (!isAsked) frames.send("2");
        assert.equal(await frames.next(), isAsked ? "2" : "3");
        if (isAsked) frames.send("3");
      }
      await frames.close();
    });
  });

  describe(`revision ${EIO}: a client without a heartbeat`, () => {
    it("is refused over polling, whether or not it polls", async () => {
      const [idle, polling] = [
        await Polling.open(strict, revision),
        await Polling.open(strict, revision),
      ];
      const opened = performance.now();
      if (isAsked) assert.equal((await polling.get()).text, payload("2"));
      assert.equal((await polling.get()).text, payload("1"));
      await delay(opened + DEADLINE + 1 - performance.now());
      for (const session of [idle, polling]) {
        assert.equal((await session.get()).status, 400);
        assert.equal((await session.post(isAsked ? "3" : "2")).status, 400);
        assert.equal((await closed(strict, session.sid)).reason, "ping timeout");
      }
    });

    it("is closed over websocket, and not too early", async (t) => {
      const opening = performance.now();
      const frames = await openFrames(t, strict, revision);
      if (isAsked) assert.equal(await frames.next(), "2");
      assert.deepEqual(await frames.next(), { code: 1005 });
      const elapsed = performance.now() - opening;
      assert.ok(elapsed >= DEADLINE, `closed after ${elapsed} ms`);
      assert.equal((await closed(strict, frames.handshake.sid)).reason, "ping timeout");
    });

    it("is closed after an upgrade", async () => {
      const session = await Polling.open(strict, revision);
      const frames = await session.websocket();
      frames.send("2probe");
      frames.send("5");
      await frames.ended;
      assert.equal((await closed(strict, session.sid)).reason, "ping timeout");
    });
  });
}
