import { randomBytes } from "node:crypto";
import { foldName } from "../../core/fold-name.ts";
import type { Account, AccountId, Accounts } from "../../core/ports.ts";
import { bookOf, type AccountBook, type Books } from "./books.ts";
import { slot } from "./kept.ts";
import type { Committer } from "./committer.ts";
import { DoesNotFollow } from "./form-batch.ts";
import type { Event } from "./facts.ts";
import type { Known } from "./known.ts";
import type { InTurn } from "./turns.ts";

/** The last time that a Date can hold, in milliseconds since the epoch (ECMA-262, "Time Values and Time Range"). */
export const LATEST_DATE = 8.64e15;

/** The port `Accounts` over books in memory and a committer. */
export function createAccounts({
  books,
  committer,
  known,
  now,
  names,
  turns,
}: {
  books: Books;
  committer: Committer;
  known: Known;
  now: () => number;
  /** By folded name. */
  names: InTurn;
  /** By account, for what ends API keys. */
  turns: InTurn;
}): Accounts {
  async function write({ id }: AccountBook, event: Event): Promise<void> {
    await committer.commit({ account: id, event });
  }

  return {
    async create({ name, passwordHash: hash, tokens, invite }) {
      if (!Number.isSafeInteger(tokens) || tokens < 0)
        throw new RangeError("An account starts with a whole number of tokens.");
      // Whether the name is taken is known once the other registration is durable, or has failed.
      return names(foldName(name), async () => {
        if (books.names.has(foldName(name))) return { kind: "taken" };
        const account = newId(books);
        try {
          const event: Event = { fact: "account", hash, generation: 1, tokens, invite };
          await committer.commit({ account, name, event });
        } catch (error) {
          if (error instanceof DoesNotFollow) return { kind: "invalid_invite" };
          throw error;
        }
        return { kind: "created", account: accountOf(bookOf(books, account)) };
      });
    },

    async byName(name) {
      const book = books.names.get(foldName(name));
      return book && !book.deleted ? accountOf(book) : undefined;
    },

    async session(account, jti) {
      const book = books.accounts.get(account);
      if (!book || book.deleted) return undefined;
      return { account: accountOf(book), revoked: books.revoked.has(slot(account, jti)) };
    },

    async setPassword({ account, generation: before, passwordHash: hash, endsKeys = false }) {
      const book = bookOf(books, account);
      const generation = before + 1;
      const set = (ends?: true) => write(book, { fact: "password", hash, generation, endsKeys: ends });
      try {
        await (endsKeys ? turns(account, () => set(endsKeysOf(books, account))) : set());
        return { kind: "set", account: { ...accountOf(book), passwordHash: hash, generation } };
      } catch (error) {
        if (error instanceof DoesNotFollow) return { kind: "changed" };
        throw error;
      }
    },

    async setDisabled(account, disabled) {
      await write(bookOf(books, account), { fact: "disabled", disabled });
    },

    async revoke({ account, jti, expires }) {
      const book = bookOf(books, account);
      if (!Number.isSafeInteger(expires) || expires > LATEST_DATE)
        throw new RangeError("expires is a time in milliseconds.");
      if (expires <= now() || books.revoked.has(slot(account, jti))) return;
      await write(book, { fact: "revoked", jti, expires }).catch((error: unknown) => {
        // The account was deleted, and its logins with it.
        if (!(error instanceof DoesNotFollow)) throw error;
      });
    },

    knows: (account, address) => known.knows(account, address),
    remember: (account, address) => known.remember(account, address),
  };
}

/** What a new password that ends the account's API keys says of them: nothing if there is none. */
export const endsKeysOf = ({ apiKeys }: Books, account: AccountId): true | undefined =>
  apiKeys.liveOf(account).length > 0 ? true : undefined;

export const accountOf = ({ id, name, hash, generation, disabled }: AccountBook): Account => ({
  id,
  name,
  passwordHash: hash,
  generation,
  disabled,
});

function newId(books: Books): AccountId {
  for (;;) {
    const id = randomBytes(8).toString("hex");
    if (!books.accounts.has(id)) return id;
  }
}
