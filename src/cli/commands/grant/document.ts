import { z } from "zod";
import { text, whole } from "../../io/document-fields.ts";

/** What `grant --json` prints: the tokens given by this call (0 for a repeat), and the new balance. */
export const grantDocument = z.strictObject({ username: text, granted: whole, tokens: whole });
export type GrantDocument = z.infer<typeof grantDocument>;
