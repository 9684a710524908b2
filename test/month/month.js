import { randomUUID } from "node:crypto";
import { Class } from "./class.js";
import { aiChat, call, document, serve } from "./programs.js";

/** @typedef {import("./class.js").Pupil} Pupil */
/**
 * Where the ledger is: the options that name it, its name for `store copy`, and the words for `store check`.
 * @typedef {{ options: string[], address: string, check: string[] }} Place
 */

const SETTINGS = ["--registration", "invite", "--refill", "300/day", "--refill-cap", "1500"];
const PUPILS = 30;

/** The same numbers in every run. @param {number} seed */
const dice = (seed) => () => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return seed / 2 ** 32;
};

/**
 * A class of 30 for a month: register by invitation, questions, refills, a forgotten password, a lock-out, a deletion,
 * kills, an upgrade, and two moves. Throws where a balance is not what it must be.
 * @param {{
 *   clock: { moves: boolean, now(): number, nextDay(): void },
 *   first: Place,
 *   moves: { day: number, to: Place }[],
 *   older?: string,
 *   told: (sentence: string) => void,
 * }} asked `older`: the folder of a build that starts the month, and does not know of refills
 */
export async function playMonth({ clock, first, moves, older, told }) {
  const random = dice(7);
  const all = new Class();
  let place = first;
  let server = await serve(place.options, ["--registration", "invite"], older);
  let questions = 0;

  const fail = (
    /** @type {string} */ what,
    /** @type {unknown} */ found,
    /** @type {unknown} */ expected,
  ) => {
    throw new Error(`${what}: found ${JSON.stringify(found)}, must be ${JSON.stringify(expected)}`);
  };
  const same = (
    /** @type {string} */ what,
    /** @type {unknown} */ found,
    /** @type {unknown} */ expected,
  ) => {
    if (JSON.stringify(found) !== JSON.stringify(expected)) fail(what, found, expected);
  };
  const operate = (/** @type {string[]} */ ...argv) => document(...argv, ...place.options);

  /** @param {string} name @param {string} password */
  async function logIn(name, password) {
    const { body } = await call(server.url, "login", { body: { username: name, password } });
    return String(body.token);
  }
  /** @param {string} name @param {string} invite @param {number} [tokens] */
  async function register(name, invite, tokens) {
    const password = `password of ${name} ${randomUUID()}`;
    const reply = await call(server.url, "register", { body: { username: name, password, invite } });
    same(`registration of ${name}`, reply.status, 201);
    return all.join({ name, password, token: await logIn(name, password), tokens, at: clock.now() });
  }
  /** @param {number} count @param {string} [root] */
  async function codes(count, root) {
    const argv = ["invites", "create", "--count", String(count), "--json", ...place.options];
    return JSON.parse(await aiChat(argv, "", root)).map((/** @type {{ code: string }} */ { code }) => code);
  }
  /** @param {Pupil} pupil */
  async function ask(pupil) {
    const paid = all.ask(pupil, clock.now());
    const key = random() < 0.5 ? randomUUID() : undefined;
    const asked = { token: pupil.token, body: { message: "Why is the sky blue?" }, ...(key && { key }) };
    const reply = await call(server.url, "chat", asked);
    same(`question of ${pupil.name}`, reply.status, paid ? 200 : 402);
    if (paid) same("tokens remaining", reply.headers.get("tokens-remaining"), String(pupil.tokens));
    questions += paid ? 1 : 0;
    if (paid && key && random() < 0.3) same("repeat", (await call(server.url, "chat", asked)).status, 200);
  }
  /** @param {Pupil} pupil */
  async function balance(pupil) {
    all.use(pupil, clock.now());
    const reply = await call(server.url, "token_balance", { token: pupil.token });
    same(`balance of ${pupil.name}`, reply.body, { tokens: pupil.tokens });
  }
  /** @param {NodeJS.Signals} [signal] */
  async function restart(signal = "SIGTERM") {
    if (signal === "SIGKILL") process.kill(server.pid, signal);
    await server.stop();
    server = await serve(place.options, SETTINGS);
  }

  const invites = await codes(PUPILS, older);
  for (const [index, code] of invites.entries()) await register(`pupil${index}`, code);
  for (const pupil of all.pupils) await ask(pupil);
  told(`${PUPILS} pupils${older === undefined ? "" : ", on the older build"}`);

  /** What else happens on a day, before its questions. @type {Record<number, () => Promise<void>>} */
  const events = {
    async 1() {
      await restart();
      all.switchRefillsOn(clock.now());
    },
    async 5() {
      const pupil = all.named("pupil3");
      pupil.password = "another correct horse";
      const argv = ["accounts", "password", pupil.name, "--password-stdin", "--yes", "--reason", "forgotten"];
      await aiChat([...argv, ...place.options], `${pupil.password}\n`);
      same("old login", (await call(server.url, "token_balance", { token: pupil.token })).status, 401);
      pupil.token = await logIn(pupil.name, pupil.password);
    },
    async 8() {
      const pupil = all.named("pupil4");
      await operate("accounts", "disable", pupil.name, "--yes", "--reason", "noise", "--by", "head");
      const body = { message: "Am I there?" };
      same("locked out", (await call(server.url, "chat", { token: pupil.token, body })).status, 403);
      pupil.disabled = true;
    },
    async 9() {
      await restart("SIGKILL");
    },
    async 10() {
      for (const _ of [1, 2]) await operate("grant", "--all", "500", "--id", "june", "--reason", "June");
      for (const pupil of all.pupils) if (!pupil.disabled) all.give(pupil, 500);
    },
    async 11() {
      const pupil = all.named("pupil4");
      await operate("accounts", "enable", pupil.name);
      pupil.disabled = false;
      all.enabled(pupil, clock.now());
    },
    async 12() {
      const pupil = all.named("pupil5");
      const { taken } = await operate("take", pupil.name, "900", "--reason", "typing error", "--yes");
      same("taken", taken, all.take(pupil, 900));
    },
    async 13() {
      const pupil = all.named("pupil6");
      await operate("accounts", "rename", pupil.name, "renamed", "--yes");
      pupil.name = "renamed";
      await ask(pupil);
      const [code] = await codes(1);
      await register("pupil6", code, 2000);
    },
    async 20() {
      const pupil = all.named("pupil7");
      await operate("accounts", "delete", pupil.name, "--yes", "--reason", "asked for");
      all.leave(pupil);
      same("deleted", (await call(server.url, "token_balance", { token: pupil.token })).status, 401);
      const [code] = await codes(1);
      await register("pupil7", code, 2000);
    },
  };

  for (let day = 1; day <= 30; day++) {
    clock.nextDay();
    const move = moves.find((one) => one.day === day);
    if (move) {
      await server.stop();
      await aiChat(["store", "copy", place.address, move.to.address]);
      place = move.to;
      server = await serve(place.options, SETTINGS);
      told(`day ${day}: moved`);
    }
    await events[day]?.();
    for (const pupil of all.pupils) {
      if (pupil.disabled || random() < 0.3) continue;
      for (let left = Math.floor(random() * 5); left > 0; left--) await ask(pupil);
      if (random() < 0.2) await balance(pupil);
    }
  }
  told(`day 30: ${questions} questions`);

  await agree({ all, place, operate, same });
  for (const pupil of all.pupils) await balance(pupil);
  await agree({ all, place, operate, same });
  await server.stop();
  await agree({ all, place, operate, same });
  return { questions };
}

/**
 * `accounts list`, `ledger`, `report` and `store check` say the same as the arithmetic, to the token.
 * @param {{
 *   all: Class,
 *   place: Place,
 *   operate: (...argv: string[]) => Promise<any>,
 *   same: (what: string, found: unknown, expected: unknown) => void,
 * }} asked
 */
async function agree({ all, place, operate, same }) {
  const { given, used, taken } = all.sums;
  const sum = (/** @type {{ tokens: number }[]} */ rows) =>
    rows.reduce((total, { tokens }) => total + tokens, 0);
  /** @type {{ username: string, tokens: number, held: number, used: number }[]} */
  const list = await operate("accounts", "list");
  const rows = list.map(({ username, tokens, used, held }) => ({ username, tokens, used, held }));
  const byName = (/** @type {{ username: string }} */ a, /** @type {{ username: string }} */ b) =>
    a.username < b.username ? -1 : 1;
  const must = all.pupils.map(({ name, tokens, used }) => ({ username: name, tokens, used, held: 0 }));
  same("accounts list", rows.sort(byName), must.sort(byName));
  same("the sum of all balances", sum(rows) + all.left, given - used - taken);

  for (const { name, tokens } of all.pupils) {
    /** @type {{ n: number, fact: string, tokens: number, balance: number }[]} */
    const facts = await operate("ledger", name);
    same(`first fact of ${name}`, facts[0]?.fact, "account");
    same(`ledger of ${name}`, sum(facts), tokens);
    let [before, balance] = [Number.NEGATIVE_INFINITY, 0];
    for (const fact of facts) {
      balance += fact.tokens;
      same(`balance at ${fact.n} of ${name}`, [fact.n > before, fact.balance], [true, balance]);
      before = fact.n;
    }
  }
  for (const by of ["account", "day", "model"])
    same(`report by ${by}`, sum(await operate("report", "--days", "60", "--by", by)), used);
  await aiChat(["store", "check", ...place.check]);
}
