// The files of the client, as a server gives them to pages.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { ask, next } from "../support/signals.js";
import { startServer } from "../support/server.js";

const dist = fileURLToPath(new URL("../node_modules/socket.io-client/dist/", import.meta.url));
const server = await startServer("clients", { CLIENT_FILES: dist });
after(() => server.stop());

describe("the files of the client", () => {
  it("are those of the npm package, and are not sent twice", async () => {
    const names = await readdir(dist);
    assert.equal(names.length, 8);
    for (const name of names) {
      const url = `${server.url}/socket.io/${name}`;
      const response = await fetch(url);
      assert.equal(response.status, 200, name);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), await readFile(dist + name));
      const etag = response.headers.get("etag");
      const again = await fetch(url, { headers: { "If-None-Match": `W/${etag}` } });
      assert.equal(again.status, 304, name);
    }
  });

  it("make a client that talks to the server it came from", async (t) => {
    // As a page has it: a browser's global, and no module system.
    globalThis.WebSocket = WebSocket;
    const response = await fetch(`${server.url}/socket.io/socket.io.min.js`);
    new Function("exports", "module", "define", await response.text())();
    const socket = globalThis.io(server.url, { transports: ["websocket"] });
    t.after(() => socket.disconnect());
    await next(socket, "connect");
    assert.deepEqual(await ask(socket, "echo", "from a page"), ["from a page"]);
  });
});
