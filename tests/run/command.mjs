// A command with a deadline, in a process group of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Shows the command's standard output while it runs, and resolves with it. The
 * whole group ends with the command, with this process, or after `minutes`.
 */
export async function run([program, args], { minutes, ...options }) {
  const stdio = ["ignore", "pipe", "inherit"];
  const child = spawn(program, args, { ...options, detached: true, stdio });
  const chunks = [];
  child.stdout.on("data", (chunk) => {
    process.stdout.write(chunk);
    chunks.push(chunk);
  });
  let overdue = false;
  const endGroup = () => kill(-child.pid);
  const deadline = setTimeout(() => {
    overdue = true;
    endGroup();
  }, minutes * 60_000);
  process.once("exit", endGroup);
  child.once("exit", endGroup);
  const [code, signal] = await once(child, "close");
  process.off("exit", endGroup);
  clearTimeout(deadline);
  return { code: signal ?? code, overdue, output: Buffer.concat(chunks).toString() };
}

function kill(id) {
  try {
    process.kill(id, "SIGKILL");
  } catch {
    // Nobody is left of the group.
  }
}
