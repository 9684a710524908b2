import { z } from "zod";
import { server, told, username } from "../../io/document-fields.ts";

/** What `servers --json` prints. */
export const serversDocument = z.array(
  z.strictObject({ server, username, tokens: told, default: z.boolean() }),
);
export type ServersDocument = z.infer<typeof serversDocument>;
