import { z } from "zod";
import { nullableCount } from "../../io/document-fields.ts";

/** What `usage --json` prints. */
export const usageDocument = z.strictObject({
  tokens: nullableCount,
  days: z.array(z.strictObject({ date: z.iso.date(), questions: z.number(), tokens: z.number() })),
});
export type UsageDocument = z.infer<typeof usageDocument>;
