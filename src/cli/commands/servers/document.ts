import { z } from "zod";
import { server, nullableCount, username } from "../../io/document-fields.ts";

/** What `servers --json` prints. */
export const serversDocument = z.array(
  z.strictObject({ server, username, tokens: nullableCount, default: z.boolean() }),
);
export type ServersDocument = z.infer<typeof serversDocument>;
