import { repeatable } from "../../text/repeatable.ts";

/** Longest input that a message repeats, in characters. */
export const LONGEST_REPEATED = 200;

/** The words as one double-quoted shell argument. */
export const quotedWords = (words: readonly string[]): string =>
  `"${repeatable(words.join(" ")).replaceAll(/[\\"$`]/g, "\\$&")}"`;

/** The words as one shell argument, or `"…"` if they are too long to repeat. */
export const shortQuestion = (words: readonly string[]): string =>
  words.join(" ").length <= LONGEST_REPEATED ? quotedWords(words) : '"…"';
