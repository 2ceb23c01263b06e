// Tokens, rooms, what is sent to one user, failures, and a rate limit.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { handshake, join, preflight, refusal, start, token } from "../support/guides.js";
import { ask } from "../support/raw.js";
import { ask as waitFor } from "../support/signals.js";

const PAGE = "http://localhost:5173";

const run = (t, env) => start(t, "production_patterns", env);

/** A client with the token of a user. */
const as = (t, url, userId) => join(t, url, { auth: { token: token({ userId }) } });

/** Ada and Grace, and Joan, who is not in the room that the others are in. */
async function inRoom(t, url) {
  const [ada, grace, joan] = await Promise.all(["ada", "grace", "joan"].map((name) => as(t, url, name)));
  ada.emit("join_room", "lobby");
  // Answers come in order, so she is in it.
  ada.emit("message", "in");
  await ada.until("response", { message: "Message received", data: "in" });
  grace.emit("join_room", "lobby");
  await ada.until("user_joined", { socketId: grace.id, roomId: "lobby" });
  return { ada, grace, joan };
}

/** Everyone hears this, behind all that was for them. */
async function heardByAll(sender, ...people) {
  sender.emit("announce", "the end");
  return Promise.all(people.map((person) => person.until("announcement", "the end")));
}

describe("the basics of production patterns", () => {
  it("answer the sender alone", async (t) => {
    const { url } = await run(t);
    const [ada, grace] = await Promise.all([as(t, url, "ada"), as(t, url, "grace")]);
    ada.emit("message", { any: ["data"] });
    ada.emit("chat", { message: "hello" });
    assert.deepEqual(await heardByAll(ada, ada, grace), [
      [
        ["response", { message: "Message received", data: { any: ["data"] } }],
        ["chat_response", { status: "ok", echo: "hello" }],
      ],
      [],
    ]);
  });

  it("keep bytes what they are", async (t) => {
    const { url } = await run(t);
    const ada = await as(t, url, "ada");
    const file = { name: "a.txt", bytes: Buffer.from("bytes") };
    ada.emit("message", file);
    await ada.until("response", { message: "Message received", data: file });
    ada.emit("chat", { message: file });
    await ada.until("chat_response", { status: "ok", echo: file });
  });

  it("broadcast to everyone but the sender", async (t) => {
    const { url } = await run(t);
    const people = await Promise.all(["ada", "grace", "joan"].map((name) => as(t, url, name)));
    people[0].emit("broadcast", "hello");
    const [ada, ...others] = await heardByAll(people[0], ...people);
    assert.deepEqual(ada, []);
    for (const heard of others) assert.deepEqual(heard, [["message", "hello"]]);
  });

  it("announce to everyone, the sender too", async (t) => {
    const { url } = await run(t);
    const [ada, grace] = await Promise.all([as(t, url, "ada"), as(t, url, "grace")]);
    ada.emit("announce", { text: "hello" });
    for (const person of [ada, grace]) await person.until("announcement", { text: "hello" });
  });
});

describe("a room of production patterns", () => {
  it("hears who comes and who goes", async (t) => {
    const { url } = await run(t);
    const { ada, grace, joan } = await inRoom(t, url);
    grace.emit("leave_room", "lobby");
    grace.emit("room_message", { roomId: "elsewhere", message: "nobody is there" });
    const [adas, graces, joans] = await heardByAll(grace, ada, grace, joan);
    assert.deepEqual(adas, [["user_left", { socketId: grace.id }]]);
    assert.deepEqual(graces, []);
    assert.deepEqual(joans, []);
  });

  it("hears a message, but for the sender and whoever is not in it", async (t) => {
    const { url } = await run(t);
    const { ada, grace, joan } = await inRoom(t, url);
    ada.emit("room_message", { roomId: "lobby", message: "hello" });
    assert.deepEqual(await heardByAll(ada, ada, grace, joan), [
      [],
      [["message", { socketId: ada.id, message: "hello" }]],
      [],
    ]);
  });

  it("hears an announcement, with the sender", async (t) => {
    const { url } = await run(t);
    const { ada, grace, joan } = await inRoom(t, url);
    ada.emit("room_announce", { roomId: "lobby", message: "hello" });
    const announcement = ["announcement", { socketId: ada.id, message: "hello" }];
    assert.deepEqual(await heardByAll(ada, ada, grace, joan), [[announcement], [announcement], []]);
  });

  it("is left by whoever leaves it", async (t) => {
    const { url } = await run(t);
    const { ada, grace } = await inRoom(t, url);
    grace.emit("leave_room", "lobby");
    await ada.until("user_left", { socketId: grace.id });
    ada.emit("room_announce", { roomId: "lobby", message: "hello" });
    const [adas, graces] = await heardByAll(ada, ada, grace);
    assert.equal(adas.length, 1);
    assert.deepEqual(graces, []);
  });
});

describe("a client of production patterns", () => {
  it("needs a token", async (t) => {
    const { url } = await run(t);
    const refused = "Authentication error: No token";
    for (const options of [{}, { auth: {} }, { auth: { token: null } }, { auth: { token: "" } }]) {
      assert.equal(await refusal(t, url, options), refused);
    }
    assert.equal(await refusal(t, url, { query: { token: "" } }), refused);
  });

  it("needs a token that is good", async (t) => {
    const { url } = await run(t);
    const past = Math.floor(Date.now() / 1000) - 1;
    for (const bad of [
      "nonsense",
      token({ userId: "ada" }, { secret: "another secret" }),
      token({ userId: "ada" }, { secret: "" }),
      token({ userId: "ada" }, { alg: "none" }),
      token({ userId: "ada", exp: past }),
      token({ name: "nobody's" }),
      token({ userId: "ada" }).replace(/\.[^.]*$/, "."),
    ]) {
      assert.equal(await refusal(t, url, { auth: { token: bad } }), "Authentication error: Invalid token");
      assert.equal(await refusal(t, url, { query: { token: bad } }), "Authentication error: Invalid token");
    }
  });

  it("may have its token in either place, and for a while", async (t) => {
    const { url } = await run(t);
    const soon = Math.floor(Date.now() / 1000) + 3600;
    const good = token({ userId: "ada", exp: soon });
    await join(t, url, { auth: { token: good } });
    await join(t, url, { query: { token: good } });
    await join(t, url, { auth: { token: good }, query: { token: "the other counts" } });
  });

  it("is reached on all of its user's tabs, and no other user is", async (t) => {
    const { url } = await run(t);
    const people = await Promise.all(["ada", "ada", "grace"].map((name) => as(t, url, name)));
    // A room may be called like the tabs of a user: it is another one.
    people[2].emit("join_room", "user:ada");
    people[2].emit("message", "joined");
    await people[2].until("response", { message: "Message received", data: "joined" });
    const sent = await notify(url, "ada", { text: "for you" }, token({ userId: "grace" }));
    assert.equal(sent.status, 200);
    assert.deepEqual(JSON.parse(sent.text), { sockets: 2 });
    const [first, second, other] = await heardByAll(people[2], ...people);
    for (const heard of [first, second]) assert.deepEqual(heard, [["notification", { text: "for you" }]]);
    assert.deepEqual(other, []);
  });

  it("is told nothing by whoever has no good token", async (t) => {
    const { url } = await run(t);
    for (const bad of [undefined, "nonsense"]) assert.equal((await notify(url, "ada", {}, bad)).status, 401);
  });
});

describe("a handler of production patterns", () => {
  it("says that it succeeded", async (t) => {
    const { url } = await run(t);
    const ada = await as(t, url, "ada");
    ada.emit("process", "3");
    assert.deepEqual(await ada.until("success", { message: "Processed" }), []);
  });

  it("that fails, or panics, harms nobody, and the sender alone hears of it", async (t) => {
    const { url } = await run(t);
    const [ada, grace] = await Promise.all([as(t, url, "ada"), as(t, url, "grace")]);
    ada.emit("process", "three");
    ada.emit("process", "0");
    ada.emit("process", { not: "a text" });
    const heard = [];
    await ada.until("error", { message: "invalid digit found in string" });
    await ada.until("error", { message: "Something went wrong" });
    ada.emit("process", "3");
    heard.push(...(await ada.until("success", { message: "Processed" })));
    assert.equal(heard.length, 1);
    assert.match(heard[0][1].message, /string/);
    const [, graces] = await heardByAll(ada, ada, grace);
    assert.deepEqual(graces, []);
  });
});

describe("the rate limit of production patterns", () => {
  it("lets ten messages pass, and says so of the next", async (t) => {
    const { url } = await run(t);
    const [ada, grace] = await Promise.all([as(t, url, "ada"), as(t, url, "grace")]);
    for (let i = 0; i < 10; i++) ada.emit("message", i);
    ada.emit("announce", "nobody hears this");
    const heard = await ada.until("error", { message: "Rate limit exceeded" });
    const answers = Array.from({ length: 10 }, (_, data) => ["response", { message: "Message received", data }]);
    assert.deepEqual(heard, answers);
    // Each socket has a limit of its own, and to come and to go is no message.
    await waitFor(ada.socket, "join_room", "lobby");
    await waitFor(ada.socket, "leave_room", "lobby");
    grace.emit("announce", "the end");
    assert.deepEqual(await grace.until("announcement", "the end"), []);
    assert.deepEqual(await ada.until("announcement", "the end"), []);
  });
});

describe("CORS of production patterns", () => {
  it("is for one origin, with GET and POST", async (t) => {
    const { url } = await run(t);
    const send = ({ path, ...request }) => ask(new URL(path, url), request);
    const answer = await send(handshake(PAGE));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["access-control-allow-origin"], PAGE);
    const asked = await send(preflight(PAGE));
    assert.equal(asked.headers["access-control-allow-origin"], PAGE);
    assert.equal(asked.headers["access-control-allow-methods"], "GET,POST");
    assert.equal((await send(handshake("http://other.example"))).status, 403);
  });

  it("is for the origin that is told", async (t) => {
    const { url } = await run(t, { ORIGIN: "https://page.example" });
    const { path, ...request } = handshake("https://page.example");
    const answer = await ask(new URL(path, url), request);
    assert.equal(answer.headers["access-control-allow-origin"], "https://page.example");
  });
});

function notify(url, userId, body, bearer) {
  const headers = { "Content-Type": "application/json" };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  const path = `/api/users/${userId}/notifications`;
  return ask(new URL(path, url), { method: "POST", headers, body: JSON.stringify(body) });
}
