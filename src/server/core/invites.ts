import { z } from "zod";
import { INVITES_PAGE } from "./invite-code.ts";
import type { Invites } from "./ports.ts";

const newInvite = z.object({
  id: z.string().regex(/^[0-9a-f]{10}$/),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  tokens: z.int().nonnegative().nullable(),
  uses: z.int().positive(),
  /** Milliseconds since the epoch. */
  expires: z.int().positive().max(8.64e15),
});

/** An operator's request about invitations. `list`: those from this index on. */
export const invitesRequest = z.union([
  z.object({ create: z.array(newInvite).min(1).max(INVITES_PAGE) }),
  z.object({ list: z.int().nonnegative() }),
  z.object({ revoke: z.object({ id: z.string(), digest: z.string() }) }),
]);

export type InvitesRequest = z.infer<typeof invitesRequest>;

/** `listed`: one page; a shorter one is the last. */
export const invitesReply = z.union([
  z.object({ kind: z.enum(["created", "taken", "unknown"]) }),
  z.object({ kind: z.enum(["revoked", "repeated"]), id: z.string() }),
  z.object({
    kind: z.literal("listed"),
    invites: z.array(
      newInvite.extend({
        at: z.number(),
        used: z.number(),
        state: z.enum(["valid", "used_up", "expired", "revoked"]),
      }),
    ),
  }),
]);

export type InvitesReply = z.infer<typeof invitesReply>;

/** Does what an operator asks about invitations. Rejects with `store_unavailable`; it can be repeated. */
export async function answerInvites(invites: Invites, request: InvitesRequest): Promise<InvitesReply> {
  if ("create" in request) return invites.create(request.create);
  if ("revoke" in request) return invites.revoke(request.revoke);
  const all = await invites.list();
  return { kind: "listed", invites: all.slice(request.list, request.list + INVITES_PAGE) };
}
