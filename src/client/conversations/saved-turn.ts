import { linesBack } from "./lines-back.ts";
import type { Handle } from "./open-file.ts";
import { decode, type TurnRecord } from "./record.ts";

/** One finished exchange of a conversation, unchanged: not safe for a terminal. */
export interface SavedTurn {
  id: string;
  question: string;
  answer: string;
  /** The user stopped it: the answer is what had arrived. */
  stopped: boolean;
  /** `null` where the server didn't say. */
  tokensDeducted: number | null;
  model: string | null;
  /** The model that the question named. */
  asked?: string;
  /** Why the AI ended, if the server said so (docs/http-api.md#finish-reasons). */
  finish?: string;
  /** When it ended, in milliseconds since the epoch. */
  at: number;
}

/** A turn that just ended. */
export interface NewTurn {
  question: string;
  answer: string;
  stopped?: boolean;
  tokensDeducted: number | null;
  model: string | null;
  /** The model that the question named. */
  asked?: string;
  /** Why the AI ended, if the server said so. */
  finish?: string;
  /** The id of an earlier turn that this one replaces: retried, or edited. */
  replaces?: string;
}

function savedTurn(saved: TurnRecord): SavedTurn {
  const { id, question, answer, stopped, tokens_deducted: tokensDeducted, model, at } = saved;
  const asked = saved.asked_model === undefined ? {} : { asked: saved.asked_model };
  const finish = saved.finish === undefined ? {} : { finish: saved.finish };
  return { id, question, answer, stopped, tokensDeducted, model, ...asked, ...finish, at: Date.parse(at) };
}

/**
 * The turns of the first `size` bytes, newest first, without those that a later one replaced. Broken lines are skipped and
 * reported to `onBroken`, with the byte at which they begin; a last line without its end is not.
 */
export async function* turnsBack(
  handle: Handle,
  size: number,
  onBroken: (byte: number) => void = () => {},
): AsyncGenerator<SavedTurn, void, undefined> {
  const gone = new Set<string>();
  for await (const { start, bytes, ended } of linesBack(handle, size)) {
    for (const decoded of decode(bytes).reverse()) {
      if (decoded.is === "broken" && ended) onBroken(start);
      if (decoded.is !== "turn") continue;
      if (decoded.replaces !== undefined) gone.add(decoded.replaces);
      if (gone.has(decoded.id)) continue;
      gone.add(decoded.id);
      yield savedTurn(decoded);
    }
  }
}
