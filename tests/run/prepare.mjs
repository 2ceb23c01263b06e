// What has to be there before the tests run. What is missing and cannot be
// installed ends the run with the line that installs it.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { findChromium } from "../browser/support/chromium.js";
import { heading } from "./report.mjs";

const OLDEST_NODE = [20, 19];
const REACT_PAGE = "server/examples/project_rooms/web";
const OLDEST_PYTHON = [3, 10];

/**
 * Installs and builds everything. Returns the programs that the clients' tests
 * start, as environment variables, and which suites take part: `python` is the
 * interpreter that has the packages, if its tests do.
 */
export function prepare({ skipBrowser, skipPython }) {
  requireTools();
  installPackages("tests/js");
  if (!skipBrowser) {
    installPackages("tests/browser");
    installChromium();
  }
  const python = skipPython ? undefined : installPython();
  const programs = buildServers();
  if (!skipBrowser) programs.REACT_PAGE = buildPage();
  return { programs, skipBrowser, python };
}

function requireTools() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    fail(`Node.js ${process.versions.node} is too old`, `https://nodejs.org/, ${OLDEST_NODE.join(".")} or newer`);
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

/** The packages of the tests in Python, in an environment of their own. */
function installPython() {
  const version = OLDEST_PYTHON.join(".");
  const check = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${OLDEST_PYTHON.join(", ")}))`;
  if (!succeeds("python3", ["-c", check])) {
    const what = `no Python ${version} with venv and pip for its tests (SKIP_PYTHON=1 skips them)`;
    fail(what, "sudo apt-get install -y python3 python3-venv python3-pip");
  }
  const environment = join(targetDirectory(), "python");
  const python = join(environment, "bin", "python");
  const requirements = "tests/python/requirements.txt";
  heading(`pip install -r ${requirements}`);
  const install = ["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:"];
  if (
    !runs("python3", ["-m", "venv", environment]) ||
    !runs(python, [...install, "--disable-pip-version-check", "-r", requirements])
  ) {
    fail(
      `the packages of ${requirements} cannot be installed (SKIP_PYTHON=1 skips their tests)`,
      `python3 -m venv --clear ${environment} && ${python} ${install.join(" ")} -r ${requirements}`,
    );
  }
  return python;
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

/** The page of an example that has to be built, outside of the checkout's sources. */
function buildPage() {
  installPackages(REACT_PAGE);
  heading(`vite build in ${REACT_PAGE}`);
  const folder = join(targetDirectory(), "react-page");
  const args = ["node_modules/vite/bin/vite.js", "build", "--outDir", folder, "--emptyOutDir"];
  if (!runs("node", args, { cwd: REACT_PAGE })) process.exit(1);
  return folder;
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
