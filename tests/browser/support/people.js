// People who use the chat page, each in a browser profile of their own.

import { mkdirSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { findChromium } from "./chromium.js";

// A folder for each test file, which may run beside another.
const FOLDER = `../../artifacts/${basename(process.argv[1], ".test.js")}/`;
const ARTIFACTS = fileURLToPath(new URL(FOLDER, import.meta.url));

// Chromium calls home otherwise, which only costs time where it cannot.
const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Also forgets the screenshots of the run before. */
export function launchBrowser() {
  rmSync(ARTIFACTS, { recursive: true, force: true });
  return chromium.launch({
    executablePath: findChromium(),
    // Chromium refuses to run its sandbox as root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: QUIET,
  });
}

/**
 * Opens the chat for somebody. `blocked` takes websockets away from the page
 * before its own scripts run.
 */
export async function visitor(t, browser, url, { blocked }) {
  const context = await browser.newContext();
  t.after(() => context.close());
  if (blocked) await context.addInitScript(() => delete globalThis.WebSocket);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  const websockets = [];
  page.on("websocket", (websocket) => websockets.push(websocket.url()));
  await page.goto(url);
  return { page, errors, websockets };
}

/** Opens the chat and joins a room under a name. */
export async function member(t, browser, url, { name, room, blocked }) {
  const person = await visitor(t, browser, url, { blocked });
  await join(person, name, room);
  return person;
}

export async function join({ page }, name, room) {
  await page.locator("#name").fill(name);
  await page.locator("#room").fill(room);
  await page.locator("#join").click();
  await sees({ page }, "#members li", name);
}

export async function say({ page }, text) {
  await page.locator("#text").fill(text);
  await page.locator("#send").click();
}

/** Waits until an element that matches `selector` has `text` in it. */
export function sees({ page }, selector, text) {
  return page.locator(selector, { hasText: text }).first().waitFor();
}

/** Waits until no element that matches `selector` has `text` in it. */
export function misses({ page }, selector, text) {
  return page.locator(selector, { hasText: text }).first().waitFor({ state: "detached" });
}

export function screenshot({ page }, name) {
  mkdirSync(ARTIFACTS, { recursive: true });
  return page.screenshot({ path: `${ARTIFACTS}${name}.png` });
}
