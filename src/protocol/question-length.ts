import { codePoints, hasMore } from "../text/code-points.ts";
import { grouped } from "../text/numbers.ts";

/** What to say of a question of more than `most` characters, by whom it is refused; undefined if it is short enough. */
export function tooLong(question: string, most: number, by = "this server"): string | undefined {
  const text = question.trim();
  if (!hasMore(text, most)) return undefined;
  return `The question has ${grouped(codePoints(text))} characters; ${by} takes at most ${grouped(most)}.`;
}
