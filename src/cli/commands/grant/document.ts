import { z } from "zod";
import { text, whole } from "../../io/document-fields.ts";

/** Of one account: the tokens given by this call (0 for a repeat), and the new balance. */
const given = z.strictObject({ username: text, granted: whole, tokens: whole });

/** What `grant --json` prints for one NAME. `id`: to repeat it. */
export const grantDocument = given.extend({ id: text });
export type GrantDocument = z.infer<typeof grantDocument>;

/** What it prints for several names, `--file` and `--all`. `granted`: by this call, in all. */
export const grantsDocument = z.strictObject({
  id: text,
  granted: z.number(),
  accounts: z.array(given),
});
export type GrantsDocument = z.infer<typeof grantsDocument>;
