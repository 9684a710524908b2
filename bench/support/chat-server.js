import { once } from "node:events";
import { createServer } from "node:http";
import { atEnd } from "./endings.js";

/**
 * A chat server in this process until the measurement ends, so that its CPU is not counted for the session. `onChat` writes the answer by `delta`.
 * @param {(delta: (text: string) => void, message: string) => void | Promise<void>} onChat
 * @param {{ tokens?: number, price?: number, model?: string }} [account]
 * @returns {Promise<{ url: string }>}
 */
export async function startChatServer(onChat, { tokens = 1_000_000, price = 1, model = "bench" } = {}) {
  let left = tokens;
  const offer = { name: "bench", version: "0", price, model, extensions: ["stream", "history"] };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text) => (body += text));
    const answer = async () => {
      if (request.url !== "/api/chat/") {
        const reply = request.url === "/api/" ? offer : { tokens: left };
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify(reply));
        return;
      }
      const send = (/** @type {string} */ event, /** @type {unknown} */ data) =>
        response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      await onChat((text) => send("delta", { text }), JSON.parse(body).message);
      left -= price;
      send("done", { response: "", tokens_deducted: price, tokens_remaining: left });
      response.end();
    };
    request.on("end", () => void answer());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}` };
}
