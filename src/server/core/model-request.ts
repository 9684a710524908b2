import type { Finish } from "../../protocol/replies.ts";
import type { OnAiCall } from "./ai-calls.ts";
import type { AnyPrompt } from "./any-prompt.ts";
import type { ApiError } from "./api-error.ts";
import type { Pieces } from "./pieces.ts";
import type { StopSignal } from "./stop.ts";

/** A question for one model. */
export interface Request {
  prompt: AnyPrompt;
  /** Whether the answer will be kept for its key. */
  keeps?: boolean | undefined;
  /** Ends the question. */
  signal: StopSignal;
  /**
   * Asks for a stream. Gets the pieces of one moment, the name of the model that they come from, and how many turns that one
   * got.
   */
  onDelta?: ((pieces: Pieces, model: string, turns: number) => void) | undefined;
  /** Gets what a model thinks before its answer. */
  onReasoning?: ((text: string) => void) | undefined;
  /** See `Provider`. */
  untilRead?: (() => Promise<void> | undefined) | undefined;
  /** Called when the fallback is asked, with its name and the failure of the first. */
  onFallback?: ((model: string, failure: ApiError) => void) | undefined;
  onAiCall?: OnAiCall | undefined;
}

/** A whole answer. */
export interface Answered {
  /** Its text. Of a completion its document as JSON, if anybody needs that, else "". */
  response: string;
  /** The last events of a streamed completion, before `[DONE]`. */
  tail?: string;
  /** See `Relayed`. */
  usage?: string;
  /** Name of the model that gave it. */
  model: string;
  /** Why it ended; null if the AI did not say. */
  finish: Finish | null;
  /** How many of the newest turns of the history that model got. */
  turns: number;
}
