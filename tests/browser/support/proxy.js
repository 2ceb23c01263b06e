// A proxy that knows nothing of websockets, as some companies have.

import { once } from "node:events";
import { createServer, request } from "node:http";

/** Passes requests on to `target`, and refuses every upgrade until the end of the test. */
export async function withoutWebsockets(t, target) {
  const proxy = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const onward = request(target, { method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  let refused = 0;
  proxy.on("upgrade", (_, socket) => {
    refused += 1;
    socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  return { url: `http://localhost:${proxy.address().port}`, refused: () => refused };
}
