import { z } from "zod";
import { server, text, nullableCount } from "../../io/document-fields.ts";

/** What `login --json` and `register --json` print. */
export const loginDocument = z.strictObject({ server, username: text, tokens: nullableCount });
export type LoginDocument = z.infer<typeof loginDocument>;
