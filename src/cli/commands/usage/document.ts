import { z } from "zod";
import { nullableCount } from "../../io/document-fields.ts";

/** What `usage --json` prints. */
export const usageDocument = z.strictObject({
  tokens: nullableCount,
  days: z.array(z.strictObject({ date: z.iso.date(), questions: z.number(), tokens: z.number() })),
  /** With `--by`; name null: by a token, or before there were models. */
  by: z
    .array(z.strictObject({ name: z.string().nullable(), questions: z.number(), tokens: z.number() }))
    .optional(),
});
export type UsageDocument = z.infer<typeof usageDocument>;
