import { z } from "zod";
import { failureCode, text, whole } from "../io/document-fields.ts";

/** The one line on stderr of a command that failed with `--json`; what has a `?` is there where the server told it. */
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
