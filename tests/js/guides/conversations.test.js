// Conversations of people who are known by a token.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { handshake, join, preflight, printed, refusal, start, token } from "../support/guides.js";
import { ask as get } from "../support/raw.js";
import { ask } from "../support/signals.js";

const PAGES = ["http://localhost:5173", "http://localhost:3001"];

const run = (t, env) => start(t, "conversations", env);

/** A tab of a user, behind what it is told at first. */
async function as(t, url, userId) {
  const tab = await join(t, url, { auth: { token: token({ userId }) } });
  tab.first = await tab.until("connected", { socketId: tab.id, userId });
  return tab;
}

/** Ada and Grace in a conversation, and Joan, who is not in it, with nothing unheard. */
async function inConversation(t, url) {
  const people = [];
  for (const name of ["ada", "grace", "joan"]) people.push(await as(t, url, name));
  const [ada, grace, joan] = people;
  for (const person of [ada, grace]) {
    person.emit("conversation:join", "c1");
    // Answers come in order, so the socket is in it.
    await online(person);
  }
  await heardByAll(t, url, ...people);
  return { ada, grace, joan };
}

/** Somebody new is announced to everyone, behind all that was for them. */
async function heardByAll(t, url, ...people) {
  const userId = `marker ${Math.random()}`;
  await as(t, url, userId);
  return Promise.all(people.map((person) => person.until("user:online", { userId }).then(withoutArrivals)));
}

const withoutArrivals = (heard) => heard.filter(([event]) => event !== "user:joined");

const online = async ({ socket }) => (await ask(socket, "get:online:count"))[0];

describe("a client of conversations", () => {
  it("needs a token", async (t) => {
    const { url } = await run(t);
    for (const options of [{}, { auth: {} }, { auth: { token: null } }, { auth: { token: "" } }]) {
      assert.equal(await refusal(t, url, options), "No token provided");
    }
    // This server looks for it in one place.
    const query = { token: token({ userId: "ada" }) };
    assert.equal(await refusal(t, url, { query }), "No token provided");
  });

  it("needs a token that is good", async (t) => {
    const { url } = await run(t);
    const past = Math.floor(Date.now() / 1000) - 1;
    for (const bad of [
      "nonsense",
      token({ userId: "ada" }, { secret: "another secret" }),
      token({ userId: "ada" }, { alg: "none" }),
      token({ userId: "ada", exp: past }),
      token({ name: "nobody's" }),
    ]) {
      assert.equal(await refusal(t, url, { auth: { token: bad } }), "Invalid token");
    }
    assert.notEqual(await refusal(t, url, { auth: { token: 1 } }), "");
  });

  it("is named by its token, as userId or as sub", async (t) => {
    const { url } = await run(t);
    for (const claims of [{ sub: "ada" }, { sub: "1", userId: "ada" }]) {
      const tab = await join(t, url, { auth: { token: token(claims) } });
      await tab.until("connected", { socketId: tab.id, userId: "ada" });
    }
  });

  it("can be tried without a secret, with the tokens that are printed", async (t) => {
    const server = await run(t, { JWT_SECRET: "" });
    await printed(server, /JWT_SECRET is not set/);
    const line = await printed(server, /^token of ada: /);
    const tab = await join(t, server.url, { auth: { token: line.split(": ")[1] } });
    await tab.until("connected", { socketId: tab.id, userId: "ada" });
    const forged = token({ userId: "ada" }, { secret: "" });
    assert.equal(await refusal(t, server.url, { auth: { token: forged } }), "Invalid token");
  });
});

describe("the presence of conversations", () => {
  it("tells the others of a user's first tab and of the last, and of each that is opened", async (t) => {
    const { url } = await run(t);
    const ada = await as(t, url, "ada");
    assert.deepEqual(ada.first, []);
    const before = Date.now();
    const tabs = [await as(t, url, "grace"), await as(t, url, "grace")];
    await ada.until("user:online", { userId: "grace" });
    tabs[0].socket.disconnect();
    await as(t, url, "joan");
    const heard = await ada.until("user:online", { userId: "joan" });
    assert.equal(heard.length, 2, "one tab less, but not offline");
    for (const [event, { userId, timestamp, ...others }] of heard) {
      assert.deepEqual([event, userId, others], ["user:joined", "grace", {}]);
      assert.ok(timestamp >= before && timestamp <= Date.now(), timestamp);
    }
    tabs[1].socket.disconnect();
    await ada.until("user:offline", { userId: "grace" });
    await as(t, url, "grace");
    await ada.until("user:online", { userId: "grace" });
  });

  it("agrees at the end with whoever comes and goes at once", async (t) => {
    const { url } = await run(t);
    const ada = await as(t, url, "ada");
    const tabs = await Promise.all(Array.from({ length: 8 }, () => as(t, url, "grace")));
    for (const { socket } of tabs) socket.disconnect();
    const heard = await ada.until("user:offline", { userId: "grace" });
    const told = withoutArrivals(heard).map(([event]) => event);
    assert.deepEqual(told, ["user:online"]);
  });

  it("counts the sockets", async (t) => {
    const { url } = await run(t);
    const tab = await as(t, url, "ada");
    assert.deepEqual(await online(tab), { count: 1 });
    await as(t, url, "ada");
    assert.deepEqual(await online(tab), { count: 2 });
  });
});

describe("a conversation", () => {
  it("hears a message, but for the sender and whoever is not in it", async (t) => {
    const { url } = await run(t);
    const { ada, grace, joan } = await inConversation(t, url);
    const sent = { conversationId: "c1", content: "hello" };
    const [first] = await ask(ada.socket, "message:send", sent);
    const [second] = await ask(ada.socket, "message:send", sent);
    assert.deepEqual(Object.keys(first), ["success", "messageId"]);
    assert.equal(first.success, true);
    assert.notEqual(first.messageId, second.messageId);
    ada.emit("message:send", { conversationId: "c1", content: "without an answer" });
    await online(ada);
    assert.deepEqual(await heardByAll(t, url, ada, grace, joan), [
      [],
      ["hello", "hello", "without an answer"].map((content) => ["message:new", { content, senderId: "ada" }]),
      [],
    ]);
  });

  it("is left by whoever leaves it", async (t) => {
    const { url } = await run(t);
    const { ada, grace, joan } = await inConversation(t, url);
    grace.emit("conversation:leave", "c1");
    await online(grace);
    await ask(ada.socket, "message:send", { conversationId: "c1", content: "hello" });
    assert.deepEqual(await heardByAll(t, url, ada, grace, joan), [[], [], []]);
  });

  it("hears who types, and who stopped", async (t) => {
    const { url } = await run(t);
    const { ada, grace, joan } = await inConversation(t, url);
    ada.emit("typing:start", { conversationId: "c1" });
    ada.emit("typing:stop", { conversationId: "c1" });
    await online(ada);
    const typing = { userId: "ada", conversationId: "c1" };
    assert.deepEqual(await heardByAll(t, url, ada, grace, joan), [
      [],
      [
        ["typing:start", typing],
        ["typing:stop", typing],
      ],
      [],
    ]);
  });
});

describe("a user of conversations", () => {
  it("hears a private message on all tabs, and no other user does", async (t) => {
    const { url } = await run(t);
    const { ada, grace, joan } = await inConversation(t, url);
    const tab = await as(t, url, "grace");
    // A conversation may be called like a user: it is another room.
    joan.emit("conversation:join", "user:grace");
    await online(joan);
    ada.emit("private:message", { recipientUserId: "grace", content: "for you" });
    await online(ada);
    const message = ["message:new", { content: "for you", from: "ada" }];
    assert.deepEqual(await heardByAll(t, url, ada, grace, tab, joan), [[], [message], [message], []]);
  });

  it("hears that a message was read", async (t) => {
    const { url } = await run(t);
    const { ada, grace, joan } = await inConversation(t, url);
    grace.emit("message:read", { messageId: "m1", senderId: "ada" });
    await online(grace);
    const receipt = ["message:read", { messageId: "m1", readBy: "grace" }];
    assert.deepEqual(await heardByAll(t, url, ada, grace, joan), [[receipt], [], []]);
  });
});

describe("the server of conversations", () => {
  it("says how it is", async (t) => {
    const { url } = await run(t);
    const health = async () => {
      const answer = await get(new URL("/api/socket/health", url));
      assert.equal(answer.status, 200);
      assert.match(answer.headers["content-type"], /^application\/json/);
      return JSON.parse(answer.text);
    };
    const nobody = { initialized: true, connected: 0, rooms: 0 };
    assert.deepEqual(await health(), { status: "ok", socket: nobody });
    const ada = await as(t, url, "ada");
    ada.emit("conversation:join", "c1");
    await online(ada);
    // The conversation, and the tabs of the user.
    const one = { initialized: true, connected: 1, rooms: 2 };
    assert.deepEqual(await health(), { status: "ok", socket: one });
  });

  it("serves its page", async (t) => {
    const { url } = await run(t);
    const page = await get(url);
    assert.match(page.headers["content-type"], /^text\/html/);
    assert.match(page.text, /socket\.io\.js/);
  });

  it("has the times and the transports of the guide", async (t) => {
    const { url } = await run(t);
    const { path } = handshake();
    const { text } = await get(new URL(path, url));
    const { pingInterval, pingTimeout, upgrades } = JSON.parse(text.slice(1));
    assert.deepEqual({ pingInterval, pingTimeout, upgrades }, {
      pingInterval: 25_000,
      pingTimeout: 60_000,
      upgrades: ["websocket"],
    });
    const auth = { token: token({ userId: "ada" }) };
    for (const transports of [["polling"], ["websocket"]]) await join(t, url, { auth, transports });
  });

  it("lets pages of its list in, with credentials", async (t) => {
    const { url } = await run(t);
    const send = ({ path, ...request }) => get(new URL(path, url), request);
    for (const page of PAGES) {
      for (const request of [handshake(page), preflight(page)]) {
        const answer = await send(request);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers["access-control-allow-origin"], page);
        assert.equal(answer.headers["access-control-allow-credentials"], "true");
      }
      const asked = await send(preflight(page));
      assert.equal(asked.headers["access-control-allow-headers"], "content-type");
      assert.equal(asked.headers["access-control-allow-methods"], "GET,POST");
    }
  });

  it("keeps pages of other origins out, on either transport", async (t) => {
    const { url } = await run(t, { ORIGINS: "https://a.example, https://b.example" });
    const send = ({ path, ...request }) => get(new URL(path, url), request);
    assert.equal((await send(handshake("https://b.example"))).status, 200);
    for (const page of [PAGES[0], "https://a.example.evil.example", "null"]) {
      const answer = await send(handshake(page));
      assert.equal(answer.status, 403);
      assert.equal(answer.headers["access-control-allow-origin"], undefined);
      const asked = await send(preflight(page));
      assert.equal(asked.headers["access-control-allow-origin"], undefined);
      const options = { extraHeaders: { Origin: page }, transports: ["websocket"] };
      assert.equal(await refusal(t, url, options), "websocket error");
    }
  });
});
