import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPerson } from "./client.js";
import { PRICE, STARTING_TOKENS } from "./crash-run.js";
import { createVictim } from "./server.js";
import { openMoodyUpstream } from "./upstream.js";

/** @typedef {{ questions: number, rss: number[], violations: string[] }} Report `rss` in bytes, after gc, at each interval's end */

/**
 * Loads one server, which is never killed, and measures its memory. The questions have no keys: a key is kept for a day
 * (docs/http-api.md#idempotency), and the memory of those that are kept would hide what is kept by mistake.
 * @param {{ intervals: number, interval: number, people?: number, told?: (sentence: string) => void }} options
 *   `interval` in milliseconds
 * @returns {Promise<Report>}
 */
export async function memoryRun({ intervals, interval, people = 16, told = () => {} }) {
  const data = await mkdtemp(join(tmpdir(), "ai-chat-memory-"));
  const upstream = await openMoodyUpstream();
  const victim = createVictim({
    ground: { argv: ["--data", data], env: {} },
    upstream: upstream.url,
    startingTokens: STARTING_TOKENS,
  });
  try {
    await victim.start({ measured: true });
    const crowd = Array.from({ length: people }, () => createPerson(victim, { keyed: false }));
    await Promise.all(crowd.map((person) => person.signUp()));
    let over = false;
    const asking = Promise.all(crowd.map((person) => person.keepAsking(() => over)));
    const asked = () => crowd.reduce((sum, { counts }) => sum + counts.asked, 0);
    /** @type {number[]} */
    const rss = [];
    while (rss.length < intervals) {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, interval)), asking]);
      rss.push(await victim.memory());
      told(`${rss.length}: ${asked()} questions, ${((rss.at(-1) ?? 0) / 2 ** 20).toFixed(1)} MiB after gc`);
    }
    over = true;
    await asking;
    const balances = await Promise.all(crowd.map((person) => person.balance()));
    await victim.end("SIGTERM");
    const violations = await violationsOf(join(data, "ledger.jsonl"), crowd, balances);
    return { questions: asked(), rss, violations };
  } finally {
    await victim.end("SIGKILL");
    upstream.close();
    await rm(data, { recursive: true, force: true });
  }
}

/**
 * Every answer has a charge, each question at most one, and the balances are what the ledger says.
 * @param {string} file @param {ReturnType<typeof createPerson>[]} crowd @param {{ tokens: number, held: number }[]} balances
 */
async function violationsOf(file, crowd, balances) {
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  /** @type {Map<string, number>} */
  const charges = new Map();
  for (const line of lines) {
    const { fact, name } = JSON.parse(line);
    if (fact === "charge") charges.set(name, (charges.get(name) ?? 0) + 1);
  }
  return crowd.flatMap(({ username, counts, fates }, at) => {
    const charged = charges.get(username) ?? 0;
    const answered = [...fates.values()].filter((fate) => fate === "charged").length;
    const { tokens, held } = balances[at] ?? { tokens: NaN, held: NaN };
    const found = [];
    if (charged < answered || charged > counts.asked)
      found.push(
        `${username} asked ${counts.asked}, got ${answered} answers and was charged ${charged} times`,
      );
    if (tokens !== STARTING_TOKENS - PRICE * charged) found.push(`${username} has ${tokens} tokens`);
    if (held !== 0) found.push(`${username} still has ${held} tokens held`);
    return found;
  });
}
