import { z } from "zod";
import { conversationId, text, told } from "../../io/document-fields.ts";

const answered = {
  response: z.string(),
  tokens_deducted: told,
  tokens: told,
  /**
   * The one that holds this turn now; null where none does: without `-c`, `-r` and `--save`, and where it couldn't be
   * written. A turn that stood alone, as the server takes no history (`doctor --json`: `server.extensions`), is in it.
   */
  conversation: conversationId.nullable(),
};

/** What `ask --json` prints. */
export const askDocument = z.strictObject(answered);
export type AskDocument = z.infer<typeof askDocument>;

/** A line of `ask --stream`. The last one is `done`; the texts before it are together its `response`. */
export const streamDocument = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("delta"), text }),
  z.strictObject({ type: z.literal("done"), ...answered }),
]);
export type StreamDocument = z.infer<typeof streamDocument>;
