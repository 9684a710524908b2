import { randomInt } from "node:crypto";

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH = 8;

/** 8 of a–z 0–9 (CLI.md §3), from the system's randomness. */
export function newId(): string {
  return Array.from({ length: LENGTH }, () => letters[randomInt(letters.length)]).join("");
}

/** The conversation whose file this is; `undefined` for any other file. */
export function idOfFile(name: string): string | undefined {
  return /^([a-z0-9]{8})\.jsonl$/.exec(name)?.[1];
}
