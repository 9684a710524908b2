import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { numberOf } from "./answers.js";

/** @typedef {{ question: string, answer: string, stopped: boolean, tokens_deducted: number | null }} Turn */

/** Reads the turns of the only conversation in a folder while they are written. @param {string} folder */
export function followConversation(folder) {
  /** @type {number | undefined} */
  let file;
  let read = 0;
  let rest = Buffer.alloc(0);
  /** @type {Turn[]} */
  const turns = [];
  /** @type {Set<number | undefined>} */
  const numbers = new Set();
  const buffer = Buffer.alloc(2 ** 16);

  function files() {
    try {
      return readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
    } catch {
      return [];
    }
  }
  function readOn() {
    const [name] = file === undefined ? files() : [];
    if (name !== undefined) file = openSync(join(folder, name), "r");
    if (file === undefined) return;
    for (let size; (size = readSync(file, buffer, 0, buffer.length, read)) > 0; read += size)
      rest = Buffer.concat([rest, buffer.subarray(0, size)]);
    const whole = rest.lastIndexOf("\n") + 1;
    const lines = rest.subarray(0, whole).toString("utf8").split("\n");
    rest = rest.subarray(whole);
    for (const line of lines) {
      if (line === "") continue;
      const record = JSON.parse(line);
      if (record.is !== "turn") continue;
      turns.push(record);
      numbers.add(numberOf(record.question));
    }
  }
  return {
    files,
    turns: () => turns,
    has(/** @type {number} */ turn) {
      readOn();
      return numbers.has(turn);
    },
    close() {
      if (file !== undefined) closeSync(file);
    },
  };
}
