// Messages sent through every stage of an upgrade.

import { setImmediate as turn } from "node:timers/promises";
import { next } from "./signals.js";

/**
 * Calls `send(0)` to `send(count - 1)`: all at once where the transport stays;
 * else a third right away over polling, a third one by one while the websocket
 * is probed, and the rest when the upgrade is complete.
 *
 * `engine` is open and has the option `upgrade: false`, so that its upgrade
 * begins here, behind the first third.
 */
export async function sendThroughUpgrade(engine, transport, count, send) {
  let sent = 0;
  const sendUpTo = (end) => {
    while (sent < end) send(sent++);
  };
  if (!transport.upgrades) return sendUpTo(count);

  const upgraded = next(engine, "upgrade");
  sendUpTo(Math.floor(count / 3));
  probe(engine);
  // A message per turn keeps requests under way during the whole probe. Behind
  // the server's answer to the probe, the client holds messages back.
  let answered = false;
  engine.once("upgrading", () => (answered = true));
  while (!answered && sent < count / 2) {
    send(sent++);
    await turn();
  }
  sendUpTo(Math.floor((2 * count) / 3));
  await upgraded;
  sendUpTo(count);
}

/** What the client does by itself on opening, under its names in all versions. */
function probe(engine) {
  (engine._probe ?? engine.probe).call(engine, "websocket");
}
