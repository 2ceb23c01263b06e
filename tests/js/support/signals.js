// Waiting for what a client reports. Deadlines only ever end a failing test.

import { serverLost } from "./process.js";

const DEADLINE = 10_000;

/** Resolves with the arguments of the next `event`. */
export function next(emitter, event) {
  return within(`event "${event}"`, (resolve) => {
    emitter.once(event, (...args) => resolve(args));
  });
}

/** Resolves with the arguments of the next `count` times that `event` comes. */
export function take(emitter, event, count) {
  const taken = [];
  return within(
    () => `${count} times event "${event}", of which ${taken.length} came`,
    (resolve) => {
      emitter.on(event, (...args) => {
        taken.push(args);
        if (taken.length === count) resolve([...taken]);
      });
    },
  );
}

/** The arguments of every `event` from now on, in the order they come. */
export function record(emitter, event) {
  const seen = [];
  emitter.on(event, (...args) => seen.push(args));
  return seen;
}

/** Emits an event and resolves with the arguments of its acknowledgement. */
export function ask(socket, event, ...args) {
  return within(`acknowledgement of "${event}"`, (resolve) => {
    socket.emit(event, ...args, (...reply) => resolve(reply));
  });
}

/**
 * Resolves when every socket had an answer from the server: whatever the
 * server sent to one of them before this call has arrived.
 */
export function settled(...sockets) {
  return Promise.all(sockets.map((socket) => ask(socket, "echo", "settled")));
}

/**
 * Runs `executor` as `new Promise` does; rejects when nothing comes of it, and
 * at once when nothing can because a server is lost.
 */
export function within(what, executor) {
  return new Promise((resolve, reject) => {
    const expire = () => {
      const missing = typeof what === "function" ? what() : what;
      reject(new Error(`no ${missing} within ${DEADLINE / 1000} s`));
    };
    const deadline = setTimeout(expire, DEADLINE);
    serverLost.then((error) => {
      clearTimeout(deadline);
      reject(error);
    });
    executor((value) => {
      clearTimeout(deadline);
      resolve(value);
    });
  });
}
