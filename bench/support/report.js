import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { resultOf } from "./rounds.js";

/** @typedef {import("./rounds.js").Result} Result */

/** Three digits, in groups of three. */
const numeral = (/** @type {number} */ value) => value.toLocaleString("en", { maximumSignificantDigits: 3 });

/** One line of the table. */
export function lineOf(/** @type {Result} */ { name, beside, unit, goal, median, low, high, rounds, why }) {
  const of = beside === undefined ? "" : `× ${beside}`;
  const value =
    why === undefined
      ? `${numeral(median)} ${unit ?? of}`.trim()
      : `no figure: ${why}${unit === undefined && of ? ` (${of})` : ""}`;
  const range = why === undefined ? `${numeral(low)}–${numeral(high)}` : "";
  return `| ${name} | ${value} | ${range} | ${rounds || ""} | ${goal ?? ""} |`;
}

/** Prints each figure when it is known; `write` saves all of them as JSON. */
export function createReport(/** @type {object} */ head) {
  /** @type {Result[]} */
  const figures = [];
  return {
    begin() {
      console.log("| figure | median | quartiles | rounds | goal |\n|---|---|---|---|---|");
    },
    /**
     * @param {import("./rounds.js").Figure} figure
     * @param {import("./rounds.js").Rounds} rounds
     * @param {(round: any) => number} of
     */
    add(figure, rounds, of) {
      const result = resultOf(figure, rounds, of);
      figures.push(result);
      console.log(lineOf(result));
    },
    /** A figure that this machine cannot measure. */
    skip(/** @type {string} */ name, /** @type {string} */ why) {
      const result = { name, median: NaN, low: NaN, high: NaN, rounds: 0, noisy: 0, why };
      figures.push(result);
      console.log(lineOf(result));
    },
    /** @param {string} place a file, or a folder, in which the file is named for the commit and the time */
    write(place) {
      const isFolder = place.endsWith("/") || statSync(place, { throwIfNoEntry: false })?.isDirectory();
      const { commit, at } = /** @type {any} */ (head);
      const file = isFolder ? join(place, `bench-${at.replaceAll(/[:.]/g, "-")}-${commit}.json`) : place;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify({ ...head, figures }, null, 2)}\n`);
      console.log(`\n${file}`);
    },
  };
}

/** @typedef {ReturnType<typeof createReport>} Report */
