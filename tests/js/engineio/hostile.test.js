// Clients that mean harm: they lose their own connection, and nobody else's.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, describe, it } from "node:test";
import { closed, count, report, until } from "../support/lab.js";
import { Polling, ask, engineUrl, openFrames, revisions } from "../support/raw.js";
import { startServer } from "../support/server.js";

const SID = "A".repeat(20);

const server = await startServer("lab-engine", { MAX_HTTP_BUFFER_SIZE: "2000000" });
after(() => server.stop());

for (const revision of revisions) {
  const { EIO, payload } = revision;

  const post = ({ url }, body) => ask(url, { method: "POST", body });
  const separator = EIO === "4" ? "\x1e" : "";
  const noops = (count) => Array(count).fill(payload("6")).join(separator);

  describe(`revision ${EIO}: the neighbour of a hostile client`, () => {
    const attacks = {
      "garbage instead of HTTP": () => throwAt(server, Buffer.alloc(10_000, 0xf1)),
      "garbage behind the handshake of a websocket": () =>
        throwAt(server, upgradeRequest({ EIO, transport: "websocket" }), Buffer.alloc(10_000, 0xff)),
      "garbage on the candidate of an upgrade": async () => {
        const session = await Polling.open(server, revision);
        const query = { EIO, transport: "websocket", sid: session.sid };
        await throwAt(server, upgradeRequest(query), Buffer.alloc(10_000, 0xff));
        assert.equal((await report(server, session.sid)).state, "open");
        await session.post("1");
      },
      "frames that are not masked": () =>
        throwAt(
          server,
          upgradeRequest({ EIO, transport: "websocket" }),
          Buffer.from([0x81, 0x02, 0x34, 0x61]),
        ),
      "a frame that promises 2^63 bytes": () =>
        throwAt(
          server,
          upgradeRequest({ EIO, transport: "websocket" }),
          Buffer.from("81ff7fffffffffffffff00000000", "hex"),
        ),
      "a head that does not end": () =>
        throwAt(server, `GET /engine.io/ HTTP/1.1\r\n${"X: y\r\n".repeat(50_000)}`),
      "as many packets as fit": async () => {
        const session = await Polling.open(server, revision);
        assert.equal((await post(session, noops(131_072))).status, 200);
        await session.post("1");
      },
      "more packets than anybody sends": async () => {
        const session = await Polling.open(server, revision);
        assert.equal((await post(session, noops(131_073))).status, 400);
        assert.equal((await closed(server, session.sid)).reason, "parse error");
      },
      "JSON without a bottom": async () => {
        const session = await Polling.open(server, revision);
        const deep = `4${"[".repeat(500_000)}`;
        assert.equal((await session.post(deep)).status, 200);
        assert.equal((await session.get()).text, payload(deep));
        await session.post("1");
      },
      "a handshake that is abandoned": async () => {
        const connection = await dial(server);
        connection.end(upgradeRequest({ EIO, transport: "websocket" }));
        connection.resume();
        await once(connection, "close");
      },
      "parameters in excess": async () => {
        const url = engineUrl(server, { EIO, transport: "polling" });
        url.search += `&${"a=b&".repeat(2000)}`;
        const { status, text } = await ask(url);
        assert.equal(status, 200);
        const { sid } = JSON.parse(text.slice(text.indexOf("{")));
        await post({ url: engineUrl(server, { EIO, transport: "polling", sid }) }, payload("1"));
      },
      "ids that are none": async () => {
        for (const sid of [SID, "%00", "../../etc", "\u{1f600}", "a".repeat(5000)]) {
          const url = engineUrl(server, { EIO, transport: "polling", sid });
          const refused = await post({ url }, payload("4x"));
          assert.equal(refused.text, '{"code":1,"message":"Session ID unknown"}');
        }
      },
    };
    for (const [what, attack] of Object.entries(attacks)) {
      it(`lives on beside ${what}`, async (t) => {
        const neighbour = await openFrames(t, server, revision);
        await attack();
        neighbour.send("4alive");
        assert.equal(await neighbour.next(), "4alive");
        await neighbour.close();
        await until(() => count(server), (clients) => clients === 0);
      });
    }
  });
}

describe("five hundred clients", () => {
  it("that come and go leave nothing behind", async (t) => {
    const own = await startServer("lab-engine");
    t.after(() => own.stop());
    for (let wave = 0; wave < 5; wave++) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const revision = revisions[i % revisions.length];
          const session = await Polling.open(own, revision);
          await session.post(`4${i}`);
          assert.equal((await session.get()).text, revision.payload(`4${i}`));
          assert.equal((await session.post("1")).status, 200);
        }),
      );
    }
    await until(() => count(own), (clients) => clients === 0);
  });
});

async function dial({ url }) {
  const { hostname, port } = new URL(url);
  const connection = connect(port, hostname);
  // The server may reset what it does not want to read.
  connection.on("error", () => {});
  await once(connection, "connect");
  return connection;
}

/** Sends pieces, each behind an answer to the one before; ends with the server. */
async function throwAt(server, ...pieces) {
  const connection = await dial(server);
  const closed = once(connection, "close");
  for (const piece of pieces.slice(0, -1)) {
    connection.write(piece);
    await once(connection, "data");
  }
  connection.write(pieces.at(-1));
  connection.resume();
  await closed;
}

function upgradeRequest(parameters) {
  const { pathname, search } = engineUrl(server, parameters);
  return [
    `GET ${pathname}${search} HTTP/1.1`,
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "\r\n",
  ].join("\r\n");
}
