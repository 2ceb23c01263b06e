// The suites, each a command whose output says how many tests it ran.

import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { heading } from "./report.mjs";

const CARGO = ["test", "--workspace", "--no-fail-fast"];
const NODE = ["--test", "--test-reporter=spec", "--test-reporter-destination=stdout"];

/** Runs the suites one after the other; a failing one does not stop the next. */
export async function runSuites({ programs, skipBrowser }) {
  const suites = [
    { name: "rust", command: ["cargo", [...CARGO, "--tests", "--examples"]], count: countCargo },
    { name: "doc", command: ["cargo", [...CARGO, "--doc"]], count: countCargo },
    { name: "clients", command: ["node", NODE], folder: "tests/js", count: countNode },
    {
      name: "browser",
      command: ["node", NODE],
      folder: "tests/browser",
      count: countNode,
      skipped: skipBrowser && "SKIP_BROWSER=1",
    },
  ];
  const results = [];
  for (const { name, command, folder, count, skipped } of suites) {
    if (skipped) {
      results.push({ name, skipped });
      continue;
    }
    heading(`${name}: ${command.flat().join(" ")}${folder ? ` in ${folder}` : ""}`);
    const { code, output } = await run(command, { cwd: folder, env: { ...process.env, ...programs } });
    results.push({ name, code, ...count(output) });
  }
  return results;
}

/** Shows the command's output while it runs, and keeps it. */
async function run([program, args], options) {
  const child = spawn(program, args, { ...options, stdio: ["inherit", "pipe", "inherit"] });
  const chunks = [];
  child.stdout.on("data", (chunk) => {
    process.stdout.write(chunk);
    chunks.push(chunk);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, output: stripVTControlCharacters(Buffer.concat(chunks).toString()) };
}

/** Adds up the `test result` line of every test program. */
function countCargo(output) {
  const counts = { passed: 0, failed: 0, ignored: 0 };
  for (const [, line] of output.matchAll(/^test result: \S+ (.*)$/gm)) {
    for (const name of Object.keys(counts)) {
      counts[name] += Number(new RegExp(`(\\d+) ${name}`).exec(line)?.[1] ?? 0);
    }
  }
  return counts;
}

/** Reads the summary that Node's test runner ends with. */
function countNode(output) {
  const count = (name) => Number(new RegExp(`^ℹ ${name} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
  return {
    passed: count("pass"),
    failed: count("fail") + count("cancelled"),
    ignored: count("skipped") + count("todo"),
  };
}
