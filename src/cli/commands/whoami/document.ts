import { z } from "zod";
import { server, time, nullableCount, username } from "../../io/document-fields.ts";

/** What `whoami --json` prints. */
export const whoamiDocument = z.strictObject({
  server,
  username,
  tokens: nullableCount,
  token_source: z.enum(["environment", "file"]),
  expires_at: time.nullable(),
});
export type WhoamiDocument = z.infer<typeof whoamiDocument>;
