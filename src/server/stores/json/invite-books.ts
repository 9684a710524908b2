import type { Invite } from "../../core/ports.ts";
import type { Books, InviteBook } from "./books.ts";
import type { NoticeFact } from "./facts.ts";

type InviteBooks = Pick<Books, "invites" | "inviteDigests">;

/** Why no account can be made with it, whatever the time is; undefined if one can. */
export function whyUnusable(invite: InviteBook | undefined): string | undefined {
  if (!invite) return "was never made";
  if (invite.revoked) return "was revoked";
  return invite.used >= invite.uses ? "is used up" : undefined;
}

/** See `Invite`. */
export function stateOf({ revoked, used, uses, expires }: InviteBook, now: number): Invite["state"] {
  if (revoked) return "revoked";
  if (used >= uses) return "used_up";
  return expires <= now ? "expired" : "valid";
}

/** Why the fact cannot follow what the books hold; undefined if it can. */
export function refuteInvite(
  books: Books,
  fact: NoticeFact & { fact: "invite" | "invite_revoked" },
): string | undefined {
  if (!books.features.has("invites"))
    return "it is about an invitation, but no line before it names that feature.";
  const { invites, inviteDigests } = books;
  if (fact.fact === "invite")
    return invites.has(fact.id) || inviteDigests.has(fact.digest)
      ? "its invitation was made already."
      : undefined;
  const invite = invites.get(fact.id);
  if (!invite) return "its invitation was never made.";
  return invite.revoked ? "its invitation was revoked already." : undefined;
}

/** Enters a durable fact that `refuteInvite` accepts. */
export function postInvite(
  books: InviteBooks,
  fact: NoticeFact & { fact: "invite" | "invite_revoked" },
): void {
  if (fact.fact === "invite") {
    const { id, digest, tokens, uses, expires, at } = fact;
    openInvite(books, { id, digest, tokens, uses, expires, at, used: 0, revoked: false });
  } else {
    const invite = books.invites.get(fact.id);
    if (invite) invite.revoked = true;
  }
}

/** Adds an invitation, as read from a checkpoint or made. */
export function openInvite({ invites, inviteDigests }: InviteBooks, invite: InviteBook): void {
  invites.set(invite.id, invite);
  inviteDigests.set(invite.digest, invite);
}

/** The invitations as a batch of facts leaves them, which the books do not hold yet. */
export interface BatchInvites {
  /** Takes a use; false if the invitation is not valid. */
  use(id: string): boolean;
  /** False if it is revoked already. */
  revoke(id: string): boolean;
}

/** Those of a batch that is written at `now`. */
export function createBatchInvites({ invites }: Pick<Books, "invites">, now: number): BatchInvites {
  const changed = new Map<string, InviteBook>();
  const change = (id: string): InviteBook | undefined => {
    const known = changed.get(id) ?? invites.get(id);
    if (!known) return undefined;
    const copy = { ...known };
    changed.set(id, copy);
    return copy;
  };
  return {
    use(id) {
      const invite = change(id);
      if (!invite || stateOf(invite, now) !== "valid") return false;
      invite.used += 1;
      return true;
    },
    revoke(id) {
      const invite = change(id);
      if (!invite || invite.revoked) return false;
      invite.revoked = true;
      return true;
    },
  };
}
