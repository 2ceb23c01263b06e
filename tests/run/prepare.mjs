// What has to be there before the tests run. What is missing and cannot be
// installed ends the run with the line that installs it.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { findChromium } from "../browser/support/chromium.js";
import { heading } from "./report.mjs";

const OLDEST_NODE = 20;

/**
 * Installs and builds everything. Returns the programs that the JavaScript
 * tests start, as environment variables, and whether the browser takes part.
 */
export function prepare({ skipBrowser }) {
  requireTools();
  installPackages("tests/js");
  if (!skipBrowser) {
    installPackages("tests/browser");
    installChromium();
  }
  return { programs: buildServers(), skipBrowser };
}

function requireTools() {
  if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE) {
    fail(`Node.js ${process.versions.node} is too old`, `https://nodejs.org/, ${OLDEST_NODE} or newer`);
  }
  const tools = {
    cargo: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh",
    npm: "sudo apt-get install -y npm",
  };
  for (const [tool, line] of Object.entries(tools)) {
    if (!succeeds(tool, ["--version"])) fail(`${tool} is missing`, line);
  }
}

function installPackages(folder) {
  heading(`npm ci in ${folder}`);
  const args = ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  if (!runs("npm", args, { cwd: folder })) {
    fail(`the npm packages of ${folder} cannot be installed`, `cd ${folder} && npm ci --ignore-scripts`);
  }
}

function installChromium() {
  if (findChromium()) return;
  if (process.env.CHROMIUM) fail(`CHROMIUM=${process.env.CHROMIUM} does not run`, "unset CHROMIUM");
  heading("chromium");
  if (!installByApt() && !installByPlaywright()) {
    fail("no Chromium for the browser tests (SKIP_BROWSER=1 skips them)", "sudo apt-get install -y chromium");
  }
}

function installByApt() {
  const apt = succeeds("apt-get", ["--version"]) && asRoot();
  return (
    apt &&
    runs(...apt("apt-get", "update")) &&
    runs(...apt("apt-get", "install", "-y", "--no-install-recommends", "chromium")) &&
    findChromium()
  );
}

/** Needs nobody's permission, only the network. Does nothing the second time. */
function installByPlaywright() {
  const args = ["install", "--only-shell", "chromium"];
  return runs("node", ["node_modules/playwright-core/cli.js", ...args], { cwd: "tests/browser" });
}

/** Turns a command line into one that root runs, or nothing where none may. */
function asRoot() {
  if (process.getuid?.() === 0) return (program, ...args) => [program, args];
  if (succeeds("sudo", ["-n", "true"])) return (...line) => ["sudo", ["-n", ...line]];
  return undefined;
}

function buildServers() {
  build("--release", "-p", "server", "-p", "tests", "--bin", "server", "--bin", "conformance-server");
  build("--workspace", "--examples");
  const target = targetDirectory();
  return {
    CHAT_SERVER: join(target, "release", "server"),
    CONFORMANCE_SERVER: join(target, "release", "conformance-server"),
    EXAMPLES: join(target, "debug", "examples"),
  };
}

function build(...args) {
  heading(`cargo build ${args.join(" ")}`);
  if (!runs("cargo", ["build", ...args])) process.exit(1);
}

function targetDirectory() {
  const args = ["metadata", "--format-version", "1", "--no-deps"];
  const { stdout } = spawnSync("cargo", args, { encoding: "utf8", maxBuffer: 1 << 26 });
  return JSON.parse(stdout).target_directory;
}

function succeeds(program, args) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

function runs(program, args, options = {}) {
  return spawnSync(program, args, { stdio: "inherit", ...options }).status === 0;
}

function fail(what, line) {
  console.error(`\nmake test: ${what}. To install it:\n\n    ${line}\n`);
  process.exit(1);
}
