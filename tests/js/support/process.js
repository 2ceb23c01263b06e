// A server program as a child process.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const START_DEADLINE = 10_000;

/**
 * Runs `program` and resolves with its `url` as soon as it prints a line that
 * matches `ready`, whose first group is the address. `stop` ends the process.
 */
export async function startProcess(program, args, { env = {}, ready }) {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const spawned = once(child, "spawn");
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    process.off("exit", kill);
    kill();
    await exited;
  };
  try {
    await spawned;
    const ended = exited.then((code) => {
      throw new Error(`ended with code ${code} before it was ready`);
    });
    return { url: await Promise.race([readyUrl(child, ready), ended]), stop };
  } catch (error) {
    if (child.pid) await stop();
    throw new Error(`${[program, ...args].join(" ")}: ${error.message}`);
  }
}

function readyUrl(child, ready) {
  return new Promise((resolve, reject) => {
    const expire = () => reject(new Error(`not ready after ${START_DEADLINE / 1000} s`));
    const deadline = setTimeout(expire, START_DEADLINE);
    child.once("exit", () => clearTimeout(deadline));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = ready.exec(line)?.[1];
      if (!url) return;
      clearTimeout(deadline);
      resolve(url);
    });
  });
}
