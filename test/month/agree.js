import { deepStrictEqual } from "node:assert";
import { document } from "./programs.js";

/** @typedef {import("./class.js").Class} Class */
/** @typedef {{ n: number, at: string, fact: string, tokens: number, balance: number, model: string | null, reason: string | null }} Fact */
/** @typedef {{ account?: string, day?: string, model?: string, questions: number, tokens: number }} Used */

/** @param {{ tokens: number }[]} rows */
const sum = (rows) => rows.reduce((total, { tokens }) => total + tokens, 0);

/** @param {Fact[]} facts @param {import("./class.js").Pupil} must */
function checkLedger(facts, { name, tokens, used }) {
  deepStrictEqual(facts[0]?.fact, "account", `first fact of ${name}`);
  let [before, balance] = [Number.NEGATIVE_INFINITY, 0];
  for (const fact of facts) {
    balance += fact.tokens;
    deepStrictEqual([fact.n > before, fact.balance], [true, balance], `fact ${fact.n} of ${name}`);
    before = fact.n;
  }
  const charged = 0 - sum(facts.filter(({ fact }) => fact === "charge"));
  deepStrictEqual([balance, charged], [tokens, used], `ledger of ${name}`);
  const refills = facts.flatMap(({ reason }) => (reason?.startsWith("refill ") ? [reason] : []));
  deepStrictEqual(refills.length, new Set(refills).size, `a period paid twice to ${name}`);
}

/** The charges among the facts as a report has them. @param {[string, Fact[]][]} ledgers @param {"account" | "day" | "model"} by */
function reportOf(ledgers, by) {
  /** @type {Map<string, { questions: number, tokens: number }>} */
  const groups = new Map();
  for (const [account, facts] of ledgers)
    for (const { at, model, tokens } of facts.filter((one) => one.fact === "charge")) {
      const group = { account, day: at.slice(0, 10), model: model ?? "unknown" }[by];
      const before = groups.get(group) ?? { questions: 0, tokens: 0 };
      groups.set(group, { questions: before.questions + 1, tokens: before.tokens - tokens });
    }
  return groups;
}

/**
 * `accounts`, `ledger`, `report` and `store check` say the same as the arithmetic, to the token.
 * @param {{ all: Class, store: string[], check: string[] }} asked the words that name the store, and those for `store check`
 */
export async function agree({ all, store, check }) {
  const operate = (/** @type {string[]} */ ...argv) => document(...argv, ...store);
  const { given, used, taken } = all.sums;
  const must = new Map(all.pupils.map(({ name, tokens, used }) => [name, { tokens, used, held: 0 }]));
  /** @type {{ username: string, tokens: number, held: number, used: number }[]} */
  const list = await operate("accounts", "list");
  const found = list.map(
    ({ username, tokens, used, held }) => /** @type {const} */ ([username, { tokens, used, held }]),
  );
  deepStrictEqual(new Map(found), must, "accounts list");
  deepStrictEqual(list.length, must.size, "accounts listed twice");

  /** @type {[string, Fact[]][]} */
  const ledgers = [];
  for (const pupil of [...all.pupils, ...all.gone]) {
    const facts = await operate("ledger", pupil.name);
    checkLedger(facts, pupil);
    ledgers.push([pupil.name, facts]);
  }
  for (const { name, tokens, used } of all.gone) {
    const shown = await operate("accounts", "show", name);
    deepStrictEqual([shown.tokens, shown.held, shown.used], [tokens, 0, used], `account ${name}`);
  }
  const balances = sum(list) + sum(all.gone);
  deepStrictEqual(balances, given - used - taken, "the sum of all balances");

  for (const by of /** @type {const} */ (["account", "day", "model"])) {
    /** @type {Used[]} */
    const report = await operate("report", "--days", "60", "--by", by);
    const rows = report.map(
      ({ questions, tokens, ...row }) => /** @type {const} */ ([row[by], { questions, tokens }]),
    );
    const some = rows.filter(([, { questions }]) => questions > 0);
    deepStrictEqual(new Map(some), reportOf(ledgers, by), `report by ${by}`);
    deepStrictEqual(sum(report), used, `report by ${by}`);
  }

  const checked = await document("store", "check", ...check);
  deepStrictEqual([checked.ok, checked.findings, checked.tokens], [true, [], balances], "store check");
}
