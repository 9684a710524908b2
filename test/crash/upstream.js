// An OpenAI-compatible upstream with random faults: it mostly answers, sometimes slowly, fails, or disconnects midway.
import { once } from "node:events";
import { createServer } from "node:http";

const always = ["forty", "-two", " is", " the", " answer", "."];
const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 15));

/** @param {import("node:http").ServerResponse} response @param {string[]} words */
async function stream(response, words) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [i, content] of words.entries()) {
    if (response.destroyed) return;
    if (Math.random() < 0.01) return void response.destroy();
    const finish_reason = i === words.length - 1 ? "stop" : null;
    const choices = [{ index: 0, delta: { content }, finish_reason }];
    response.write(
      `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", created: 0, model: "moody", choices })}\n\n`,
    );
    await pause();
  }
  response.end("data: [DONE]\n\n");
}

/** @param {import("node:http").ServerResponse} response @param {string[]} words */
async function plain(response, words) {
  await pause();
  const choices = [
    { index: 0, message: { role: "assistant", content: words.join("") }, finish_reason: "stop" },
  ];
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ id: "1", object: "chat.completion", created: 0, model: "moody", choices }));
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @param {Answer} answer
 */
async function respond(request, response, answer) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  if (request.method === "GET") return void response.writeHead(404).end();
  if (Math.random() < 0.03)
    return void response.writeHead(500, { "content-type": "application/json" }).end("{}");
  const { stream: streamed, messages } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const words = answer(messages.at(-1).content);
  await (streamed ? stream(response, words) : plain(response, words));
}

/** @typedef {(question: string) => string[]} Answer The words of the answer to a question. */

/** @param {Answer} [answer] @returns {Promise<{ url: string, close(): void }>} its base URL, with `/v1` */
export async function openMoodyUpstream(answer = () => always) {
  const server = createServer(
    (request, response) => void respond(request, response, answer).catch(() => response.destroy()),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
