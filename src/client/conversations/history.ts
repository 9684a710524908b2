import type { Turn } from "../../protocol/bodies.ts";
import { HISTORY_ENTRIES } from "../../protocol/limits.ts";
import type { SavedTurn } from "./saved-turn.ts";
import { summaryTurns } from "./summarized.ts";

/** As much as a model of a million tokens reads. */
const LOADED_BYTES = 4 * 1024 * 1024;
/** Field names, quotes and commas of one entry. */
const FRAME = 40;

/** How much history to send. */
export interface HistoryBounds {
  /** At most 200 of a question or an answer each (docs/http-api.md#history). */
  entries?: number;
  /** UTF-8 bytes as JSON. Default: more than most models take; `historyFor` cuts to what the asked one takes. */
  bytes?: number;
}

/** An exchange as the server accepts it: well-formed Unicode. One without an answer is left out. */
function entriesOf({ question, answer }: SavedTurn): Turn[] {
  const asked: Turn = { role: "user", content: question.toWellFormed() };
  return answer === "" ? [] : [asked, { role: "assistant", content: answer.toWellFormed() }];
}

const weightOf = (entries: Turn[]) =>
  entries.reduce((sum, { content }) => sum + Buffer.byteLength(JSON.stringify(content)) + FRAME, 0);

/**
 * The newest whole exchanges that fit, oldest first, after the latest summary of what was before them. Takes no more of
 * `newestFirst` than it needs. `seeksSummary`: there may be one before those that fit.
 */
export async function historyOf(
  newestFirst: AsyncIterable<SavedTurn> | Iterable<SavedTurn>,
  { entries: most = HISTORY_ENTRIES, bytes = LOADED_BYTES }: HistoryBounds = {},
  seeksSummary = true,
): Promise<Turn[]> {
  const exchanges: Turn[][] = [];
  let count = 0;
  let room = bytes;
  for await (const turn of newestFirst) {
    if (turn.summary !== undefined) {
      exchanges.push(summaryTurns(turn.summary));
      break;
    }
    const entries = entriesOf(turn);
    count += entries.length;
    room -= weightOf(entries);
    if (count <= most && room >= 0) exchanges.push(entries);
    else count = Infinity;
    if (count >= most && !seeksSummary) break;
  }
  return exchanges.reverse().flat();
}
