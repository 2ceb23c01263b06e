// The suites, each a command whose output says how many tests it ran.

import { stripVTControlCharacters } from "node:util";
import { run } from "./command.mjs";
import { heading } from "./report.mjs";

const CARGO = ["test", "--workspace", "--no-fail-fast"];
const NODE = ["--test", "--test-reporter=spec", "--test-reporter-destination=stdout"];

/** Runs the suites one after the other; a failing one does not stop the next. */
export async function runSuites({ programs, skipBrowser, python }) {
  // A signal would end this process without its `exit` listeners.
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  const suites = [
    {
      name: "rust",
      command: ["cargo", [...CARGO, "--tests", "--examples"]],
      minutes: 20,
      count: countCargo,
    },
    {
      name: "metrics",
      command: ["cargo", ["test", "-p", "engineio", "-p", "tests", "--all-features", "--lib", "--test", "wire"]],
      minutes: 20,
      count: countCargo,
    },
    { name: "doc", command: ["cargo", [...CARGO, "--doc"]], minutes: 20, count: countCargo },
    { name: "clients", command: ["node", NODE], minutes: 5, folder: "tests/js", count: countNode },
    {
      name: "browser",
      // One browser at a time: it needs a whole machine.
      command: ["node", [...NODE, "--test-concurrency=1"]],
      minutes: 5,
      folder: "tests/browser",
      count: countNode,
      skipped: skipBrowser && "SKIP_BROWSER=1",
    },
    {
      name: "python",
      // No bytecode: it would lie beside the sources.
      command: [python, ["-B", "main.py"]],
      minutes: 5,
      folder: "tests/python",
      count: countUnittest,
      skipped: !python && "SKIP_PYTHON=1",
    },
  ];
  const results = [];
  for (const { name, command, minutes, folder, count, skipped } of suites) {
    if (skipped) {
      results.push({ name, skipped });
      continue;
    }
    heading(`${name}: ${command.flat().join(" ")}${folder ? ` in ${folder}` : ""}`);
    const options = { cwd: folder, env: { ...process.env, ...programs }, minutes };
    const { output, ...ending } = await run(command, options);
    results.push({ name, ...ending, ...count(stripVTControlCharacters(output)) });
  }
  return results;
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

/** Reads the summary of Python's unittest, whose total has all in it. */
function countUnittest(output) {
  const [, total] = /^Ran (\d+) tests? in /m.exec(output) ?? [0, 0];
  const [, summary] = /^(?:OK|FAILED)(?: \((.*)\))?$/m.exec(output) ?? [];
  const count = (name) => Number(new RegExp(`(?:^|, )${name}=(\\d+)`).exec(summary)?.[1] ?? 0);
  const failed = count("failures") + count("errors") + count("unexpected successes");
  const ignored = count("skipped") + count("expected failures");
  // A class that could not be set up has an error, but no test in the total.
  return { passed: Math.max(total - failed - ignored, 0), failed, ignored };
}
