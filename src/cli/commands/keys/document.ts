import { z } from "zod";
import { periods } from "../../../protocol/refill.ts";
import { nullableCount, text, time, whole } from "../../io/document-fields.ts";

const fields = {
  id: text,
  name: text,
  limit: z.strictObject({ tokens: whole, per: z.enum(periods) }).nullable(),
  expires_at: time.nullable(),
  created_at: time,
};

/** What `keys create --json` prints. */
export const createdKeyDocument = z.strictObject({ ...fields, key: text });
export type CreatedKeyDocument = z.infer<typeof createdKeyDocument>;

/** What `keys list --json` prints, oldest first. */
export const keysDocument = z.array(
  z.strictObject({ ...fields, spent: nullableCount, last_used_at: time.nullable() }),
);
export type KeysDocument = z.infer<typeof keysDocument>;

/** What `keys revoke --json` prints. */
export const revokedKeyDocument = z.strictObject({ id: text, name: text });
export type RevokedKeyDocument = z.infer<typeof revokedKeyDocument>;
