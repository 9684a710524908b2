import { once } from "node:events";
import { createServer } from "node:http";

/**
 * A chat server in this process, so that its CPU is not the session's. `onChat` writes the answer by `delta`.
 * @param {(delta: (text: string) => void, message: string) => void | Promise<void>} onChat
 * @returns {Promise<{ url: string, stop(): void }>}
 */
export async function startChatServer(onChat) {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text) => (body += text));
    request.on("end", async () => {
      if (request.url !== "/api/chat/") {
        const isBalance = request.url === "/api/token_balance/";
        response.writeHead(isBalance ? 200 : 404, { "content-type": "application/json" });
        response.end(JSON.stringify(isBalance ? { tokens: 1_000_000 } : { detail: "Not found." }));
        return;
      }
      const send = (/** @type {string} */ event, /** @type {unknown} */ data) =>
        response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      await onChat((text) => send("delta", { text }), JSON.parse(body).message);
      send("done", { response: "", tokens_deducted: 1, tokens_remaining: 999_999 });
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
