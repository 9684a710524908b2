import { z } from "zod";
import { text, whole } from "../../io/document-fields.ts";

/** What `take --json` prints: the tokens taken by this call (0 for a repeat), and the new balance. */
export const takeDocument = z.strictObject({ username: text, taken: whole, tokens: whole });
export type TakeDocument = z.infer<typeof takeDocument>;
