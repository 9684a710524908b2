import { createPerson, digestOf } from "./client.js";
import { openFolder } from "./on-folder.js";
import { createVictim } from "./server.js";
import { openMoodyUpstream } from "./upstream.js";

/** @typedef {{ kills: number, questions: number, replays: number, lost: number, violations: string[] }} Report */

export const STARTING_TOKENS = 100_000_000;
export const PRICE = 100;

/** Highest number of questions that begin between a start and the next kill. */
const BETWEEN = 15;

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Kills a real server under parallel load repeatedly at random moments, now and then its database instead, then checks the
 * charges.
 * @param {{ open?: () => Promise<import("./on-folder.js").Ground>, kills?: number, questions?: number, minutes?: number, people?: number, told?: (sentence: string) => void, signal?: AbortSignal }} options
 *   it ends after `kills` kills and `questions` questions, or after `minutes`, or by the signal
 * @returns {Promise<Report>}
 */
export async function crashRun({
  open = openFolder,
  kills = Infinity,
  questions = 0,
  minutes = Infinity,
  people = 8,
  told = () => {},
  signal,
}) {
  const ground = await open();
  const upstream = await openMoodyUpstream();
  const victim = createVictim({ ground, upstream: upstream.url, startingTokens: STARTING_TOKENS });
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
      if (ground.crash && done % 4 === 3) await ground.crash();
      else {
        await victim.end("SIGKILL");
        await ground.afterKill();
        await victim.start();
      }
      done += 1;
      if (done % 50 === 0) told(`${done} kills`);
    }
    over = true;
    await asking;
    await Promise.all(crowd.map((person) => person.settle(signal)));
    const violations = await violationsOf(crowd, ground.crash ? RELEASED : 0);
    await victim.end("SIGTERM");
    violations.push(...ledgerViolations(await ground.charges(), crowd));
    if (!(await ground.adds())) violations.push("the store does not add up");
    return { kills: done, questions: sum("asked"), replays: sum("replayed"), lost: sum("lost"), violations };
  } finally {
    await victim.end("SIGKILL");
    upstream.close();
    await ground.close();
  }
}

/** @typedef {ReturnType<typeof createPerson>} Person */

/**
 * Longest time in ms until the server has released what it could not release while its database was away. The holds
 * themselves do not expire meanwhile.
 */
const RELEASED = 60_000;

/** Balance = grants − price × distinct charged questions; nothing held after `patience` ms; API keys have spent the same. @param {Person[]} crowd @param {number} patience */
async function violationsOf(crowd, patience) {
  const found = [];
  for (const person of crowd) {
    const charged = [...person.fates.values()].filter((fate) => fate === "charged").length;
    const end = Date.now() + patience;
    let { tokens, held } = await person.balance();
    while (held !== 0 && Date.now() < end) {
      await pause(100);
      ({ tokens, held } = await person.balance());
    }
    const expected = STARTING_TOKENS - PRICE * charged;
    if (tokens !== expected) found.push(`${person.username} has ${tokens} tokens, not ${expected}`);
    if (held !== 0) found.push(`${person.username} still has ${held} tokens held`);
    const spent = await person.spent();
    if (spent !== undefined && spent !== PRICE * charged)
      found.push(`the API key of ${person.username} has spent ${spent} tokens, not ${PRICE * charged}`);
  }
  return found;
}

/** Every charged question has exactly one charge in the ledger, and the ledger has no other charges. @param {string[]} keys @param {Person[]} crowd */
function ledgerViolations(keys, crowd) {
  /** @type {Map<string, number>} */
  const charges = new Map();
  for (const key of keys) charges.set(key, (charges.get(key) ?? 0) + 1);
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
