import { z } from "zod";
import { failureCode, text, whole } from "../io/document-fields.ts";

/** What a command with `--json` prints on stderr when it fails. Optional fields are present if the server sent them. */
export const failureDocument = z.strictObject({
  error: z.strictObject({
    code: failureCode,
    message: text,
    status: whole.optional(),
    request_id: text.optional(),
    retry_after: z.number().optional(),
  }),
});
export type FailureDocument = z.infer<typeof failureDocument>;
