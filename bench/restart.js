// Restarts two servers on one Postgres in turn, behind nginx or Caddy with ops/nginx-two.conf or
// ops/Caddyfile-two, while questions come, and counts those that were lost or charged wrongly.
//   npm run test:restart -- nginx|caddy [--program PATH] [--restarts 6] [--parallel 40] [--kill]
// --kill: SIGKILL instead of SIGTERM. Then questions are lost, but none is charged twice.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { request, setGlobalDispatcher } from "undici";
import { newAccounts } from "./support/load.js";
import { startPostgres } from "./support/postgres.js";
import { OURS, start } from "./support/programs.js";
import { startProxy } from "./support/proxies.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    program: { type: "string" },
    restarts: { type: "string", default: "6" },
    parallel: { type: "string", default: "40" },
    kill: { type: "boolean", default: false },
  },
});
const [name = ""] = positionals;
if (name !== "nginx" && name !== "caddy") throw new Error("nginx or caddy?");
const [restarts, parallel] = [Number(values.restarts), Number(values.parallel)];
const TOKENS = 1_000_000;
/** Seconds. A killed server's holds last 10 s longer. */
const QUESTION_TIMEOUT = 20;
/** Milliseconds of an answer of the AI, at most. */
const SLOWEST = 2500;

const choice = (/** @type {object} */ more) => JSON.stringify({ choices: [{ index: 0, ...more }] });

/**
 * An AI that takes some time, so that questions are under way when a server stops.
 * @param {import("node:http").IncomingMessage} asked
 * @param {import("node:http").ServerResponse} reply
 */
async function answerSlowly(asked, reply) {
  let body = "";
  for await (const chunk of asked) body += chunk;
  const [pause, finish_reason] = [Math.random() * SLOWEST, "stop"];
  if (!JSON.parse(body).stream) {
    await sleep(pause);
    reply.setHeader("content-type", "application/json");
    reply.end(choice({ finish_reason, message: { role: "assistant", content: "Yes." } }));
    return;
  }
  reply.setHeader("content-type", "text/event-stream");
  for (let piece = 0; piece < 5; piece++) {
    reply.write(`data: ${choice({ finish_reason: null, delta: { content: "Yes. " } })}\n\n`);
    await sleep(pause / 5);
  }
  reply.end(`data: ${choice({ finish_reason, delta: {} })}\n\ndata: [DONE]\n\n`);
}

async function openSlowAi() {
  const server = createServer((asked, reply) => void answerSlowly(asked, reply)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return `http://127.0.0.1:${address && typeof address === "object" ? address.port : 0}`;
}

const [ai, database] = [await openSlowAi(), await startPostgres()];
const startServer = (port = 0) =>
  start([`${OURS}/bin/ai-chat.js`, "serve", "--port", String(port), "--log", "silent"], {
    env: {
      AI_CHAT_STORE: database.url,
      AI_CHAT_PROVIDER: "openai",
      AI_CHAT_BASE_URL: `${ai}/v1`,
      AI_CHAT_API_KEY: "bench",
      AI_CHAT_MODEL: "bench",
      AI_CHAT_PRICE: "1",
      AI_CHAT_STARTING_TOKENS: String(TOKENS),
      AI_CHAT_BCRYPT_COST: "4",
      AI_CHAT_TRUST_PROXY: "1",
      AI_CHAT_LIMIT_REGISTER: "off",
      AI_CHAT_QUESTION_TIMEOUT: String(QUESTION_TIMEOUT),
      AI_CHAT_DRAIN_DELAY: "6",
      AI_CHAT_DRAIN_TIMEOUT: "130",
    },
  });
const servers = [await startServer(), await startServer()];
const ports = servers.map(({ url }) => Number(new URL(url).port));
const file = name === "nginx" ? "nginx-two.conf" : "Caddyfile-two";
const [one = 0, two = 0] = ports;
const proxy = await startProxy(name, { program: values.program, file, ports: { 8001: one, 8002: two } });
setGlobalDispatcher(proxy.dispatcher({ connections: parallel }));
const heads = await newAccounts(proxy.url, parallel);

const stop = new AbortController();
/** @type {Record<string, number>} */
const told = {};

/** Asks one question. @param {Record<string, string>} head @param {boolean} stream */
async function ask(head, stream) {
  const accept = stream ? "text/event-stream" : "application/json";
  const reply = await request(`${proxy.url}/api/chat/`, {
    method: "POST",
    headers: { "content-type": "application/json", accept, ...head },
    body: '{"message":"Is that so?"}',
  });
  const text = await reply.body.text();
  if (reply.statusCode !== 200) return `${reply.statusCode} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ""}`.trim();
  return !stream || text.includes("event: done") ? "answered" : "broken stream";
}

/** Asks one question after the other. @param {number} index */
async function asker(index) {
  const account = heads[index] ?? {};
  const [withKey, stream] = [index % 2 === 0, index % 4 < 2];
  let [asked, answered] = [0, 0];
  while (!stop.signal.aborted) {
    const head = { ...account, ...(withKey && { "idempotency-key": randomUUID() }) };
    asked++;
    for (;;) {
      const outcome = await ask(head, stream).catch((/** @type {Error} */ error) => error.message);
      const isAnswered = outcome === "answered";
      // After a kill, a client with a key asks until the hold of the killed server is over.
      const again = values.kill && withKey && !isAnswered;
      const what = `${withKey ? "with" : "without"} key, ${stream ? "stream" : "plain"}: ${outcome}`;
      if (isAnswered || !again) told[what] = (told[what] ?? 0) + 1;
      answered += isAnswered ? 1 : 0;
      if (!again) break;
      await sleep(500);
    }
  }
  const balance = await request(`${servers[0]?.url}/api/token_balance/`, { headers: account });
  const { tokens } = /** @type {{ tokens: number }} */ (await balance.body.json());
  return { withKey, asked, answered, charged: TOKENS - tokens };
}

const begun = Date.now();
const askers = Promise.all(heads.map((_, index) => asker(index)));
await sleep(3000);
for (let turn = 0; turn < restarts; turn++) {
  const at = turn % 2;
  const server = servers[at];
  if (!server) break;
  if (values.kill) process.kill(server.pid, "SIGKILL");
  await server.stop();
  const next = await startServer(ports[at]);
  servers[at] = next;
  while (!(await fetch(`${next.url}/readyz`).catch(() => undefined))?.ok) await sleep(100);
  // Two intervals of Caddy's health checks.
  await sleep(4000);
  console.error(`restart ${turn + 1} of ${restarts}`);
}
stop.abort();
const all = await askers;

const sum = (/** @type {"asked" | "answered" | "charged"} */ what, withKey = [true, false]) =>
  all.filter((asker) => withKey.includes(asker.withKey)).reduce((total, asker) => total + asker[what], 0);
console.log(
  `${name}, ${restarts} ${values.kill ? "kills" : "restarts"} in ${Math.round((Date.now() - begun) / 1000)} s`,
);
for (const [what, count] of Object.entries(told).sort(([a], [b]) => a.localeCompare(b)))
  console.log(`  ${what}: ${count}`);
for (const withKey of [true, false])
  console.log(
    `  ${withKey ? "with" : "without"} key: ${sum("asked", [withKey])} questions, ${sum("answered", [withKey])} answered, ${sum("charged", [withKey])} charged`,
  );
// With a key, and without kills, what is charged is exactly what was answered.
const wrong = all.filter(({ withKey, asked, answered, charged }) =>
  values.kill && !withKey ? charged > asked || charged < answered : charged !== answered,
).length;
const lost = sum("asked") - sum("answered");
console.log(`  lost ${lost}, accounts charged wrongly ${wrong}`);
process.exit(wrong > 0 || (lost > 0 && !values.kill) ? 1 : 0);
