// What the profile `lab-engine` tells about its sessions.

import { setTimeout as delay } from "node:timers/promises";
import { ask } from "./raw.js";

const PAUSE = 5;
const TRIES = 2000;

/** What the server knows of a session: `state`, `reason`, `messages`. */
export async function report(server, sid) {
  const url = new URL("/lab/session", server.url);
  url.searchParams.set("sid", sid);
  return JSON.parse((await ask(url)).text);
}

/** As `report`, as soon as the session is closed. */
export function closed(server, sid) {
  return until(() => report(server, sid), ({ state }) => state === "closed");
}

/** How many sessions are open. */
export async function count(server) {
  return JSON.parse((await ask(new URL("/lab/count", server.url))).text).clients;
}

/** What the server answers, as soon as it satisfies `condition`. */
export async function until(asking, condition) {
  let answer;
  for (let tries = 0; tries < TRIES; tries++) {
    answer = await asking();
    if (condition(answer)) return answer;
    // Nobody tells when there is more to report.
    await delay(PAUSE);
  }
  throw new Error(`the server still reports ${JSON.stringify(answer)}`);
}
