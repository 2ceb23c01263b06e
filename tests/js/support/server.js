// Starts the Rust programs under test, one process per call.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProcess } from "./process.js";

const target = (path) => fileURLToPath(new URL(`../../../target/${path}`, import.meta.url));

export const CONFORMANCE_SERVER = process.env.CONFORMANCE_SERVER ?? target("release/conformance-server");
const EXAMPLES = process.env.EXAMPLES ?? target("debug/examples");

// Longer than any test runs: a busy machine is never late.
const PATIENT = {
  PING_INTERVAL: "25000",
  PING_TIMEOUT: "20000",
  UPGRADE_TIMEOUT: "20000",
  CONNECT_TIMEOUT: "20000",
};

/** Runs a profile on a free port. `env` overrides that, and its times in milliseconds. */
export function startServer(profile, env = {}) {
  return startProcess(CONFORMANCE_SERVER, ["--profile", profile, "--until-eof"], {
    env: { ...PATIENT, HOST: "127.0.0.1", PORT: "0", ...env },
    ready: /^ready (http:\/\/\S+)$/,
  });
}

/** Runs an example of one of the crates on a free port. `env` is added to its environment. */
export function startExample(name, args = [], env = {}) {
  return startProcess(join(EXAMPLES, name), args, {
    env: { PORT: "0", ...env },
    ready: /^(https?:\/\/\S+)$/,
  });
}
