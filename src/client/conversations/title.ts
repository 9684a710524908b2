import { oneLine } from "../../text/sanitize.ts";

/** Longest title, in UTF-16 code units. */
export const TITLE_CHARACTERS = 80;

/** A title out of what a person typed or asked: one line, without control sequences, at most 80 characters. */
export function titleOf(text: string): string {
  return oneLine(text, TITLE_CHARACTERS);
}

/** The words of a question before its files, or before code that was pasted behind them. */
const WORDS = /^(?!\s*(?:`{3}|~{3}))[^]*?(?=\n[ \t]*(?:`{3}|~{3}|\[image ))/;

/** The title of a conversation that begins with this question: its words, without what stands behind them. */
export function titleOfQuestion(question: string): string {
  const words = WORDS.exec(question)?.[0] ?? "";
  return titleOf(words.trim() === "" ? question : words);
}
