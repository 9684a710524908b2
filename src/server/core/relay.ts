import type { StopSignal } from "./stop.ts";

/** A completion that is asked of an AI as its client wrote it (docs/openai.md). */
export interface RelayRequest {
  /** Without `model` and `stream`. */
  body: Readonly<Record<string, unknown>>;
  /** The model's name for users, which the reply has instead of the upstream's. */
  name: string;
  /** Whether the document is needed, also of a stream. */
  whole: boolean;
  signal: StopSignal;
  /** Asks for a stream. Gets the events of one moment, as text, if they have content, a refusal or a call of a tool. */
  onDelta?: ((events: string) => void) | undefined;
  /** Gets those of a moment that have none. */
  onReasoning?: ((events: string) => void) | undefined;
  /** See `Provider`. */
  untilRead?: (() => Promise<void> | undefined) | undefined;
}

/** A whole completion. */
export interface Relayed {
  /** As JSON; "" if nobody needs it, or a stream was too long to be kept. */
  document: string;
  /** The last events of a stream before `[DONE]`, which say why it ended: they are sent once it is paid. */
  tail: string;
  /** The event of a stream that has the usage and no choices; "" if there is none. It is for those who asked for it. */
  usage: string;
}
