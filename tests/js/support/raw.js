// Requests, and websockets, as they are: for what no official client sends.

import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { WebSocket } from "ws";
import { within } from "./signals.js";

/** How the revisions of the protocol differ on the wire. */
export const revisions = [
  {
    EIO: "3",
    profile: "engine-v3",
    /** The body that carries these packets. */
    payload: (...packets) => packets.map((packet) => `${packet.length}:${packet}`).join(""),
    /** Binary data as text. */
    base64: (data) => `b4${data.toString("base64")}`,
  },
  {
    EIO: "4",
    profile: "engine-v4",
    payload: (...packets) => packets.join("\x1e"),
    base64: (data) => `b${data.toString("base64")}`,
  },
];

/**
 * Sends a request on a connection of its own, and resolves with its response:
 * `status`, `headers`, `body` as bytes and as `text`. With `signal` it can be
 * aborted.
 */
export async function ask(url, { method = "GET", headers, body, signal, agent = false } = {}) {
  const outgoing = request(url, { method, headers, signal, agent });
  const answered = Promise.race([once(outgoing, "response"), once(outgoing, "upgrade")]);
  outgoing.end(body);
  const [response, upgraded] = await answered;
  upgraded?.destroy();
  const bytes = Buffer.concat(upgraded ? [] : await response.toArray());
  return {
    status: response.statusCode,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body: bytes,
    text: bytes.toString(),
  };
}

/** The engine's address with these parameters; those undefined are left out. */
export function engineUrl(server, parameters) {
  const url = new URL("/engine.io/", server.url);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/** Resolves with the response that refuses a websocket. */
export function askForWebsocket(server, parameters, headers) {
  return ask(engineUrl(server, parameters), {
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    },
  });
}

/** A session over polling, each request of which has a connection of its own. */
export class Polling {
  static async open(server, revision, parameters = {}) {
    const query = { EIO: revision.EIO, transport: "polling", ...parameters };
    const response = await ask(engineUrl(server, query));
    if (response.status !== 200) throw new Error(`handshake: ${response.status} ${response.text}`);
    const handshake = JSON.parse(response.text.slice(response.text.indexOf("{")));
    return new Polling(server, revision, query, response, handshake);
  }

  constructor(server, revision, query, response, handshake) {
    this.server = server;
    this.revision = revision;
    this.response = response;
    this.handshake = handshake;
    this.sid = handshake.sid;
    this.url = engineUrl(server, { ...query, sid: this.sid });
  }

  get(options) {
    return ask(this.url, options);
  }

  /** Posts packets, or bytes as they are. */
  post(...packets) {
    const isBytes = Buffer.isBuffer(packets[0]);
    const body = isBytes ? packets[0] : this.revision.payload(...packets);
    const type = isBytes ? "application/octet-stream" : "text/plain;charset=UTF-8";
    return ask(this.url, { method: "POST", headers: { "Content-Type": type }, body });
  }

  /**
   * A connection with a POST that the session has begun to read, and whose body
   * does not come.
   */
  async unfinishedPost() {
    const { hostname, port, pathname, search } = this.url;
    const connection = connect(port, hostname);
    connection.on("error", () => {});
    const head = [
      `POST ${pathname}${search} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      "Content-Length: 100",
      "Expect: 100-continue",
    ];
    connection.write(`${head.join("\r\n")}\r\n\r\n`);
    const [answer] = await once(connection, "data");
    if (!`${answer}`.includes(" 100 ")) throw new Error(`expected 100, got ${answer}`);
    return connection;
  }

  /**
   * Resolves when a request that came later than all others so far, and changes
   * nothing, was answered.
   */
  async settled() {
    await this.post("6");
  }

  /** A websocket for this session. */
  websocket() {
    const { EIO } = this.revision;
    return Frames.open(this.server, { EIO, transport: "websocket", sid: this.sid });
  }
}

/** A websocket, whose frames and whose end are waited for one by one. */
export class Frames {
  #came = [];
  #awaited = [];

  /** Resolves once the server has let it in. */
  static async open(server, parameters, options) {
    const frames = new Frames(server, parameters, options);
    await once(frames.socket, "open");
    return frames;
  }

  constructor(server, parameters, options) {
    const url = engineUrl(server, parameters);
    url.protocol = "ws:";
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.socket.on("message", (data, isBinary) => this.#give(isBinary ? data : `${data}`));
    // The end follows every error.
    this.socket.on("error", () => {});
    this.ended = new Promise((resolve) => this.socket.once("close", resolve));
    this.ended.then((code) => this.#give({ code }));
  }

  #give(what) {
    const awaiting = this.#awaited.shift();
    if (awaiting) awaiting(what);
    else this.#came.push(what);
  }

  /** The next frame: a string, bytes, or the end as `{ code }`. */
  next() {
    return within("frame", (resolve) => {
      if (this.#came.length) resolve(this.#came.shift());
      else this.#awaited.push(resolve);
    });
  }

  send(frame) {
    this.socket.send(frame);
  }

  close() {
    this.socket.close();
    return this.ended;
  }
}

/** A session over websocket, behind its open packet. */
export async function openFrames(t, server, revision, parameters = {}, options) {
  const query = { EIO: revision.EIO, transport: "websocket", ...parameters };
  const frames = await Frames.open(server, query, options);
  t.after(() => frames.socket.terminate());
  const open = await frames.next();
  if (!open.startsWith?.("0{")) throw new Error(`no open packet: ${JSON.stringify(open)}`);
  frames.handshake = JSON.parse(open.slice(1));
  return frames;
}
