/** Milliseconds. */
export const DAY = 24 * 60 * 60 * 1000;

/** Tokens. */
export const [PRICE, START, REFILL, CAP] = [100, 2000, 300, 1500];

/**
 * One account as it must be. `day`: the last UTC day whose refill was paid or used up.
 * @typedef {{ name: string, password: string, token: string, tokens: number, used: number, day: number, disabled: boolean }} Pupil
 */

/** The UTC day of a time, counted from 1970. @param {number} at */
const dayOf = (at) => Math.floor(at / DAY);

/** What every balance must be: a few lines of arithmetic beside the server. */
export class Class {
  /** @type {Pupil[]} */
  pupils = [];
  /** Tokens of everything that ever happened, deleted accounts included. */
  sums = { given: 0, used: 0, taken: 0 };
  /** The first day that gets no refill: that of switching them on. Infinity: they are off. */
  #from = Number.POSITIVE_INFINITY;

  /** @param {number} at */
  switchRefillsOn(at) {
    this.#from = dayOf(at);
    for (const pupil of this.pupils) pupil.day = Math.max(pupil.day, this.#from);
  }

  /** @param {{ name: string, password: string, token: string, tokens?: number, at: number }} pupil */
  join({ tokens = START, at, ...pupil }) {
    this.sums.given += tokens;
    const joined = { ...pupil, tokens, used: 0, day: dayOf(at), disabled: false };
    this.pupils.push(joined);
    return joined;
  }

  /** The account is used: the refills of the days since the last use. @param {Pupil} pupil @param {number} at */
  use(pupil, at) {
    const days = dayOf(at) - pupil.day;
    if (pupil.disabled || !(this.#from <= dayOf(at)) || days <= 0) return;
    const more = Math.max(0, Math.min(days * REFILL, CAP - pupil.tokens));
    pupil.day = dayOf(at);
    this.give(pupil, more);
  }

  /** @param {Pupil} pupil @param {number} tokens */
  give(pupil, tokens) {
    pupil.tokens += tokens;
    this.sums.given += tokens;
  }

  /** Whether a question is answered. @param {Pupil} pupil @param {number} at */
  ask(pupil, at) {
    this.use(pupil, at);
    if (pupil.tokens < PRICE) return false;
    pupil.tokens -= PRICE;
    pupil.used += PRICE;
    this.sums.used += PRICE;
    return true;
  }

  /** How many tokens are taken. @param {Pupil} pupil @param {number} tokens */
  take(pupil, tokens) {
    const taken = Math.min(tokens, pupil.tokens);
    pupil.tokens -= taken;
    this.sums.taken += taken;
    return taken;
  }

  /** Its tokens stay under a pseudonym. @param {Pupil} pupil */
  leave(pupil) {
    this.pupils = this.pupils.filter((other) => other !== pupil);
    this.left += pupil.tokens;
  }

  /** Tokens of deleted accounts. */
  left = 0;

  /** Days that began while it was disabled bring nothing. @param {Pupil} pupil @param {number} at */
  enabled(pupil, at) {
    pupil.day = Math.max(pupil.day, dayOf(at));
  }

  /** @param {string} name */
  named(name) {
    const pupil = this.pupils.find((one) => one.name === name);
    if (!pupil) throw new Error(`${name} is not in the class`);
    return pupil;
  }
}
