import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { atEnd } from "../../bench/support/endings.js";

const choice = (/** @type {object} */ more) => JSON.stringify({ choices: [{ index: 0, ...more }] });

/**
 * An AI. The message says what it does: `slow` answers after 100 s, `hang` never, `pieces` sends each of five pieces after
 * a call of `next`. Anything else is answered at once.
 * @typedef {object} Ai
 * @property {(path?: string) => string} url its base URL; `path` tells servers apart
 * @property {string[]} asked the path and the message of each question
 * @property {() => void} next
 */

/** @returns {Promise<Ai>} */
export async function openAi() {
  /** @type {string[]} */
  const asked = [];
  let wake = () => {};
  const wakened = () => new Promise((resolve) => (wake = () => resolve(undefined)));

  /** @param {import("node:http").IncomingMessage} question @param {import("node:http").ServerResponse} reply */
  async function answer(question, reply) {
    let body = "";
    for await (const chunk of question) body += chunk;
    const { stream, messages } = JSON.parse(body);
    const message = String(messages.at(-1).content);
    asked.push(`${question.url?.split("/")[1]} ${message.slice(0, 40)}`);
    if (message.startsWith("hang")) return;
    if (message.startsWith("slow")) await sleep(100_000);
    if (!stream) {
      reply.setHeader("content-type", "application/json");
      reply.end(choice({ finish_reason: "stop", message: { role: "assistant", content: "Yes." } }));
      return;
    }
    reply.setHeader("content-type", "text/event-stream");
    for (let piece = 1; piece <= 5; piece++) {
      reply.write(`data: ${choice({ finish_reason: null, delta: { content: `piece ${piece}. ` } })}\n\n`);
      if (message.startsWith("pieces")) await wakened();
    }
    reply.end(`data: ${choice({ finish_reason: "stop", delta: {} })}\n\ndata: [DONE]\n\n`);
  }

  const server = createServer((question, reply) => void answer(question, reply).catch(() => {}));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(() => server.close());
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  return { url: (path = "one") => `http://127.0.0.1:${port}/${path}/v1`, asked, next: () => wake() };
}
