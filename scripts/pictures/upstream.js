import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * What the AI does with a question: what it thinks, what it answers, and whether it then ends.
 * @typedef {{ thinks?: string, says?: string, hangs?: boolean }} Reply
 */

const WORD_MS = 5;

/**
 * An OpenAI-compatible upstream that streams, word by word, what `replyTo` makes of a question.
 * @param {(question: string) => Reply} replyTo
 */
export async function openUpstream(replyTo) {
  const answer = async (
    /** @type {import("node:http").IncomingMessage} */ request,
    /** @type {import("node:http").ServerResponse} */ response,
  ) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    const send = (/** @type {object} */ delta, /** @type {string | null} */ finish = null) =>
      response.write(
        `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
      );
    const stream = async (/** @type {string} */ field, /** @type {string} */ text) => {
      for (const words of text.match(/\S+\s*|\s+/g) ?? []) {
        send({ [field]: words });
        await sleep(WORD_MS);
      }
    };
    const { thinks = "", says = "", hangs = false } = replyTo(JSON.parse(body).messages.at(-1).content);
    await stream("reasoning_content", thinks);
    await stream("content", says);
    if (hangs) return;
    send({}, "stop");
    response.end("data: [DONE]\n\n");
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
