/** Milliseconds. */
export const DAY = 24 * 60 * 60 * 1000;

/** Tokens. */
export const [PRICE, START] = [100, 2000];

/**
 * One account as it must be. `day`: the last UTC day whose refill was paid or used up.
 * @typedef {{ name: string, password: string, token: string, tokens: number, used: number, day: number, disabled: boolean }} Pupil
 * @typedef {{ tokens: number, period: "day" | "week" | "month", cap: number }} Refill `cap` may be infinite
 */

/** The UTC day of a time, counted from 1970. @param {number} at */
const dayOf = (at) => Math.floor(at / DAY);

/** Whether a period begins on that day. @param {Refill["period"]} period @param {number} day */
function begins(period, day) {
  const date = new Date(day * DAY);
  return period === "day" || (period === "week" ? date.getUTCDay() === 1 : date.getUTCDate() === 1);
}

/** What every balance must be: a few lines of arithmetic beside the server. */
export class Class {
  /** @type {Pupil[]} */
  pupils = [];
  /** Deleted accounts, by their pseudonyms. @type {Pupil[]} */
  gone = [];
  /** Tokens of everything that ever happened, deleted accounts included. */
  sums = { given: 0, used: 0, taken: 0 };
  /** `from`: the first day that it holds for. @type {(Refill & { from: number })[]} */
  #refills = [];

  /** From the next day on; undefined switches refills off. @param {Refill | undefined} refill @param {number} at */
  setRefill(refill, at) {
    this.#refills = refill ? [...this.#refills, { ...refill, from: dayOf(at) + 1 }] : [];
  }

  /** @param {{ name: string, password: string, token: string, at: number }} pupil */
  join({ at, ...pupil }) {
    this.sums.given += START;
    const joined = { ...pupil, tokens: START, used: 0, day: dayOf(at), disabled: false };
    this.pupils.push(joined);
    return joined;
  }

  /** The account is used: the refills of the days since the last use, one day after the other. @param {Pupil} pupil @param {number} at */
  use(pupil, at) {
    if (pupil.disabled) return;
    while (pupil.day < dayOf(at)) {
      const day = ++pupil.day;
      const refill = this.#refills.findLast(({ from }) => from <= day);
      if (!refill || !begins(refill.period, day)) continue;
      this.give(pupil, Math.max(0, Math.min(refill.tokens, refill.cap - pupil.tokens)));
    }
  }

  /** @param {Pupil} pupil @param {number} tokens */
  give(pupil, tokens) {
    pupil.tokens += tokens;
    this.sums.given += tokens;
  }

  /** Whether a question is answered. @param {Pupil} pupil */
  charge(pupil) {
    if (pupil.tokens < PRICE) return false;
    pupil.tokens -= PRICE;
    pupil.used += PRICE;
    this.sums.used += PRICE;
    return true;
  }

  /**
   * One question was charged, once, before or after midnight, and the account was used after it. Returns the balances that
   * are right, and goes on with `found`.
   * @param {Pupil} pupil @param {number} after @param {number} found
   */
  chargeAroundMidnight(pupil, after, found) {
    const [early, late] = [{ ...pupil }, { ...pupil }];
    const given = this.sums.given;
    this.use(late, after);
    this.sums.given = given;
    this.charge(pupil);
    early.tokens -= PRICE;
    this.use(early, after);
    this.sums.given = given;
    pupil.day = late.day;
    this.give(pupil, found - pupil.tokens);
    return [early.tokens, late.tokens - PRICE];
  }

  /** How many tokens are taken. @param {Pupil} pupil @param {number} tokens */
  take(pupil, tokens) {
    const taken = Math.min(tokens, pupil.tokens);
    pupil.tokens -= taken;
    this.sums.taken += taken;
    return taken;
  }

  /** Its tokens stay under the pseudonym. @param {Pupil} pupil @param {string} pseudonym */
  leave(pupil, pseudonym) {
    this.pupils = this.pupils.filter((other) => other !== pupil);
    this.gone.push({ ...pupil, name: pseudonym });
  }

  /** Days that began while it was disabled bring nothing. @param {Pupil} pupil @param {number} at */
  enable(pupil, at) {
    pupil.disabled = false;
    pupil.day = Math.max(pupil.day, dayOf(at));
  }

  /** @param {string} name */
  named(name) {
    const pupil = this.pupils.find((one) => one.name === name);
    if (!pupil) throw new Error(`${name} is not in the class`);
    return pupil;
  }
}
