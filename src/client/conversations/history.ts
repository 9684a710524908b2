import type { Turn } from "../../protocol/bodies.ts";
import { CHAT_BODY_BYTES, HISTORY_ENTRIES } from "../../protocol/limits.ts";
import type { SavedTurn } from "./saved-turn.ts";

/** Bytes of the chat request's 1 MiB for the longest message, as JSON, and the rest of the body. */
const FOR_THE_QUESTION = 256 * 1024;
/** Field names, quotes and commas of one entry. */
const FRAME = 40;

/** How much history to send. */
export interface HistoryBounds {
  /** At most 200 of a question or an answer each (docs/http-api.md#history). */
  entries?: number;
  /** UTF-8 bytes as JSON. Default: the body stays within 1 MiB with any message. */
  bytes?: number;
}

/** An exchange as the server accepts it: well-formed Unicode. One without an answer is left out. */
function entriesOf({ question, answer }: SavedTurn): Turn[] {
  const asked: Turn = { role: "user", content: question.toWellFormed() };
  return answer === "" ? [] : [asked, { role: "assistant", content: answer.toWellFormed() }];
}

const weightOf = (entries: Turn[]) =>
  entries.reduce((sum, { content }) => sum + Buffer.byteLength(JSON.stringify(content)) + FRAME, 0);

/** The newest whole exchanges that fit, oldest first. Takes no more of `newestFirst` than it needs. */
export async function historyOf(
  newestFirst: AsyncIterable<SavedTurn> | Iterable<SavedTurn>,
  { entries: most = HISTORY_ENTRIES, bytes = CHAT_BODY_BYTES - FOR_THE_QUESTION }: HistoryBounds = {},
): Promise<Turn[]> {
  const exchanges: Turn[][] = [];
  let count = 0;
  let room = bytes;
  for await (const turn of newestFirst) {
    const entries = entriesOf(turn);
    count += entries.length;
    room -= weightOf(entries);
    if (count > most || room < 0) break;
    exchanges.push(entries);
    if (count === most) break;
  }
  return exchanges.reverse().flat();
}
