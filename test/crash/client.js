import { createHash, randomUUID } from "node:crypto";
import { request } from "undici";

/** @typedef {{ status: number, text: string, headers: Record<string, unknown> }} Reply */

/** The outcome of one question: `charged` was answered (or its answer has expired), `free` was not charged. */
/** @typedef {"charged" | "free" | "unknown"} Fate */

/** Longest time in ms for which a question is repeated: many times what a slow disk needs. */
const PATIENCE = 120_000;

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

let people = 0;

/** The digest of a key as the ledger holds it. */
export const digestOf = (/** @type {string} */ key) => createHash("sha256").update(key).digest("hex");

/**
 * One person who asks one question after the other, each under its own key, and repeats it under the same key until the
 * outcome is known. Some people disconnect during the answer and ask again. Without keys, nothing is repeated.
 * @param {{ url: string | undefined }} victim
 * @param {{ keyed?: boolean, dispatcher?: import("undici").Dispatcher }} options
 */
export function createPerson(victim, { keyed = true, dispatcher } = {}) {
  const username = `p-${randomUUID()}`;
  const password = randomUUID();
  /** Whether this person asks at OpenAI's endpoint. */
  const isCompletion = people % 2 === 1;
  /** Whether an API key asks. */
  const hasApiKey = people % 4 > 1;
  people += 1;
  let token = "";
  let asker = "";
  /** @type {Map<string, Fate>} */
  const fates = new Map();
  const counts = { asked: 0, replayed: 0, lost: 0 };

  /** @param {string} path @param {object} body @param {Record<string, string>} [headers] @param {AbortSignal} [signal] @returns {Promise<Reply>} */
  async function post(path, body, headers = {}, signal) {
    const reply = await request(victim.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      signal,
      dispatcher,
    });
    return { status: reply.statusCode, text: await reply.body.text(), headers: reply.headers };
  }

  /** Sends the question once. Returns undefined if the connection was lost or refused. */
  async function once(
    /** @type {string} */ key,
    /** @type {boolean} */ streamed,
    /** @type {AbortSignal | undefined} */ signal,
  ) {
    if (victim.url === undefined) return undefined;
    const accept = streamed ? "text/event-stream" : "application/json";
    const headers = {
      authorization: `Bearer ${asker}`,
      accept,
      ...(keyed && { "idempotency-key": key }),
    };
    const message = `What is ${key}?`;
    const asked = isCompletion
      ? post(
          "/v1/chat/completions",
          { messages: [{ role: "user", content: message }], stream: streamed },
          headers,
          signal,
        )
      : post("/api/chat/", { message }, headers, signal);
    return asked.catch(() => void (counts.lost += 1));
  }

  /** @param {Reply} reply @returns {Fate} */
  function fateOf({ status, text, headers }) {
    if (headers["idempotent-replayed"]) counts.replayed += 1;
    const streamed = String(headers["content-type"]).startsWith("text/event-stream");
    if (status === 200 && (!streamed || /^(event: done|data: \[DONE\])$/m.test(text))) return "charged";
    if (status === 410) return "charged";
    if (status === 400 || status === 422 || status === 401 || status === 402)
      throw new Error(`unexpected ${status}: ${text}`);
    return "unknown";
  }

  return {
    username,
    fates,
    counts,
    get token() {
      return token;
    },
    async signUp() {
      await post("/api/register/", { username, password });
      token = JSON.parse((await post("/api/login/", { username, password })).text).token;
      asker = token;
      if (!hasApiKey) return;
      // Never reached.
      const limit = { tokens: Number.MAX_SAFE_INTEGER, per: "day" };
      const made = await post("/api/keys/", { name: "crash", limit }, { authorization: `Bearer ${token}` });
      asker = JSON.parse(made.text).key;
    },
    /** Asks until `over()`; outcomes that are still unknown are left to {@link settle}. */
    async keepAsking(/** @type {() => boolean} */ over) {
      while (!over()) {
        const key = randomUUID();
        fates.set(key, "unknown");
        const streamed = Math.random() < 0.5;
        const hasty = Math.random() < 0.15;
        counts.asked += 1;
        while (!over() && fates.get(key) === "unknown") {
          const reply = await once(
            key,
            streamed,
            hasty ? AbortSignal.timeout(1 + Math.round(Math.random() * 60)) : undefined,
          );
          if (reply) fates.set(key, fateOf(reply));
          if (fates.get(key) === "unknown") await pause(5 + Math.random() * 30);
          if (!keyed || (hasty && Math.random() < 0.5)) break;
        }
      }
    },
    /** Repeats every question of unknown outcome until it is answered: each key has then been charged once. */
    async settle(/** @type {AbortSignal | undefined} */ signal) {
      for (const [key, fate] of fates) {
        if (fate !== "unknown") continue;
        const end = Date.now() + PATIENCE;
        while (fates.get(key) === "unknown") {
          signal?.throwIfAborted();
          if (Date.now() > end) throw new Error("a question stays without an answer");
          const reply = await once(key, false, signal);
          if (reply) fates.set(key, fateOf(reply));
          if (fates.get(key) === "unknown") await pause(10);
        }
      }
    },
    /** Tokens that the API key has spent; undefined if none asks. */
    async spent() {
      if (!hasApiKey) return undefined;
      // The run may pass midnight.
      const reply = await request(`${victim.url}/api/usage/?days=2&by=key`, {
        headers: { authorization: `Bearer ${asker}` },
        dispatcher,
      });
      const { keys } = /** @type {{ keys: { name: string | null, tokens: number }[] }} */ (
        await reply.body.json()
      );
      return keys.reduce((sum, { name, tokens }) => sum + (name === "crash" ? tokens : 0), 0);
    },
    async balance() {
      const reply = await request(`${victim.url}/api/token_balance/`, {
        headers: { authorization: `Bearer ${token}` },
        dispatcher,
      });
      const { tokens } = /** @type {{ tokens: number }} */ (await reply.body.json());
      return { tokens, held: Number(reply.headers["tokens-held"]) };
    },
  };
}
