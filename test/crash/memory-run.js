import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent } from "undici";
import { leftOpen, openGauge, said } from "../support/gauge.js";
import { createPerson } from "./client.js";
import { PRICE, STARTING_TOKENS } from "./crash-run.js";
import { damageOf } from "./on-folder.js";
import { createVictim } from "./server.js";
import { openMoodyUpstream } from "./upstream.js";
import { createVisitor } from "./visitor.js";

/** @typedef {import("../support/gauge.js").Measured} Measured */
/** @typedef {{ questions: number, measured: Measured[], violations: string[] }} Report `measured` at each interval's end */
/** @typedef {Pick<ReturnType<typeof createPerson>, "username" | "counts" | "fates" | "balance">} Customer */

/** Visitors log in anew all the time, and with wrong passwords. */
const LIMITS = ["--limit-login-address", "off"];

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Loads one server, which is never killed, and measures its memory. New questions have no keys: a key is kept for a day
 * (docs/http-api.md#idempotency), and the memory of those that are kept would hide what is kept by mistake. At the end the
 * server may have nothing open that it had not before the load, and its folder must be whole.
 * @param {{ intervals: number, interval: number, people?: number, visitors?: number, told?: (sentence: string) => void }} options
 *   `interval` in milliseconds
 * @returns {Promise<Report>}
 */
export async function memoryRun({ intervals, interval, people = 16, visitors = 4, told = () => {} }) {
  const folder = await mkdtemp(join(tmpdir(), "ai-chat-memory-"));
  const data = join(folder, "data");
  const upstream = await openMoodyUpstream();
  const gauge = await openGauge(folder);
  const victim = createVictim({
    ground: { argv: ["--data", data, ...LIMITS], env: {} },
    upstream: upstream.url,
    startingTokens: STARTING_TOKENS,
    gauge,
  });
  const dispatcher = new Agent();
  try {
    await victim.start();
    const askers = Array.from({ length: people }, () => createPerson(victim, { keyed: false, dispatcher }));
    const others = Array.from({ length: visitors }, () => createVisitor(victim, dispatcher));
    /** @type {Customer[]} */
    const crowd = [...askers, ...others];
    await Promise.all([...askers, ...others].map((person) => person.signUp()));
    const before = await gauge.measure();
    told(`before the load: ${said(before)}`);
    let over = false;
    const busy = Promise.all([
      ...askers.map((person) => person.keepAsking(() => over)),
      ...others.map((visitor) => visitor.keepGoing(() => over)),
    ]);
    const asked = () => crowd.reduce((sum, { counts }) => sum + counts.asked, 0);
    /** @type {Measured[]} */
    const measured = [];
    while (measured.length < intervals) {
      await Promise.race([pause(interval), busy]);
      const now = await gauge.measure();
      measured.push(now);
      told(`interval ${measured.length}: ${asked()} questions, ${said(now)}`);
    }
    over = true;
    await busy;
    const balances = await Promise.all(crowd.map((person) => person.balance()));
    await dispatcher.close();
    upstream.close();
    const violations = await leftOpen(gauge, before);
    told(`after the load: ${said(await gauge.measure())}`);
    const code = await victim.end("SIGTERM");
    if (code !== 0) violations.push(`the server ended with ${code}`);
    violations.push(...(await violationsOf(join(data, "ledger.jsonl"), crowd, balances)));
    violations.push(...(await damageOf(data)));
    return { questions: asked(), measured, violations };
  } finally {
    await victim.end("SIGKILL");
    gauge.close();
    upstream.close();
    await dispatcher.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Every answer has a charge, each question at most one, and the balances are what the ledger says.
 * @param {string} file @param {Customer[]} crowd @param {{ tokens: number, held: number }[]} balances
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
