import { z } from "zod";
import { server, text, told } from "../../io/document-fields.ts";

/** What `login --json` and `register --json` print. */
export const loginDocument = z.strictObject({ server, username: text, tokens: told });
export type LoginDocument = z.infer<typeof loginDocument>;
