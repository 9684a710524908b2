import { repeatable } from "../../text/repeatable.ts";

/** Longest typed text that a message repeats, in characters. */
export const LONGEST_REPEATED = 200;

/** The words as one quoted argument of a shell. */
export const quotedWords = (words: readonly string[]): string =>
  `"${repeatable(words.join(" ")).replaceAll(/[\\"$`]/g, "\\$&")}"`;

/** The words as a question that can be typed; `"…"` where they are long. */
export const shortQuestion = (words: readonly string[]): string =>
  words.join(" ").length <= LONGEST_REPEATED ? quotedWords(words) : '"…"';
