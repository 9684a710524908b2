// The minimum that a chat server must do: parse the question, ask the upstream, forward its answer. A streamed answer is
// passed on as it comes. No accounts, no tokens, no ledger. `node forwarder.js UPSTREAM`
import { createServer } from "node:http";
import { Pool } from "undici";

const upstream = new Pool(process.argv[2] ?? "", { connections: 2048, bodyTimeout: 0 });

/** @param {import("node:http").IncomingMessage} request */
async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

/**
 * @param {import("node:stream").Readable} body
 * @param {import("node:http").ServerResponse} response
 */
function pipe(body, response) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  body.on("data", (piece) => response.write(piece)).on("end", () => response.end());
  response.on("close", () => body.destroy());
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
async function forward(request, response) {
  const given = await bodyOf(request);
  if (request.url === "/v1/chat/completions") {
    const { body } = await upstream.request({
      method: "POST",
      path: request.url,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(given),
    });
    return pipe(body, response);
  }
  const { message } = given;
  const stream = request.headers.accept === "text/event-stream";
  const { body } = await upstream.request({
    method: "POST",
    path: "/v1/chat/completions",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "bench", stream, messages: [{ role: "user", content: message }] }),
  });
  if (stream) {
    pipe(body, response);
    return;
  }
  const answer = /** @type {any} */ (await body.json());
  const text = JSON.stringify({ response: answer.choices[0].message.content, tokens_deducted: 100 });
  response
    .writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    .end(text);
}

const server = createServer((request, response) => void forward(request, response));
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", 2048, () => {
  const address = server.address();
  if (address && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
