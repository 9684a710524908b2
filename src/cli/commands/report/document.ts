import { z } from "zod";
import { text, whole } from "../../io/document-fields.ts";

const used = { questions: whole, tokens: whole };

/** What `report --json` prints; `--by` chooses among the three. */
export const reportDocument = z.union([
  z.array(z.strictObject({ day: z.iso.date(), ...used })),
  z.array(z.strictObject({ account: text, ...used })),
  z.array(z.strictObject({ model: text, ...used })),
]);
