// The examples that follow the guides, and clients that remember what they hear.

import { createHmac } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { newest, reachesFinalTransport, socketTo, transports } from "./clients.js";
import { startExample } from "./server.js";
import { next, within } from "./signals.js";

const transport = transports.find(({ upgrades }) => upgrades);
export const combination = { client: newest, transport };

/** The secret of the servers that have one. */
export const SECRET = "a secret of the tests";

/** Runs an example until the end of the test. */
export async function start(t, name, env) {
  const server = await startExample(name, [], { JWT_SECRET: SECRET, RUST_BACKTRACE: "0", ...env });
  t.after(server.stop);
  return server;
}

/**
 * A connected client. `until(event, ...args)` waits for that very event, and resolves
 * with all that came before it, and since the last call: what is not among that did
 * not come, as what a server sends to a client arrives in order.
 */
export async function join(t, url, options) {
  const socket = socketTo(t, url, combination, options);
  const heard = [];
  let check = () => {};
  socket.onAny((...event) => {
    heard.push(event);
    check();
  });
  const until = (...marker) =>
    within(
      () => `${JSON.stringify(marker)} among ${JSON.stringify(heard)}`,
      (resolve) => {
        check = () => {
          const index = heard.findIndex((event) => isDeepStrictEqual(event, marker));
          if (index < 0) return;
          check = () => {};
          resolve(heard.splice(0, index + 1).slice(0, -1));
        };
        check();
      },
    );
  await next(socket, "connect");
  const list = options?.transports ?? transport.list;
  await reachesFinalTransport(socket.io.engine, { list });
  return { socket, id: socket.id, until, emit: (...event) => socket.emit(...event) };
}

/** Resolves with the message that a client is refused with. */
export async function refusal(t, url, options) {
  const socket = socketTo(t, url, combination, options);
  const [error] = await next(socket, "connect_error");
  return error.message;
}

/** Resolves with the line of a server's output that matches. */
export function printed(server, pattern) {
  return within(`line ${pattern}`, (resolve) => server.printed(pattern).then(resolve));
}

/** A JSON Web Token, good for the servers that `start` runs unless told otherwise. */
export function token(claims, { secret = SECRET, alg = "HS256" } = {}) {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const content = `${encode({ alg, typ: "JWT" })}.${encode(claims)}`;
  const signature = alg === "none" ? "" : createHmac("sha256", secret).update(content).digest("base64url");
  return `${content}.${signature}`;
}

/** A handshake over polling, as a page of this origin sends it. */
export function handshake(origin) {
  return { path: "/socket.io/?EIO=4&transport=polling", headers: { Origin: origin } };
}

/** What a browser asks before a page of this origin may post. */
export function preflight(origin) {
  return {
    path: "/socket.io/?EIO=4&transport=polling",
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "content-type",
    },
  };
}
