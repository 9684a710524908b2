import type { Invite, Invites, NewInvite } from "../../core/ports.ts";
import type { Books } from "./books.ts";
import type { Committer } from "./committer.ts";
import { DoesNotFollow } from "./form-batch.ts";
import { stateOf } from "./invite-books.ts";
import type { InviteBook } from "./books.ts";
import type { NameFeature } from "./name-feature.ts";

interface Needs {
  books: Books;
  committer: Committer;
  now: () => number;
  nameFeature: NameFeature;
}

/** The port `Invites` over books in memory and a committer. */
export function createInvites({ books, committer, now, nameFeature }: Needs): Invites {
  /** One after the other: whether an id is taken is known once the others are durable, or have failed. */
  let last: Promise<unknown> = Promise.resolve();

  const inviteOf = ({ revoked: _revoked, ...invite }: InviteBook): Invite => ({
    ...invite,
    state: stateOf({ ...invite, revoked: _revoked }, now()),
  });

  async function create(invites: NewInvite[]): ReturnType<Invites["create"]> {
    // The ledger must not have one twice: no start would read it.
    if (new Set(invites.flatMap(({ id, digest }) => [id, digest])).size < 2 * invites.length)
      return { kind: "taken" };
    const known = invites.map(({ id, digest }) => books.invites.get(id) ?? books.inviteDigests.get(digest));
    if (known.some((other, at) => other && !isSame(other, invites[at]!))) return { kind: "taken" };
    const missing = invites.filter((_, at) => known[at] === undefined);
    if (missing.length === 0) return { kind: "created" };
    await nameFeature("invites");
    // In one tick: all of it is written together.
    await Promise.all(
      missing.map(({ id, digest, tokens, uses, expires }) =>
        committer.note({ fact: "invite", id, digest, tokens, uses, expires }),
      ),
    );
    return { kind: "created" };
  }

  return {
    create(invites) {
      const created = last.then(() => create(invites));
      last = created.catch(() => undefined);
      return created;
    },

    async byDigest(digest) {
      const invite = books.inviteDigests.get(digest);
      return invite && inviteOf(invite);
    },

    list: async () => [...books.invites.values()].map(inviteOf),

    async revoke({ id, digest }) {
      const invite = books.inviteDigests.get(digest) ?? books.invites.get(id);
      if (!invite) return { kind: "unknown" };
      try {
        if (!invite.revoked) {
          await committer.note({ fact: "invite_revoked", id: invite.id });
          return { kind: "revoked", id: invite.id };
        }
      } catch (error) {
        // Another call was first.
        if (!(error instanceof DoesNotFollow)) throw error;
      }
      return { kind: "repeated", id: invite.id };
    },
  };
}

const isSame = (one: NewInvite, other: NewInvite): boolean =>
  (["id", "digest", "tokens", "uses", "expires"] as const).every((field) => one[field] === other[field]);
