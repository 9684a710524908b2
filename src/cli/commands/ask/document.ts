import { z } from "zod";
import { conversationId, text, nullableCount } from "../../io/document-fields.ts";

const answered = {
  response: z.string(),
  tokens_deducted: nullableCount,
  tokens: nullableCount,
  /** The name of the model that answered; null if the server does not say. */
  model: text.nullable(),
  /** Why the AI ended its answer (docs/http-api.md#finish-reasons); null if the server does not say. */
  finish: text.nullable(),
  /** How many of the newest entries of the history reached the AI; null if the server does not say. */
  turns_sent: nullableCount,
  /**
   * The conversation in which the turn was saved; null without `-c`, `-r` and `--save`, or if saving failed. A turn is
   * also saved if the server takes no history (`doctor --json`: `server.extensions`).
   */
  conversation: conversationId.nullable(),
};

/** What `ask --json` prints. */
export const askDocument = z.strictObject(answered);
export type AskDocument = z.infer<typeof askDocument>;

/** A line of `ask --stream`. The last line is `done`; the texts before it joined are its `response`. */
export const streamDocument = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("delta"), text }),
  z.strictObject({ type: z.literal("done"), ...answered }),
]);
export type StreamDocument = z.infer<typeof streamDocument>;
