import { z } from "zod";
import { text, time, whole } from "../../io/document-fields.ts";

/** A fact, as `ledger --follow --json` prints one a line. */
export const factDocument = z.strictObject({
  n: whole,
  at: time,
  fact: text,
  tokens: whole,
  balance: whole,
  model: text.nullable(),
  key: text.nullable(),
  reason: text.nullable(),
  by: text.nullable(),
});
export type FactDocument = z.infer<typeof factDocument>;

/** What `ledger --json` prints, in the order in which it happened. */
export const ledgerDocument = z.array(factDocument);
