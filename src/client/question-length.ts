import { codePoints } from "../protocol/code-points.ts";
import { MESSAGE_CODE_POINTS } from "../protocol/limits.ts";
import type { Extension } from "../protocol/routes.ts";

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
  return `The question has ${grouped(count)} characters; this server takes at most ${grouped(longest)}.`;
}

const grouped = (number: number) => number.toLocaleString("en-US");
