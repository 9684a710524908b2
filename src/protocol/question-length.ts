import { codePoints } from "../text/code-points.ts";
import { grouped } from "../text/numbers.ts";
import { MESSAGE_CODE_POINTS } from "./limits.ts";

/** What to say of a question that is too long for docs/http-api.md#chat; undefined where it isn't. */
export function tooLong(question: string): string | undefined {
  const text = question.trim();
  // A character of two UTF-16 units counts once; most texts are told without counting.
  if (text.length <= MESSAGE_CODE_POINTS) return undefined;
  const count = codePoints(text);
  if (count <= MESSAGE_CODE_POINTS) return undefined;
  return `The question has ${grouped(count)} characters; this server takes at most ${grouped(MESSAGE_CODE_POINTS)}.`;
}
