/**
 * Why a call of the AI failed. `connection`: it was not reached, or the connection broke. `timeout`: it was silent, or the
 * question's time was over. `key`: it refused the API key or the account behind it (401, 402, 403). `limit`: it had too
 * many requests (429). `model`: it has no such model, or nothing answers at this address (404, redirects). `refused`: it
 * refused this question, for instance because it is too long; the AI itself is well. `settings`: it refused several
 * questions in a row and answered none, so it refuses something that the operator set. `server`: it said that it failed
 * (5xx, or an error in the stream). `answer`: what it sent is no whole answer.
 */
export const AI_FAILURES = [
  "connection",
  "timeout",
  "key",
  "limit",
  "model",
  "refused",
  "settings",
  "server",
  "answer",
] as const;

/** See {@link AI_FAILURES}. */
export type AiFailure = (typeof AI_FAILURES)[number];

/** A call of the AI that has ended. A question has two if its model failed and has a fallback. */
export interface AiCall {
  /** Name of the model, as the operator named it. */
  model: string;
  /** Milliseconds from the request to the end. */
  ms: number;
  /** Milliseconds from the request to the first text of a stream. Undefined: no stream, or no text. */
  firstText?: number | undefined;
  /** Undefined: a whole answer. Calls that the client or a shutdown ended are not told. */
  failure?: AiFailure | undefined;
  /** What the operator's log says of a failure; nothing of it is secret, or of the chat. */
  cause?: string | undefined;
}

/** Gets each call as it ends. Must not throw. */
export type OnAiCall = (call: AiCall) => void;
