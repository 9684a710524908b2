import { z } from "zod";
import { nullableCount, time, whole } from "../../io/document-fields.ts";

/** What `balance --json` prints. If the server reports no balance, the command fails with `not_offered`. */
export const balanceDocument = z.strictObject({
  tokens: whole,
  held: nullableCount,
  price: nullableCount,
  questions: whole.nullable(),
  next: z.strictObject({ tokens: whole, at: time }).nullable(),
});
export type BalanceDocument = z.infer<typeof balanceDocument>;
