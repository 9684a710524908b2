import { z } from "zod";
import { text, whole } from "../../io/document-fields.ts";

const used = { questions: whole, tokens: whole };

/** What `report --json` prints; `--by` chooses among the three. `day` is a month of what was long before a compaction. */
export const reportDocument = z.union([
  z.array(z.strictObject({ day: text.regex(/^\d{4}-\d{2}(-\d{2})?$/), ...used })),
  z.array(z.strictObject({ account: text, ...used })),
  z.array(z.strictObject({ model: text, ...used })),
]);
