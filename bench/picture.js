// Makes the picture of a session in README.md from the real terminal output of the built program.
//   node bench/picture.js [file, default bench/session.svg]
import { once } from "node:events";
import { createServer } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import xterm from "@xterm/headless";
import { environmentOf, openSession } from "./support/session.js";
import { pictureOf } from "./support/svg.js";

const file = process.argv[2] ?? "bench/session.svg";
const ANSWER = `A **debounce** waits until the calls have stopped for a while, then lets the last one through:

\`\`\`js
function debounce(callback, ms) {
  let timer;
  return (...args) => {
    clearTimeout(timer); // every call begins the wait anew
    timer = setTimeout(() => callback(...args), ms);
  };
}
\`\`\`

| call | when it comes | runs |
|------|---------------|------|
| 1st  | 0 ms          | no   |
| 2nd  | 80 ms         | no   |
| 3rd  | 150 ms        | at 250 ms, for \`ms = 100\` |
`;

/** An OpenAI-compatible upstream that streams the answer word by word. */
const upstream = createServer((request, response) => {
  const answer = async () => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (/** @type {object} */ delta, /** @type {string | null} */ finish) =>
      response.write(
        `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
      );
    for (const content of ANSWER.match(/\S+\s*|\s+/g) ?? []) {
      send({ content }, null);
      await sleep(5);
    }
    send({}, "stop");
    response.end("data: [DONE]\n\n");
  };
  request.resume().on("end", () => void answer());
});
upstream.listen(0, "127.0.0.1");
await once(upstream, "listening");
const address = upstream.address();
const port = address && typeof address === "object" ? address.port : 0;

const home = await mkdtemp(join(tmpdir(), "ai-chat-picture-"));
const term = new xterm.Terminal({ cols: 84, rows: 34, allowProposedApi: true });
term.write("\u001b[2m$\u001b[0m ai-chat\r\n");
const session = openSession(home, ["-s", "local"], {
  columns: term.cols,
  rows: term.rows,
  onData: (data) => term.write(data),
  env: {
    ...environmentOf(home),
    AI_CHAT_TOKEN: "",
    AI_CHAT_API_KEY: "picture",
    AI_CHAT_BASE_URL: `http://127.0.0.1:${port}/v1`,
    AI_CHAT_MODEL: "gpt-4o-mini",
    AI_CHAT_BCRYPT_COST: "4",
  },
});
await session.sees("I'm new");
await session.type("\r", "Username");
await session.type("jane\r", "Password");
await session.type("correct horse\r", "once more");
await session.type("correct horse\r", "Welcome, jane");
await session.type("How do I write a debounce in JavaScript?\r", "3,900 left");
await session.type("And a throttle?", "And a throttle?");
await sleep(300);
await new Promise((resolve) => term.write("", () => resolve(undefined)));
await writeFile(file, pictureOf(term, "A session of ai-chat in a terminal"));
await session.leave();
upstream.closeAllConnections();
upstream.close();
await rm(home, { recursive: true, force: true });
console.log(file);
