import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPerson, digestOf } from "./client.js";
import { createVictim } from "./server.js";
import { openMoodyUpstream } from "./upstream.js";

/** @typedef {{ kills: number, questions: number, replays: number, lost: number, violations: string[] }} Report */

export const STARTING_TOKENS = 100_000_000;
export const PRICE = 100;

/** Highest number of questions that begin between a start and the next kill. */
const BETWEEN = 15;

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Kills a real server under parallel load repeatedly at random moments, then checks the charges.
 * @param {{ kills?: number, questions?: number, minutes?: number, people?: number, told?: (sentence: string) => void, signal?: AbortSignal }} options
 *   it ends after `kills` kills and `questions` questions, or after `minutes`, or by the signal
 * @returns {Promise<Report>}
 */
export async function crashRun({
  kills = Infinity,
  questions = 0,
  minutes = Infinity,
  people = 8,
  told = () => {},
  signal,
}) {
  const data = await mkdtemp(join(tmpdir(), "ai-chat-crash-"));
  const upstream = await openMoodyUpstream();
  const victim = createVictim({ data, upstream: upstream.url, startingTokens: STARTING_TOKENS });
  try {
    await victim.start();
    const crowd = Array.from({ length: people }, () => createPerson(victim));
    await Promise.all(crowd.map((person) => person.signUp()));

    let done = 0;
    let over = false;
    const end = Date.now() + minutes * 60_000;
    const asking = Promise.all(crowd.map((person) => person.keepAsking(() => over)));
    const sum = (/** @type {"asked" | "replayed" | "lost"} */ count) =>
      crowd.reduce((all, person) => all + person.counts[count], 0);
    const mayGoOn = () => Date.now() < end && signal?.aborted !== true;
    while ((done < kills || sum("asked") < questions) && mayGoOn()) {
      // Counted in questions: in a fixed time a slow machine may not have answered any.
      const next = sum("asked") + Math.floor(Math.random() * BETWEEN);
      while (sum("asked") < next && mayGoOn()) await Promise.race([pause(5), asking]);
      await Promise.race([pause(Math.random() * 60), asking]);
      await victim.end("SIGKILL");
      done += 1;
      await victim.start();
      if (done % 50 === 0) told(`${done} kills`);
    }
    over = true;
    await asking;
    await Promise.all(crowd.map((person) => person.settle(signal)));
    const violations = await violationsOf(crowd);
    await victim.end("SIGTERM");
    violations.push(...(await ledgerViolations(join(data, "ledger.jsonl"), crowd)));
    return { kills: done, questions: sum("asked"), replays: sum("replayed"), lost: sum("lost"), violations };
  } finally {
    await victim.end("SIGKILL");
    upstream.close();
    await rm(data, { recursive: true, force: true });
  }
}

/** @typedef {ReturnType<typeof createPerson>} Person */

/** Balance = grants − price × distinct charged questions; nothing held. @param {Person[]} crowd */
async function violationsOf(crowd) {
  const found = [];
  for (const person of crowd) {
    const charged = [...person.fates.values()].filter((fate) => fate === "charged").length;
    const { tokens, held } = await person.balance();
    const expected = STARTING_TOKENS - PRICE * charged;
    if (tokens !== expected) found.push(`${person.username} has ${tokens} tokens, not ${expected}`);
    if (held !== 0) found.push(`${person.username} still has ${held} tokens held`);
  }
  return found;
}

/** Every charged question has exactly one charge in the ledger, and the ledger has no other charges. @param {string} file @param {Person[]} crowd */
async function ledgerViolations(file, crowd) {
  const facts = (await readFile(file, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  /** @type {Map<string, number>} */
  const charges = new Map();
  for (const { fact, key } of facts) if (fact === "charge") charges.set(key, (charges.get(key) ?? 0) + 1);
  const found = [];
  for (const [key, count] of charges) if (count !== 1) found.push(`key ${key} was charged ${count} times`);
  const expected = new Set(
    crowd.flatMap(({ fates }) =>
      [...fates].filter(([, fate]) => fate === "charged").map(([key]) => digestOf(key)),
    ),
  );
  for (const key of expected) if (!charges.has(key)) found.push(`key ${key} was answered and never charged`);
  for (const key of charges.keys())
    if (!expected.has(key)) found.push(`key ${key} was charged and never answered`);
  return found;
}
