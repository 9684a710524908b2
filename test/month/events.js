import { deepStrictEqual } from "node:assert";
import { randomUUID } from "node:crypto";
import { DAY, PRICE } from "./class.js";
import { aiChat } from "./programs.js";

/** @typedef {import("./school.js").School} School */

const MINUTE = 60_000;

/** Questions begin before midnight, and a server is killed after it. Asked again, each was charged once. @param {School} school @param {number} day */
async function killAtMidnight({ all, clock, ...school }, day) {
  if (!clock.moves) return;
  for (const pupil of all.pupils) if (!pupil.disabled) await school.balance(pupil);
  const able = all.pupils.filter(({ disabled, tokens }) => !disabled && tokens >= PRICE);
  clock.to(day, DAY - MINUTE / 2);
  const asked = able.map((pupil) => ({ pupil, key: randomUUID() }));
  const replies = asked.map(({ pupil, key }) => school.send(pupil, key));
  await Promise.any(replies);
  clock.to(day, DAY + MINUTE / 2);
  await Promise.any(replies.slice(replies.length / 2));
  await school.kill();
  await Promise.allSettled(replies);
  // Questions that the killed server held are free again after their deadline.
  clock.to(day, DAY + 5 * MINUTE);
  await school.restart();
  for (const { pupil, key } of asked) {
    deepStrictEqual((await school.send(pupil, key)).status, 200, `question of ${pupil.name} asked again`);
    const found = await school.balanceOf(pupil);
    const right = all.chargeAroundMidnight(pupil, clock.now(), found);
    if (!right.includes(found)) deepStrictEqual(found, right, `balance of ${pupil.name} after midnight`);
  }
}

/** @param {School} school @param {string} name */
async function registerAgain(school, name) {
  const [code] = await school.invite(1);
  await school.register(name, code);
}

/** What else happens on a day, before its questions. @type {Record<number, (school: School, day: number) => Promise<void>>} */
export const events = {
  1: (school) => school.upgrade({ tokens: 300, period: "day", cap: 1500 }),
  3: (school) => school.restart(),
  async 5({ all, ...school }) {
    const pupil = all.named("pupil3");
    const old = pupil.token;
    pupil.password = "another correct horse";
    const argv = ["accounts", "password", pupil.name, "--password-stdin", "--yes", "--reason", "forgotten"];
    await aiChat([...argv, ...school.store().store], `${pupil.password}\n`);
    deepStrictEqual((await school.send({ ...pupil, token: old }, randomUUID())).status, 401, "old login");
    await school.logIn(pupil);
  },
  async 8({ all, ...school }) {
    const pupil = all.named("pupil4");
    await school.operate("accounts", "disable", pupil.name, "--yes", "--reason", "noise", "--by", "head");
    deepStrictEqual((await school.send(pupil, randomUUID())).status, 403, "locked out");
    pupil.disabled = true;
  },
  9: killAtMidnight,
  async 10({ all, operate }) {
    for (const _ of [1, 2]) await operate("grant", "--all", "500", "--id", "june", "--reason", "June");
    for (const pupil of all.pupils) if (!pupil.disabled) all.give(pupil, 500);
  },
  async 11({ all, clock, operate }) {
    const pupil = all.named("pupil4");
    await operate("accounts", "enable", pupil.name);
    all.enable(pupil, clock.now());
  },
  async 12({ all, operate }) {
    const pupil = all.named("pupil5");
    const { taken } = await operate("take", pupil.name, "900", "--reason", "typing error", "--yes");
    deepStrictEqual(taken, all.take(pupil, 900), "taken");
  },
  async 13(school) {
    const pupil = school.all.named("pupil6");
    await school.operate("accounts", "rename", pupil.name, "renamed", "--yes");
    pupil.name = "renamed";
    await school.ask(pupil);
    await registerAgain(school, "pupil6");
  },
  18: killAtMidnight,
  async 20(school) {
    const pupil = school.all.named("pupil7");
    const { pseudonym } = await school.operate(
      "accounts",
      "delete",
      pupil.name,
      "--yes",
      "--reason",
      "asked for",
    );
    school.all.leave(pupil, pseudonym);
    deepStrictEqual((await school.send(pupil, randomUUID())).status, 401, "deleted");
    await registerAgain(school, pupil.name);
  },
};

/** From these days on, another refill; undefined: none. @type {Map<number, import("./class.js").Refill | undefined>} */
export const refills = new Map([
  [6, { tokens: 450, period: "day", cap: 1200 }],
  [14, { tokens: 1000, period: "week", cap: 2500 }],
  // Before the month ends, which is on one of the days 24 to 27.
  [22, { tokens: 4000, period: "month", cap: Number.POSITIVE_INFINITY }],
  [28, { tokens: 250, period: "day", cap: 9000 }],
  [30, undefined],
]);
