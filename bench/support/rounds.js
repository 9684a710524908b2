// Alternating rounds, and what may be said of them.
import { setTimeout as sleep } from "node:timers/promises";
import { isLinux, watchOthers } from "./machine.js";

/** Cores that the rest of the machine may use in a round that counts. */
const QUIET = 0.3;
/** How long to look whether the machine is busy: ticks are 10 ms. */
const LOOK_MS = 500;
/** Fewer quiet rounds say nothing. */
export const ENOUGH = 7;
/** Nothing begins later, so that all of it ends in 15 minutes. Since the start of this process. */
const LAST_MS = 13.5 * 60_000;
/** Widest range of the quartiles, as a part of the median. */
const SPREAD = 0.25;

/**
 * Rounds in which every contender had its turn. Values are by contender and name.
 * @typedef {{ values: Record<string, Record<string, number>>[], noisy: number }} Rounds
 */

/**
 * Gives each contender one turn a round, in reverse order every other round, until enough rounds were quiet or the time
 * is over. A round does not begin while the machine is busy.
 * @param {Record<string, () => Promise<Record<string, number>>>} contenders
 * @param {{ rounds?: number, warmUp?: number, seconds: number }} limits `warmUp` rounds are run before and don't count
 * @returns {Promise<Rounds>}
 */
export async function inRounds(contenders, { rounds = 9, warmUp = 0, seconds }) {
  const end = Math.min(performance.now() + seconds * 1000, LAST_MS);
  /** @type {Rounds} */
  const result = { values: [], noisy: 0 };
  const names = Object.keys(contenders);
  for (let round = 0; result.values.length < rounds && performance.now() < end;) {
    if (await isBusy()) {
      result.noisy++;
      continue;
    }
    const others = watchOthers();
    /** @type {Record<string, Record<string, number>>} */
    const values = {};
    for (const name of round % 2 === 0 ? names : names.toReversed())
      values[name] = (await contenders[name]?.()) ?? {};
    if (round++ < warmUp) continue;
    if (isLinux && others() >= QUIET) result.noisy++;
    else result.values.push(values);
  }
  return result;
}

/** Whether others use the machine, while we do nothing. */
async function isBusy() {
  if (!isLinux) return false;
  const others = watchOthers();
  await sleep(LOOK_MS);
  return others() >= QUIET;
}

/** Whether it is too late to begin to measure. */
export const isLate = () => performance.now() >= LAST_MS;

/** The quantile of the values for a part from 0 to 1. */
export const quantile = (/** @type {number[]} */ values, /** @type {number} */ part) => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const [low = NaN, high = NaN] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
};

/**
 * One figure: what a value is, beside what. `of` finds the value in a round.
 * @typedef {{ name: string, beside?: string, unit?: string, goal?: string }} Figure
 * @typedef {Figure & { median: number, low: number, high: number, rounds: number, noisy: number, why?: string }} Result
 */

/**
 * Median and quartiles of the values of the rounds, and why they tell nothing, if they don't.
 * @param {Figure} figure
 * @param {Rounds} rounds
 * @param {(round: Record<string, Record<string, number>>) => number} of
 * @returns {Result}
 */
export function resultOf(figure, { values, noisy }, of) {
  const found = values.map(of);
  const [low = NaN, median = NaN, high = NaN] = [0.25, 0.5, 0.75].map((part) => quantile(found, part));
  const result = { ...figure, median, low, high, rounds: found.length, noisy };
  const why = whyNot(result);
  return why === undefined ? result : { ...result, why };
}

function whyNot(/** @type {Result} */ { median, low, high, rounds, noisy }) {
  if (rounds < ENOUGH) return `${rounds} quiet rounds of ${rounds + noisy}`;
  const spread = (high - low) / Math.abs(median);
  if (!(spread <= SPREAD) && high > low)
    return `quartiles ${(spread * 100).toFixed(0)} % of the median apart`;
  return undefined;
}
