// Starts the Rust program `conformance-server`, one process per call.

import { fileURLToPath } from "node:url";
import { startProcess } from "./process.js";

const BINARY =
  process.env.CONFORMANCE_SERVER ??
  fileURLToPath(new URL("../../../target/release/conformance-server", import.meta.url));

// Longer than any test runs: a busy machine never misses a heartbeat.
const PATIENT = { PING_INTERVAL: "25000", PING_TIMEOUT: "20000", CONNECT_TIMEOUT: "20000" };

/** Runs a profile on a free port. `env` overrides its times, in milliseconds. */
export function startServer(profile, env = {}) {
  return startProcess(BINARY, ["--profile", profile, "--until-eof"], {
    env: { ...PATIENT, ...env, HOST: "127.0.0.1", PORT: "0" },
    ready: /^ready (http:\/\/\S+)$/,
  });
}
