import { z } from "zod";
import { text, whole } from "../../io/document-fields.ts";

/** What `grant --json` prints for one NAME: the tokens given by this call (0 for a repeat), and the new balance. */
export const grantDocument = z.strictObject({ username: text, granted: whole, tokens: whole });
export type GrantDocument = z.infer<typeof grantDocument>;

/** What it prints for several names, `--file` and `--all`. `id`: to repeat it. `granted`: by this call, in all. */
export const grantsDocument = z.strictObject({
  id: text,
  granted: z.number(),
  accounts: z.array(grantDocument),
});
export type GrantsDocument = z.infer<typeof grantsDocument>;
