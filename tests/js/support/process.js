// Server programs as child processes.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const START_DEADLINE = 10_000;

let lose;

/** Resolves with an error if a server of this process ends before its `stop`. */
export const serverLost = new Promise((resolve) => (lose = resolve));

// A signal would end this process without its `exit` listeners.
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/**
 * Runs `program` and resolves with its `url` as soon as it prints a line that
 * matches `ready`, whose first group is the address. `stop` ends the process;
 * `signal` sends it another signal. `interrupt` is Ctrl-C, and resolves with how the
 * process ended; `printed` with the first line that matches a pattern, also if it was
 * printed before.
 *
 * Its standard input ends with this process, however that ends. No output is
 * inherited: who waits for the output of this process does not wait for the
 * server's.
 */
export async function startProcess(program, args, { env = {}, ready }) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: "pipe" });
  child.stderr.pipe(process.stderr, { end: false });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const spawned = once(child, "spawn");
  const exited = new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(new Error(`ended with ${signal ?? `code ${code}`}`)));
  });
  let stopped = false;
  const stop = async () => {
    stopped = true;
    process.off("exit", kill);
    kill();
    await exited;
  };
  const interrupt = async () => {
    stopped = true;
    child.kill("SIGINT");
    return (await exited).message;
  };
  const printed = lineReader(child);
  try {
    await spawned;
    const ended = exited.then((error) => Promise.reject(error));
    const url = await Promise.race([readyUrl(child, printed, ready), ended]);
    exited.then(({ message }) => stopped || lose(new Error(`${program} ${message}`)));
    return { url, stop, interrupt, printed, signal: (name) => child.kill(name) };
  } catch (error) {
    if (child.pid) await stop();
    throw new Error(`${[program, ...args].join(" ")}: ${error.message}`);
  }
}

function readyUrl(child, printed, ready) {
  return new Promise((resolve, reject) => {
    const expire = () => reject(new Error(`not ready after ${START_DEADLINE / 1000} s`));
    const deadline = setTimeout(expire, START_DEADLINE);
    child.once("exit", () => clearTimeout(deadline));
    printed(ready).then((line) => {
      clearTimeout(deadline);
      resolve(ready.exec(line)[1]);
    });
  });
}

function lineReader(child) {
  const lines = [];
  const waiting = new Set();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const check of waiting) check(line);
  });
  return (pattern) =>
    new Promise((resolve) => {
      const check = (line) => {
        if (!pattern.test(line)) return false;
        waiting.delete(check);
        resolve(line);
        return true;
      };
      if (!lines.some(check)) waiting.add(check);
    });
}
