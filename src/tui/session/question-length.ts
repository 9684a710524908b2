import type { Extension } from "../../protocol/routes.ts";
import { MESSAGE_CODE_POINTS } from "../../protocol/limits.ts";
import { commas } from "./money.ts";

/**
 * The most code points that a server takes in a question (API.md §1), null where it isn't known: the four documented
 * endpoints alone set no bound, so only a server that names extensions of this API is taken at its word.
 */
export function longestQuestion(extensions: ReadonlySet<Extension>): number | null {
  return extensions.size > 0 ? MESSAGE_CODE_POINTS : null;
}

/** What to say of a question that the server would refuse for its length; undefined where it takes it. */
export function tooLong(question: string, longest: number | null): string | undefined {
  const text = question.trim();
  // A character of two UTF-16 units counts once; most texts are told without counting.
  if (longest === null || text.length <= longest) return undefined;
  const count = codePoints(text);
  if (count <= longest) return undefined;
  return `${commas(count)} characters: this server takes at most ${commas(longest)} in a question.`;
}

/** Counted without making an array of them: it may be a paste of megabytes. */
function codePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; count += 1) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return count;
}
