// An OpenAI-compatible upstream, a process of its own. It answers at once: a plain answer, or a stream of 200 words, each
// in a write of its own, as an AI sends them. The question "burst" gets them all in one write.
// The question "long" gets 2,000 words. The question "pace" gets one delta at once, and from a request for /pace on 20 a second, each of which says when it was
// sent, until a request for /still. A request for /end ends all.
import { createServer } from "node:http";

const WORDS = 200;
const PACE_MS = 50;
/** Streams are served in this many groups a pace, so that not all deltas come at once. */
const PHASES = 10;

const message = { role: "assistant", content: "The answer is forty-two. ".repeat(20) };
const envelope = { id: "bench", created: 0, model: "bench" };
const plain = JSON.stringify({
  ...envelope,
  object: "chat.completion",
  choices: [{ index: 0, finish_reason: "stop", message }],
});
const event = (/** @type {object} */ delta, /** @type {string | null} */ finish_reason = null) =>
  `data: ${JSON.stringify({ ...envelope, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const last = event({}, "stop");
const words = [event({ role: "assistant", content: "" }), ...Array(WORDS).fill(event({ content: "word " }))];

/** @typedef {import("node:http").ServerResponse} Reply */
const end = (/** @type {Reply} */ reply) => reply.end(`${last}data: [DONE]\n\n`);

/** Ten answers, each word in a packet of its own, as far as the system lets it. */
async function writeLong(/** @type {Reply} */ reply) {
  reply.socket?.setNoDelay(true);
  for (let turn = 0; turn < 10 * WORDS; turn++) {
    reply.write(words[1 + (turn % WORDS)]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** @type {Set<Reply>[]} */
const paced = Array.from({ length: PHASES }, () => new Set());
let begun = 0;
/** @type {NodeJS.Timeout | undefined} */
let pace;

const sendOne = (/** @type {Reply} */ stream) =>
  stream.write(event({ content: `@${process.hrtime.bigint()} ` }));

function startPace() {
  clearInterval(pace);
  const start = performance.now();
  let turn = 0;
  pace = setInterval(() => {
    // A timer that is late makes up for it, so that the pace holds.
    for (; turn * (PACE_MS / PHASES) < performance.now() - start; turn++)
      for (const stream of paced[turn % PHASES] ?? []) sendOne(stream);
  }, PACE_MS / PHASES);
}

const server = createServer((request, reply) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text) => (body += text));
  request.on("end", () => {
    if (request.url === "/pace") {
      startPace();
      reply.end();
      return;
    }
    if (request.url === "/still") {
      clearInterval(pace);
      reply.end();
      return;
    }
    if (request.url === "/end") {
      clearInterval(pace);
      for (const stream of paced.flatMap((group) => [...group])) end(stream);
      reply.end();
      return;
    }
    const { stream, messages } = JSON.parse(body);
    if (!stream) {
      reply.writeHead(200, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(plain),
      });
      reply.end(plain);
      return;
    }
    reply.writeHead(200, { "content-type": "text/event-stream" });
    if (messages.at(-1).content !== "pace") {
      if (messages.at(-1).content === "burst") reply.write(words.join(""));
      else if (messages.at(-1).content === "long") {
        void writeLong(reply).then(() => end(reply));
        return;
      } else for (const word of words) reply.write(word);
      end(reply);
      return;
    }
    sendOne(reply);
    const group = paced[begun++ % PHASES];
    group?.add(reply);
    reply.on("close", () => group?.delete(reply));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", 2048, () => {
  const address = server.address();
  if (address && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
