import { oneLine } from "../../text/sanitize.ts";
import { counted } from "../../text/numbers.ts";
import type { State } from "../../session/state.ts";
import { glyphs, paint, styles, type Display } from "../markdown/display.ts";
import { truncate } from "../markdown/hard-wrap.ts";
import { wrappedLines } from "../markdown/wrap.ts";

/** Most questions of the queue that are shown. */
const MOST_SHOWN = 3;
/** Characters of a question that are looked at: more than a row holds. */
const LONGEST = 400;

/** The queue above the composer: its next questions, a row each, and a line with the price of all. */
export function queueLines({ queue, price }: Pick<State, "queue" | "price">, display: Display): string[] {
  const { questions, isStopped } = queue;
  if (questions.length === 0) return [];
  const { ellipsis, dot } = glyphs(display);
  const shown = questions.slice(0, MOST_SHOWN).map((question) => {
    const row = truncate(`  > ${oneLine(question, LONGEST)}`, display.columns - 1, ellipsis);
    return paint(row, styles.dim, display);
  });
  const parts = [
    isStopped ? "queue stopped" : "queue",
    counted(questions.length, "question"),
    ...(price === null ? [] : [counted(price * questions.length, "token")]),
    ...(isStopped ? ["Enter sends"] : []),
    "Up edits the last",
  ];
  return [...shown, ...wrappedLines(parts.join(` ${dot} `), styles.dim, display)];
}
