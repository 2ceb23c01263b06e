// A server for a page that is served elsewhere, with a room for each project.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { describe, it } from "node:test";
import { createServer } from "node:tls";
import { handshake, join, preflight, printed, start } from "../support/guides.js";
import { ask } from "../support/raw.js";
import { startExample } from "../support/server.js";

const run = (t) => start(t, "project_rooms");

/** Everyone hears this, behind all that was for them. */
async function heardByAll(sender, ...people) {
  sender.emit("message", "the end");
  return Promise.all(people.map((person) => person.until("message", "the end")));
}

describe("the server of project rooms", () => {
  it("passes a message on to everyone, the sender too", async (t) => {
    const { url } = await run(t);
    const people = await Promise.all([
      join(t, url),
      join(t, url, { query: { projectId: "p1" } }),
      join(t, url, { query: { projectId: "p2" } }),
    ]);
    people[1].emit("message", "hello");
    for (const person of people) assert.deepEqual(await person.until("message", "hello"), []);
  });

  it("puts a client into the room that its query names, whose members alone hear of it", async (t) => {
    const { url } = await run(t);
    const [ada, grace, joan, nobody] = await Promise.all(
      [{ projectId: "p 1/ä" }, { projectId: "p 1/ä" }, { projectId: "p2" }, {}].map((query) => join(t, url, { query })),
    );
    ada.emit("roomMessage", "p 1/ä", "hello");
    assert.deepEqual(await heardByAll(ada, ada, grace, joan, nobody), [
      [["message", "hello"]],
      [["message", "hello"]],
      [],
      [],
    ]);
  });

  it("lets a client into further rooms", async (t) => {
    const { url } = await run(t);
    const [ada, grace] = await Promise.all([join(t, url, { query: { projectId: "p1" } }), join(t, url)]);
    grace.emit("joinRoom", "p1");
    grace.emit("roomMessage", "p1", "hello");
    assert.deepEqual(await heardByAll(grace, ada, grace), [[["message", "hello"]], [["message", "hello"]]]);
  });

  it("lets nobody write into a room from outside", async (t) => {
    const { url } = await run(t);
    const [ada, grace] = await Promise.all([join(t, url, { query: { projectId: "p1" } }), join(t, url)]);
    grace.emit("roomMessage", "p1", "hello");
    assert.deepEqual(await heardByAll(grace, ada, grace), [[], []]);
  });

  it("has no room for an empty query", async (t) => {
    const { url } = await run(t);
    const [ada, grace] = await Promise.all([0, 1].map(() => join(t, url, { query: { projectId: "" } })));
    ada.emit("roomMessage", "", "hello");
    assert.deepEqual(await heardByAll(ada, ada, grace), [[], []]);
  });

  it("logs who comes for which project, and who goes", async (t) => {
    const server = await run(t);
    const { id, socket } = await join(t, server.url, { query: { projectId: "p1" } });
    await printed(server, new RegExp(` connected id="${id}" project="p1"`));
    socket.disconnect();
    await printed(server, new RegExp(` disconnected id="${id}" reason=client namespace disconnect`));
  });

  it("is open to pages of any origin", async (t) => {
    const { url } = await run(t);
    for (const request of [handshake("http://localhost:5173"), preflight("http://localhost:5173")]) {
      const answer = await ask(new URL(request.path, url), request);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["access-control-allow-origin"], "*");
    }
  });

  for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
    it(`works through a forwarded port, over ${transports.join(" and ")}`, async (t) => {
      const { url } = await run(t);
      const front = await forward(t, url);
      // Neither the host, nor the port, nor the scheme is what the server knows of itself.
      const extraHeaders = { Origin: front.url };
      const options = { transports, ca: front.ca, extraHeaders, query: { projectId: "p1" } };
      const [ada, grace] = await Promise.all([join(t, front.url, options), join(t, url)]);
      ada.emit("roomMessage", "p1", "in the room");
      ada.emit("message", "hello");
      assert.deepEqual(await ada.until("message", "hello"), [["message", "in the room"]]);
      assert.deepEqual(await grace.until("message", "hello"), []);
    });
  }
});

/** Ends TLS in front of a server, and passes on what comes as it is. */
async function forward(t, url) {
  const { cert, key } = await certificate();
  const open = new Set();
  const front = createServer({ cert, key }, (incoming) => {
    const onward = connect(new URL(url).port, "127.0.0.1");
    for (const [from, to] of [
      [incoming, onward],
      [onward, incoming],
    ]) {
      open.add(from);
      from.on("error", () => to.destroy());
      // What is destroyed ends nothing that it is piped to.
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  t.after(() => {
    front.close();
    for (const connection of open) connection.destroy();
  });
  return { url: `https://localhost:${front.address().port}`, ca: cert };
}

/** The example that speaks TLS itself makes one for itself. */
async function certificate() {
  const folder = mkdtempSync(path(tmpdir(), "forward-"));
  try {
    const files = ["certificate.pem", "key.pem"].map((name) => path(folder, name));
    const { stop } = await startExample("tls", files);
    await stop();
    const [cert, key] = files.map((file) => readFileSync(file));
    return { cert, key };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
