import { z } from "zod";
import { told, whole } from "../../io/document-fields.ts";

/** What `balance --json` prints. A server that tells no balance has no such document: exit 1, `not_offered`. */
export const balanceDocument = z.strictObject({
  tokens: whole,
  held: told,
  price: told,
  questions: whole.nullable(),
});
export type BalanceDocument = z.infer<typeof balanceDocument>;
