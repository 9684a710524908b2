import { z } from "zod";
import { nullableCount, whole } from "../../io/document-fields.ts";

/**
 * What `balance --json` prints. If the server reports no balance, the command prints no document and exits with 1,
 * `not_offered`.
 */
export const balanceDocument = z.strictObject({
  tokens: whole,
  held: nullableCount,
  price: nullableCount,
  questions: whole.nullable(),
});
export type BalanceDocument = z.infer<typeof balanceDocument>;
