import { z } from "zod";
import { text, time, whole } from "../../io/document-fields.ts";

const fields = {
  id: text,
  /** Null: an account gets the starting tokens. */
  tokens: whole.nullable(),
  uses: whole,
  expires_at: time,
};

/** What `invites create --json` prints. */
export const createdDocument = z.array(z.strictObject({ code: text, ...fields }));
export type CreatedDocument = z.infer<typeof createdDocument>;

/** What `invites list --json` prints, oldest first. `digest`: SHA-256 of the code. */
export const invitesDocument = z.array(
  z.strictObject({
    ...fields,
    digest: text,
    used: whole,
    created_at: time,
    state: z.enum(["valid", "used_up", "expired", "revoked"]),
  }),
);
export type InvitesDocument = z.infer<typeof invitesDocument>;

/** What `invites revoke --json` prints. `revoked`: false if it was revoked before. */
export const revokedDocument = z.strictObject({ id: text, revoked: z.boolean() });
export type RevokedDocument = z.infer<typeof revokedDocument>;
