import type { Image } from "../../protocol/images.ts";
import type { Finish } from "../../protocol/replies.ts";
import type { Pieces } from "./pieces.ts";
import type { Relayed, RelayRequest } from "./relay.ts";
import type { StopSignal } from "./stop.ts";

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
  /** Of the question; see `Prompt`. */
  images?: readonly Image[] | undefined;
}

/**
 * The AI (docs/server.md#which-ai-answers). Resolves to a whole answer (docs/http-api.md#whole-answers: a
 * `finish_reason` other than `error`, or `[DONE]` in a stream; some text that is not blank; no error; not aborted).
 * Rejects with `ApiError` `upstream_error` or `upstream_unavailable`, or with `signal.reason` once aborted. With `onDelta` it
 * streams: it gets the pieces that came at the same moment. The pieces together are the answer; none is empty or ends inside a
 * character. `onReasoning` gets what the model thinks before, which is no part of the answer, in such pieces. It asks
 * `untilRead` after either, and takes no more from the AI until that promise resolves.
 */
export interface Provider {
  /** The upstream's name of the model. It may change once, when an upstream that was late lists its models. */
  readonly model: string;
  /** How many characters of a conversation the AI reads, as far as it is known; it may change with the model. */
  readonly contextChars?: number | undefined;
  /** Asks an upstream that was late for both, before a question; undefined if there is nothing to learn. Never rejects. */
  readonly learn?: (() => Promise<void>) | undefined;
  answer(request: {
    messages: Message[];
    signal: StopSignal;
    onDelta?: ((pieces: Pieces) => void) | undefined;
    onReasoning?: ((text: string) => void) | undefined;
    /** Undefined while the client keeps up. */
    untilRead?: (() => Promise<void> | undefined) | undefined;
    /** Called before the answer is resolved, if the AI says why it ended. */
    onFinish?: ((reason: Finish) => void) | undefined;
  }): Promise<string>;
  /** A completion as it is. Absent: one is made of the text of `answer`. Resolves and rejects as that does. */
  readonly relay?: ((request: RelayRequest) => Promise<Relayed>) | undefined;
  /** Closes its connections. */
  close(): Promise<void>;
}
