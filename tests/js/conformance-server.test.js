// The conformance server as a program: what its parent sees.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { Polling, ask, engineUrl, revisions } from "./support/raw.js";
import { CONFORMANCE_SERVER, startServer } from "./support/server.js";

const revision4 = revisions.find(({ EIO }) => EIO === "4");

/** Runs it to its end: what it printed, and its exit code. */
async function run(args, env) {
  const child = spawn(CONFORMANCE_SERVER, args, { env: { ...process.env, ...env } });
  const [[code], errors] = await Promise.all([once(child, "close"), child.stderr.toArray()]);
  return { code, errors: Buffer.concat(errors).toString() };
}

describe("the conformance server", () => {
  it("ends at once when its port is taken", { timeout: 5000 }, async (t) => {
    const other = createServer().listen(0, "127.0.0.1");
    t.after(() => other.close());
    await once(other, "listening");
    const { port } = other.address();
    const { code, errors } = await run(["--profile", "engine-v4"], { PORT: `${port}` });
    assert.equal(code, 1);
    assert.match(errors, new RegExp(`^conformance-server: cannot listen on 127.0.0.1:${port}: .*\n$`));
  });

  it("ends at once when it is asked for what it has not", { timeout: 5000 }, async () => {
    for (const [args, env, message] of [
      [["--profile", "none"], {}, /no profile `none`; there are: .*engine-v4/],
      [[], {}, /--profile <name>/],
      [["--profile", "engine-v4"], { PORT: "70000" }, /PORT: 70000/],
      [["--profile", "engine-v4"], { PORT: "0", PING_INTERVAL: "soon" }, /PING_INTERVAL: .*`soon`/],
    ]) {
      const { code, errors } = await run(args, env);
      assert.equal(code, 1);
      assert.match(errors, message);
    }
  });

  it("ends with the signal that its parent sends", { timeout: 5000 }, async (t) => {
    const child = spawn(CONFORMANCE_SERVER, ["--profile", "engine-v4"], {
      env: { ...process.env, PORT: "0" },
    });
    t.after(() => child.kill("SIGKILL"));
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [null, "SIGTERM"]);
  });

  it("prints nothing but its address while a client misbehaves", async () => {
    const child = spawn(CONFORMANCE_SERVER, ["--profile", "engine-v4", "--until-eof"], {
      env: { ...process.env, PORT: "0", RUST_LOG: "" },
    });
    const printed = child.stderr.toArray();
    const [line] = await once(child.stdout, "data");
    const [, url] = /^ready (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(`${line}`);
    const session = await Polling.open({ url }, revision4);
    await session.post("bad");
    assert.equal((await ask(new URL("/engine.io/?x", url))).status, 400);
    child.stdin.end();
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assert.equal(Buffer.concat(await printed).toString(), "");
  });
});

describe("a profile", () => {
  const engine = {
    path: "/engine.io/",
    upgrades: ["websocket"],
    pingInterval: 300,
    pingTimeout: 200,
    maxPayload: 1_000_000,
    cors: "*",
  };
  const profiles = {
    "engine-v4": engine,
    "engine-v3": engine,
    "engine-client-suite": {
      ...engine,
      pingInterval: 500,
      pingTimeout: 20_000,
      maxPayload: 100,
      cors: undefined,
    },
    "lab-engine": { ...engine, pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 100_000 },
    "socket-v5": { ...engine, path: "/socket.io/" },
  };
  const unset = { PING_INTERVAL: undefined, PING_TIMEOUT: undefined, UPGRADE_TIMEOUT: undefined };

  for (const [profile, { path, cors, ...expected }] of Object.entries(profiles)) {
    it(`has its own values: ${profile}`, async (t) => {
      const server = await startServer(profile, unset);
      t.after(() => server.stop());
      const url = new URL(`${path}?EIO=4&transport=polling`, server.url);
      const response = await ask(url);
      const { sid, ...handshake } = JSON.parse(response.text.slice(1));
      assert.deepEqual(handshake, expected);
      assert.match(sid, /^[\w-]{20,}$/);
      assert.equal(response.headers["access-control-allow-origin"], cors);
      for (const unknown of ["/", "/other/", path.slice(0, -1), `${path.slice(0, -1)}?EIO=4`]) {
        assert.equal((await ask(new URL(unknown, server.url))).status, 404, unknown);
      }
    });
  }

  it("takes other values from the environment", async (t) => {
    const server = await startServer("lab-engine", {
      PING_INTERVAL: "1234",
      PING_TIMEOUT: "2345",
      UPGRADE_TIMEOUT: "10",
      MAX_HTTP_BUFFER_SIZE: "345",
    });
    t.after(() => server.stop());
    const session = await Polling.open(server, revision4);
    const { pingInterval, pingTimeout, maxPayload } = session.handshake;
    assert.deepEqual([pingInterval, pingTimeout, maxPayload], [1234, 2345, 345]);
    assert.equal((await session.post("4".padEnd(345, "a"))).status, 200);
    assert.equal((await session.post("4".padEnd(346, "a"))).status, 413);
    const candidate = await session.websocket();
    assert.equal(await candidate.ended, 1005);
  });

  it("answers the preflight of a browser", async (t) => {
    const server = await startServer("engine-v4");
    t.after(() => server.stop());
    const response = await ask(engineUrl(server, { EIO: "4", transport: "polling" }), {
      method: "OPTIONS",
      headers: {
        Origin: "http://example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-one,content-type",
      },
    });
    assert.ok([200, 204].includes(response.status));
    assert.equal(response.headers["access-control-allow-origin"], "*");
    assert.match(response.headers["access-control-allow-methods"], /\bPOST\b/);
    assert.equal(response.headers["access-control-allow-headers"], "x-one,content-type");
  });
});
