import { randomUUID } from "node:crypto";
import { request } from "undici";

/** Questions of a visitor that are asked again and again: the answers are kept, and each is charged once. */
const KEPT = 20;
/** Turns of the longest history. */
const TURNS = 200;
/** Longest pause between two errands in ms. Without it, visitors would leave no time for questions. */
const PAUSE = 40;

const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE));
const oneOf = (/** @type {readonly any[]} */ list) => list[Math.floor(Math.random() * list.length)];

/**
 * One person who does everything but ask new questions: logs in and out, makes and ends API keys, repeats questions that
 * were charged, looks at the balance and the pages, sends what no program should.
 * @param {{ url: string | undefined }} victim
 * @param {import("undici").Dispatcher} dispatcher
 */
export function createVisitor(victim, dispatcher) {
  const username = `v-${randomUUID()}`;
  const password = randomUUID();
  let token = "";
  let ends = 0;
  const keys = Array.from({ length: KEPT }, () => randomUUID());
  /** @type {Map<string, import("./client.js").Fate>} */
  const fates = new Map();
  const counts = { asked: 0, replayed: 0, lost: 0 };

  /** @typedef {{ method?: "GET" | "POST" | "DELETE" | "OPTIONS", body?: unknown, headers?: Record<string, string>, expected?: readonly number[], signal?: AbortSignal }} Request */

  /** A body that is a text is sent as it is. @param {string} path @param {Request} [options] */
  async function call(path, { method, body, headers = {}, expected = [200], signal } = {}) {
    const reply = await request(victim.url + path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      body: typeof body === "string" || body === undefined ? body : JSON.stringify(body),
      dispatcher,
      signal,
    });
    const text = await reply.body.text();
    if (!expected.includes(reply.statusCode))
      throw new Error(`${path} answered ${reply.statusCode}: ${text.slice(0, 500)}`);
    return { status: reply.statusCode, headers: reply.headers, text };
  }

  async function logIn() {
    const { text } = await call("/api/login/", { body: { username, password } });
    token = JSON.parse(text).token;
  }

  /** @type {(() => Promise<unknown>)[]} */
  const errands = [
    logIn,
    // The right one, right after it, sets the limit back.
    async () => {
      await call("/api/login/", { body: { username, password: "something else" }, expected: [401] });
      await logIn();
    },
    async () => {
      await call("/api/logout/", { method: "POST", expected: [204] });
      await call("/api/token_balance/", { expected: [401] });
      await logIn();
    },
    async () => {
      // An account makes at most 200 keys a day.
      if (ends++ > 150) return;
      const made = JSON.parse((await call("/api/keys/", { body: { name: "v" }, expected: [201] })).text);
      const headers = { authorization: `Bearer ${made.key}` };
      await call("/api/token_balance/", { headers });
      await call(`/api/keys/${made.id}`, { method: "DELETE", expected: [204] });
      await call("/api/token_balance/", { headers, expected: [401] });
    },
    () => call("/api/token_balance/"),
    () => call("/api/usage/?days=90&by=model"),
    () => call("/api/models/"),
    () => call("/api/keys/"),
    () => call("/api/"),
    () => call("/v1/models"),
    () => call("/readyz"),
    () => call("/openapi.json"),
    () => call(oneOf(["/", "/docs"]), { headers: { accept: "text/html" } }),
    () => call(oneOf(["/page.js", "/page.css", "/docs.css"])),
    () => call("/api/chat/", { method: "OPTIONS", expected: [204] }),
    () => call(`/${randomUUID()}`, { expected: [404] }),
    () => call("/api/chat/", { body: '{"message":', expected: [400] }),
    () => call("/v1/chat/completions", { body: { messages: "none" }, expected: [400] }),
    () =>
      call("/api/chat/", {
        body: { message: "Hello" },
        headers: { authorization: `Bearer ${"x".repeat(1 + Math.random() * 200)}` },
        expected: [401],
      }),
    // Leaves while its request is sent or answered.
    () => call("/api/usage/", { signal: AbortSignal.timeout(1) }).catch(() => {}),
    repeat,
    repeat,
    repeat,
    askWithHistory,
  ];

  /** One of the questions that have a key, in either form. What the AI failed to answer was not charged. */
  async function repeat() {
    const key = oneOf(keys);
    const isFirst = !fates.has(key);
    if (isFirst) {
      fates.set(key, "unknown");
      counts.asked += 1;
    }
    const accept = oneOf(["application/json", "text/event-stream"]);
    const reply = await call("/api/chat/", {
      body: { message: `What is ${key}?` },
      headers: { accept, "idempotency-key": key },
      expected: [200, 502],
    });
    const isWhole = accept === "application/json" || /^event: done$/m.test(reply.text);
    if (reply.status !== 200 || !isWhole) return;
    if (reply.headers["idempotent-replayed"]) counts.replayed += 1;
    else if (fates.get(key) === "charged") throw new Error("a repeat was answered as a new question");
    fates.set(key, "charged");
  }

  async function askWithHistory() {
    counts.asked += 1;
    const history = Array.from({ length: TURNS }, (_, turn) => ({
      role: turn % 2 === 0 ? "user" : "assistant",
      content: `${turn} ${"words ".repeat(Math.random() * 80)}`,
    }));
    const reply = await call("/api/chat/", { body: { message: "And then?", history }, expected: [200, 502] });
    if (reply.status === 200) fates.set(randomUUID(), "charged");
  }

  return {
    username,
    fates,
    counts,
    async signUp() {
      await call("/api/register/", { body: { username, password }, expected: [201] });
      await logIn();
    },
    /** Does errands until `over()`; throws if a reply has a status that it must not have. */
    async keepGoing(/** @type {() => boolean} */ over) {
      while (!over()) {
        await oneOf(errands)();
        await pause();
      }
    },
    async balance() {
      const { text, headers } = await call("/api/token_balance/");
      return { tokens: JSON.parse(text).tokens, held: Number(headers["tokens-held"]) };
    },
  };
}
