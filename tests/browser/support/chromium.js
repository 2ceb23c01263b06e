// Finds a Chromium that is installed on this machine.

import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const APPLICATIONS = ["Chromium", "Google Chrome"].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

/**
 * The program to run: the one that `CHROMIUM` names, else the first one that
 * works. Without any, playwright-core takes the one that it installed itself.
 */
export function findChromium() {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM) return [CHROMIUM].find(works);
  const folders = PATH.split(delimiter).filter(Boolean);
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...APPLICATIONS].find(works);
}

/** Ubuntu has a `chromium-browser` that only says how to install one. */
function works(program) {
  return spawnSync(program, ["--version"], { stdio: "ignore", timeout: 30_000 }).status === 0;
}
