// The pages of the examples that follow the guides.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startExample } from "../js/support/server.js";
import { within } from "../js/support/signals.js";
import { servedElsewhere } from "./support/elsewhere.js";
import { launchBrowser, screenshot, sees, visitor } from "./support/people.js";

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const FIRST_CHAT = path("server/examples/first_chat");
const REACT_PAGE = process.env.REACT_PAGE ?? path("target/react-page");

const browser = await launchBrowser();
after(() => browser.close());

// Runs before the test's own `t.after`, so that every page is still as it was.
afterEach(async ({ name, passed }) => {
  if (passed) return;
  const pages = browser.contexts().flatMap((context) => context.pages());
  await Promise.all(pages.map((page, i) => screenshot({ page }, `failed - ${name} - ${i + 1}`)));
});

async function start(t, name) {
  const server = await startExample(name, [], { JWT_SECRET: "" });
  t.after(server.stop);
  return server;
}

const visitors = (t, url, count) =>
  Promise.all(Array.from({ length: count }, () => visitor(t, browser, url, { blocked: false })));

const printed = (server, pattern) => within(`line ${pattern}`, (resolve) => server.printed(pattern).then(resolve));

const submit = ({ page }, form) => page.locator(`${form} button`).first().click();

/** Enters the token that the server printed for this user. */
async function connectAs(person, server, user) {
  const line = await printed(server, new RegExp(`^token of ${user}: `));
  await person.page.locator("#token").fill(line.split(": ")[1]);
  await submit(person, "#connect");
  await sees(person, "#log li", /^connected as/);
}

function noErrors(people) {
  for (const { errors } of people) assert.deepEqual(errors, []);
}

describe("the page of the example", () => {
  it("first_chat talks to a server of another origin", async (t) => {
    const { url } = await start(t, "first_chat");
    const people = await visitors(t, await servedElsewhere(t, FIRST_CHAT, url), 2);
    const [ada, grace] = people;
    for (const person of people) await sees(person, "#status", /^connected as/);
    await ada.page.locator("#text").fill("hello <b>Grace</b>");
    await ada.page.locator("#form button").click();
    for (const person of people) await sees(person, "#messages li", "hello <b>Grace</b>");
    assert.equal(await grace.page.locator("#messages b").count(), 0);
    assert.ok(ada.websockets.length > 0);
    await screenshot(ada, "first_chat");
    noErrors(people);
  });

  it("pages_and_rooms is welcomed in both namespaces, and talks", async (t) => {
    const { url } = await start(t, "pages_and_rooms");
    const [ada] = await visitors(t, url, 1);
    await sees(ada, "#messages li", "chat: Welcome to Socket.io with Express");
    await sees(ada, "#messages li", "my-namespace: Welcome to my-namespace");
    const [grace] = await visitors(t, url, 1);
    await sees(ada, "#messages li", "chat: A new user has joined the chat");
    await sees(ada, "#messages li", "chat: A user has joined room1");
    await grace.page.locator("#text").fill("hello Ada");
    await grace.page.locator("#form button").click();
    for (const person of [ada, grace]) await sees(person, "#messages li", "somebody: hello Ada");
    await screenshot(ada, "pages_and_rooms");
    noErrors([ada, grace]);
  });

  it("conversations says why it is refused", async (t) => {
    const { url } = await start(t, "conversations");
    const [ada] = await visitors(t, url, 1);
    await submit(ada, "#connect");
    await sees(ada, "#log li", "Authentication error: No token provided");
    await ada.page.locator("#token").fill("nonsense");
    await submit(ada, "#connect");
    await sees(ada, "#log li", "Authentication error: Invalid token");
  });

  it("conversations is for people who write to all, and to each other", async (t) => {
    const server = await start(t, "conversations");
    const people = await visitors(t, server.url, 2);
    const [ada, grace] = people;
    await connectAs(ada, server, "ada");
    await submit(ada, "#join");
    await connectAs(grace, server, "grace");
    await submit(grace, "#join");
    await sees(ada, "#log li", "grace is online");
    await sees(grace, "#log li", "2 online");
    await ada.page.locator("#text").pressSequentially("hel");
    await sees(grace, "#typing", "ada is typing");
    await ada.page.locator("#text").fill("hello all");
    await submit(ada, "#send");
    await sees(grace, "#log li", "ada: hello all");
    await sees(ada, "#log li", "you: hello all");
    await grace.page.locator("#recipient").fill("ada");
    await grace.page.locator("#text").fill("hello Ada");
    await submit(grace, "#send");
    await sees(ada, "#log li", "grace, to you: hello Ada");
    await screenshot(ada, "conversations");
    await grace.page.close();
    await sees(ada, "#log li", "grace is offline");
    noErrors(people);
  });

  it("production_patterns shows what comes of each event", async (t) => {
    const server = await start(t, "production_patterns");
    const people = await visitors(t, server.url, 2);
    const [ada, grace] = people;
    await submit(ada, "#connect");
    await sees(ada, "#log li", "Authentication error: No token");
    await connectAs(ada, server, "ada");
    await connectAs(grace, server, "grace");
    const send = async ({ page }, event, text = "") => {
      await page.locator("#event").selectOption(event);
      await page.locator("#text").fill(text);
      await page.locator("#send button").click();
    };
    await send(ada, "join_room");
    await send(grace, "join_room");
    await sees(ada, "#log li", /^user_joined .*"roomId":"lobby"/);
    await send(grace, "room_message", "hello Ada");
    await sees(ada, "#log li", /^message .*"hello Ada"/);
    await send(ada, "message", "anything");
    await sees(ada, "#log li", 'response {"message":"Message received","data":"anything"}');
    await send(ada, "process", "nobody");
    await sees(ada, "#log li", /^error .*invalid digit/);
    await screenshot(ada, "production_patterns");
    noErrors(people);
  });

  it("project_rooms is React, in a room for each project", async (t) => {
    const server = await start(t, "project_rooms");
    const people = await visitors(t, await servedElsewhere(t, REACT_PAGE, server.url), 3);
    const [ada, grace, joan] = people;
    for (const person of people) await sees(person, "#status", /^connected$/);
    // The chat of another project is another component: the first one disconnects.
    await joan.page.locator("#project").selectOption("secret");
    await printed(server, / disconnected id=.* reason=client namespace disconnect/);
    await printed(server, / connected id=.* project="secret"/);
    await sees(joan, "#status", /^connected$/);
    await ada.page.locator("#text").fill("hello project");
    await ada.page.getByText("To the project").click();
    await sees(grace, "#messages li", "hello project");
    await ada.page.locator("#text").fill("hello all");
    await ada.page.getByText("To everyone").click();
    for (const person of people) await sees(person, "#messages li", "hello all");
    assert.deepEqual(await joan.page.locator("#messages li").allInnerTexts(), ["hello all"]);
    await screenshot(ada, "project_rooms");
    noErrors(people);
  });
});
