import { z } from "zod";
import { nullableCount, whole } from "../../io/document-fields.ts";

/** What `balance --json` prints. If the server reports no balance, the command fails with `not_offered`. */
export const balanceDocument = z.strictObject({
  tokens: whole,
  held: nullableCount,
  price: nullableCount,
  questions: whole.nullable(),
});
export type BalanceDocument = z.infer<typeof balanceDocument>;
