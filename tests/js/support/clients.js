// The clients under test, the ways they reach the server, and their opening.

import { createRequire } from "node:module";
import { Socket } from "engine.io-client";
import engine3 from "engine.io-client-3";
import engine4 from "engine.io-client-4";
import engine5 from "engine.io-client-5";
import { Socket as Socket60 } from "engine.io-client-6.0";
import { io } from "socket.io-client";
import io2 from "socket.io-client-2";
import { io as io3 } from "socket.io-client-3";
import { io as io40 } from "socket.io-client-4.0";
import msgpack from "socket.io-msgpack-parser";
import { next } from "./signals.js";

const require = createRequire(import.meta.url);
const version = (folder) => require(`${folder}/package.json`).version;

export const newest = { name: `socket.io-client ${version("socket.io-client")}`, io };

/** The last one of protocol 4. */
export const oldest = { name: `socket.io-client ${version("socket.io-client-2")}`, io: io2 };

/** The newest one, for servers in MessagePack. */
export const newestMsgpack = {
  name: `${newest.name} with socket.io-msgpack-parser ${version("socket.io-msgpack-parser")}`,
  io: (url, options) => io(url, { ...options, parser: msgpack }),
};

export const clients = [
  newest,
  { name: `socket.io-client ${version("socket.io-client-4.0")}`, io: io40 },
  { name: `socket.io-client ${version("socket.io-client-3")}`, io: io3 },
];

export const newestEngine = {
  name: `engine.io-client ${version("engine.io-client")}`,
  Socket,
  revision: 4,
};

export const engineClients = [
  newestEngine,
  { name: `engine.io-client ${version("engine.io-client-6.0")}`, Socket: Socket60, revision: 4 },
  { name: `engine.io-client ${version("engine.io-client-5")}`, Socket: engine5.Socket, revision: 4 },
  { name: `engine.io-client ${version("engine.io-client-4")}`, Socket: engine4.Socket, revision: 4 },
  { name: `engine.io-client ${version("engine.io-client-3")}`, Socket: engine3.Socket, revision: 3 },
];

export const transports = [
  { name: "polling", list: ["polling"], upgrades: false },
  { name: "websocket", list: ["websocket"], upgrades: false },
  { name: "polling upgraded to websocket", list: ["polling", "websocket"], upgrades: true },
];

/** Every client over every way to reach the server, for the tests' names. */
export function combinations() {
  return combine(clients, transports);
}

/** As `combinations`, of the Engine.IO clients. */
export function engineCombinations() {
  return combine(engineClients, transports);
}

export function combine(clients, transports) {
  return clients.flatMap((client) =>
    transports.map((transport) => ({
      name: `${client.name} over ${transport.name}`,
      client,
      transport,
    })),
  );
}

/**
 * A Socket.IO socket that has a connection of its own and is closed with the
 * test. `url` may end with a namespace.
 */
export function socketTo(t, url, { client, transport }, options = {}) {
  const socket = client.io(url, {
    transports: transport.list,
    forceNew: true,
    reconnectionDelay: 10,
    reconnectionDelayMax: 50,
    ...options,
  });
  // Unlike `disconnect`, this also closes the other namespaces.
  const manager = socket.io;
  t.after(() => (manager._close ?? manager.close).call(manager));
  return socket;
}

/** As `socketTo`; resolves once connected, and upgraded where it upgrades. */
export async function connected(t, url, combination, options) {
  const socket = socketTo(t, url, combination, options);
  await next(socket, "connect");
  await reachesFinalTransport(socket.io.engine, combination.transport);
  return socket;
}

/** As `connected`, for several sockets at once. */
export function connectedMany(t, count, url, combination) {
  return Promise.all(Array.from({ length: count }, () => connected(t, url, combination)));
}

/** An Engine.IO socket that is closed with the test. */
export function engineTo(t, url, { client, transport }, options = {}) {
  const socket = new client.Socket(url, { transports: transport.list, ...options });
  t.after(() => socket.close());
  return socket;
}

/** As `engineTo`; resolves once open, and upgraded where it upgrades. */
export async function opened(t, url, combination, options) {
  const socket = engineTo(t, url, combination, options);
  await next(socket, "open");
  await reachesFinalTransport(socket, combination.transport);
  return socket;
}

/** Resolves once an engine has upgraded, where it upgrades. */
export async function reachesFinalTransport(engine, transport) {
  if (engine.transport.name !== transport.list.at(-1)) await next(engine, "upgrade");
}
