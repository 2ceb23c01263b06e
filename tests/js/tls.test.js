// The example `tls`: every transport over TLS, and HTTP/2 where it is asked for.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { text } from "node:stream/consumers";
import { combine, engineTo, newestEngine, opened, transports } from "./support/clients.js";
import { startExample } from "./support/server.js";
import { next, within } from "./support/signals.js";

describe("the example tls", () => {
  let folder, server, ca;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tls-"));
    const files = ["certificate.pem", "key.pem"].map((name) => join(folder, name));
    server = await startExample("tls", files);
    ca = readFileSync(files[0]);
  });

  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  for (const combination of combine([newestEngine], transports)) {
    it(`sends a message back to ${combination.name}`, async (t) => {
      const socket = await opened(t, server.url, combination, { ca });
      const echo = next(socket, "message");
      socket.send("hello");
      assert.deepEqual(await echo, ["hello"]);
    });
  }

  it("is not trusted without its certificate", async (t) => {
    const socket = engineTo(t, server.url, { client: newestEngine, transport: { list: ["websocket"] } });
    const [error] = await next(socket, "error");
    assert.match(error.description.message, /self-signed/);
  });

  it("speaks HTTP/2 with who asks for it", async (t) => {
    const connection = connect(server.url, { ca });
    t.after(() => connection.destroy());
    const ask = async (method, query, body) => {
      const path = `/engine.io/?EIO=4&transport=polling${query}`;
      const request = connection.request({ ":method": method, ":path": path });
      request.end(body);
      return within(`answer to ${method}`, (resolve) => resolve(text(request)));
    };
    const { sid } = JSON.parse((await ask("GET", "")).slice(1));
    assert.equal(connection.alpnProtocol, "h2");
    // The poll waits beside the post, on the same connection.
    const poll = ask("GET", `&sid=${sid}`);
    assert.equal(await ask("POST", `&sid=${sid}`, "4hello"), "ok");
    assert.equal(await poll, "4hello");
    assert.equal(await ask("POST", `&sid=${sid}`, "1"), "ok");
  });
});
