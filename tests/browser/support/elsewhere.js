// Pages that are served elsewhere than what they connect to.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

// Where the pages expect their server.
const EXPECTED = "http://localhost:3000";
const TYPES = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript" };

/**
 * Serves the files of a folder until the end of the test, and resolves with the
 * address. In them the server is the one at `url`.
 */
export async function servedElsewhere(t, folder, url) {
  const host = createServer(async ({ url: path }, response) => {
    const { pathname } = new URL(path, EXPECTED);
    const file = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
    try {
      const text = await readFile(file, "utf8");
      response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
      response.end(text.replaceAll(EXPECTED, url));
    } catch {
      response.writeHead(404).end();
    }
  });
  host.listen(0, "127.0.0.1");
  await once(host, "listening");
  t.after(() => {
    host.close();
    host.closeAllConnections();
  });
  return `http://localhost:${host.address().port}`;
}
