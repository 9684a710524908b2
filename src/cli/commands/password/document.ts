import { z } from "zod";
import { server, username } from "../../io/document-fields.ts";

/** What `password --json` prints. */
export const passwordDocument = z.strictObject({ server, username });
export type PasswordDocument = z.infer<typeof passwordDocument>;
