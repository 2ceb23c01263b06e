// `make test`: installs what the tests need, runs every test, prints the counts.

import { fileURLToPath } from "node:url";
import { prepare } from "./prepare.mjs";
import { report } from "./report.mjs";
import { runSuites } from "./suites.mjs";

process.chdir(fileURLToPath(new URL("../../", import.meta.url)));

const prepared = prepare({
  skipBrowser: process.env.SKIP_BROWSER === "1",
  skipPython: process.env.SKIP_PYTHON === "1",
});
const results = await runSuites(prepared);
process.exitCode = report(results) ? 0 : 1;
