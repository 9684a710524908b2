import { z } from "zod";
import { text, whole } from "../../io/document-fields.ts";

/** What `take --json` prints: the tokens taken by this call (0 for a repeat), the new balance, and the ID to repeat it. */
export const takeDocument = z.strictObject({ username: text, taken: whole, tokens: whole, id: text });
export type TakeDocument = z.infer<typeof takeDocument>;
