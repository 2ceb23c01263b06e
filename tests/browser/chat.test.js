import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startProcess } from "../js/support/process.js";
import { join, launchBrowser, member, misses, say, screenshot, sees } from "./support/people.js";
import { withoutWebsockets } from "./support/proxy.js";

const SERVER =
  process.env.CHAT_SERVER ?? fileURLToPath(new URL("../../target/release/server", import.meta.url));

const ROOM = "engine room";

const browser = await launchBrowser();
after(() => browser.close());

// Runs before the test's own `t.after`, so that every page is still as it was.
afterEach(async ({ name, passed }) => {
  if (passed) return;
  const pages = browser.contexts().flatMap((context) => context.pages());
  await Promise.all(pages.map((page, i) => screenshot({ page }, `failed - ${name} - ${i + 1}`)));
});

/** A server of the test's own, on a free port if none is named. */
async function startChat(t, port = "0") {
  const server = await startProcess(SERVER, ["--port", port], {
    ready: /(http:\/\/localhost:\d+)/,
  });
  t.after(server.stop);
  return server;
}

/** Ada and Grace in the same room. */
async function enter(t, url, { blocked = false } = {}) {
  const [ada, grace] = await Promise.all(
    ["Ada", "Grace"].map((name) => member(t, browser, url, { name, room: ROOM, blocked })),
  );
  await sees(ada, "#members li", "Grace");
  await sees(grace, "#members li", "Ada");
  return { ada, grace };
}

async function talk({ ada, grace }) {
  await say(ada, "hello Grace");
  await sees(grace, "#messages li", "hello Grace");
  await say(grace, "hello Ada, ça va? Привет, γειά σου");
  await sees(ada, "#messages li", "hello Ada, ça va? Привет, γειά σου");
}

const browsers = [
  { name: "with websocket", transport: "websocket", blocked: false },
  { name: "in a browser without websocket", transport: "polling", blocked: true },
];

for (const { name, transport, blocked } of browsers) {
  describe(`two people in a room, ${name}`, () => {
    const meet = async (t) => enter(t, (await startChat(t)).url, { blocked });

    it("see each other, how they are connected, and who is online", async (t) => {
      const { ada, grace } = await meet(t);
      for (const person of [ada, grace]) {
        assert.equal(await person.page.locator("#members li").count(), 2);
        await sees(person, "#status", /^connected$/);
        await sees(person, "#online", /^2$/);
        await sees(person, "#transport", new RegExp(`^${transport}$`));
      }
    });

    it("talk to each other", async (t) => {
      const { ada, grace } = await meet(t);
      await talk({ ada, grace });
      await screenshot(ada, `chat-${transport}`);
      for (const person of [ada, grace]) {
        await sees(person, "#transport", new RegExp(`^${transport}$`));
        assert.equal(person.websockets.length > 0, !blocked);
        assert.deepEqual(person.errors, []);
      }
    });

    it("read twenty lines in the order they were written", async (t) => {
      const { ada, grace } = await meet(t);
      for (let i = 1; i <= 20; i += 1) await say(ada, `line ${i}.`);
      await sees(grace, "#messages li", "line 20.");
      const lines = await grace.page.locator("#messages li", { hasText: /line \d+\./ }).allInnerTexts();
      assert.deepEqual(
        lines.map((line) => Number(/line (\d+)\./.exec(line)[1])),
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
    });

    it("write what can only be text", async (t) => {
      const { ada, grace } = await meet(t);
      const markup = "<img src=x onerror=alert(1)><b>bold</b>";
      await say(ada, markup);
      await sees(grace, "#messages li", markup);
      assert.equal(await grace.page.locator("#messages img, #messages b").count(), 0);
    });

    it("notice that the other types", async (t) => {
      const { ada, grace } = await meet(t);
      await ada.page.locator("#text").pressSequentially("hel");
      await sees(grace, "#typing", "Ada");
      await ada.page.locator("#send").click();
      await sees(grace, "#messages li", "hel");
      await misses(grace, "#typing", "Ada");
    });

    it("notice that the other closed the page", async (t) => {
      const { ada, grace } = await meet(t);
      await grace.page.close();
      // A page that closes between two polls is missed by the heartbeat only.
      ada.page.setDefaultTimeout(60_000);
      await misses(ada, "#members li", "Grace");
      await sees(ada, "#online", /^1$/);
    });

    it("notice that the other left, and came back", async (t) => {
      const { ada, grace } = await meet(t);
      await grace.page.locator("#leave").click();
      await misses(ada, "#members li", "Grace");
      await join(grace, "Grace", ROOM);
      await sees(ada, "#members li", "Grace");
      await say(grace, "back again");
      await sees(ada, "#messages li", "back again");
    });
  });
}

describe("two people in a room", () => {
  it("talk over polling when the network refuses websockets", async (t) => {
    const proxy = await withoutWebsockets(t, (await startChat(t)).url);
    const people = await enter(t, proxy.url);
    await talk(people);
    assert.ok(proxy.refused() >= 2, "each page tries to upgrade");
    for (const person of Object.values(people)) {
      await sees(person, "#transport", /^polling$/);
      assert.deepEqual(person.errors, []);
    }
  });

  it("are back in it, and talk, when the server was away", async (t) => {
    const server = await startChat(t);
    const people = await enter(t, server.url);
    await server.stop();
    for (const person of Object.values(people)) await sees(person, "#status", /^reconnecting$/);
    await startChat(t, new URL(server.url).port);
    for (const person of Object.values(people)) {
      await sees(person, "#status", /^connected$/);
      await sees(person, "#members li", "Ada");
      await sees(person, "#members li", "Grace");
    }
    await talk(people);
  });
});
