import type { Attached, SavedImage } from "./images.ts";
import type { PathTurn } from "./path.ts";
import type { Role } from "./record.ts";
import type { SavedSummary } from "./summarized.ts";

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
  /** The images of the question. */
  images?: readonly SavedImage[];
  /** When it ended, in milliseconds since the epoch. */
  at: number;
  /** The latest summary of the turns up to it. */
  summary?: SavedSummary;
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
  /** The images of the question, whose labels are in its text. */
  images?: readonly Attached[];
  /** The id of the turn that it follows; null for a first one. By default the one behind which the file goes on. */
  parent?: string | null;
  /** Beside `parent`: the id of the turn of which it is another version (retried, or edited). */
  replaces?: string;
  /** The role that the conversation has from this turn on, null for none; by default it keeps the one that it has. */
  role?: Role | null;
}

export function savedTurn(saved: PathTurn): SavedTurn {
  const { id, question, answer, stopped, tokens_deducted: tokensDeducted, model, at } = saved;
  const asked = saved.asked_model === undefined ? {} : { asked: saved.asked_model };
  const finish = saved.finish === undefined ? {} : { finish: saved.finish };
  const images = saved.images === undefined ? {} : { images: saved.images };
  const { summary: told } = saved;
  const summary = told === undefined ? {} : { summary: { text: told.text, turns: told.turns } };
  const said = { id, question, answer, stopped, tokensDeducted, model };
  return { ...said, ...asked, ...finish, ...images, at: Date.parse(at), ...summary };
}
