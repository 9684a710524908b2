import { z } from "zod";
import { server, username } from "../../io/document-fields.ts";

/** What `logout --json` prints. `revoked`: the server has revoked the token; null if there was none. */
export const logoutDocument = z.strictObject({ server, username, revoked: z.boolean().nullable() });
export type LogoutDocument = z.infer<typeof logoutDocument>;
