import { randomBytes } from "node:crypto";
import { foldName } from "../../core/fold-name.ts";
import type { Account, AccountId, Accounts } from "../../core/ports.ts";
import { slot, type AccountBook, type Books } from "./books.ts";
import type { Committer, Deed } from "./committer.ts";
import type { Event } from "./facts.ts";

/** The port `Accounts` over books in memory and a committer. */
export function createAccounts({
  books,
  committer,
  now,
}: {
  books: Books;
  committer: Committer;
  now: () => number;
}): Accounts {
  /** Names that are being registered. */
  const naming = new Map<string, Promise<unknown>>();

  function bookOf(account: AccountId): AccountBook {
    const book = books.accounts.get(account);
    if (!book) throw new Error("No account has this id.");
    return book;
  }

  function deed<T>(book: AccountBook, event: Deed<T>["event"], done: () => T): Promise<T> {
    return committer.commit({ account: book.id, name: book.name, event, done });
  }

  function register(name: string, hash: string, tokens: number): Promise<Account> {
    const folded = foldName(name);
    const account = newId(books);
    const event: Event = { fact: "account", hash, generation: 1, tokens };
    const created = committer.commit({
      account,
      name,
      event: () => event,
      done: () => {
        naming.delete(folded);
        return accountOf(bookOf(account));
      },
      undone: () => naming.delete(folded),
    });
    naming.set(folded, created);
    return created;
  }

  return {
    async create({ name, passwordHash, tokens }) {
      if (!Number.isSafeInteger(tokens) || tokens < 0)
        throw new RangeError("An account starts with a whole number of tokens.");
      const folded = foldName(name);
      // Whether the name is taken is known once the other's registration is durable, or has failed.
      for (let other = naming.get(folded); other; other = naming.get(folded))
        await other.catch(() => undefined);
      if (books.names.has(folded)) return { kind: "taken" };
      return { kind: "created", account: await register(name, passwordHash, tokens) };
    },

    async byName(name) {
      const book = books.names.get(foldName(name));
      return book && accountOf(book);
    },

    async session(account, jti) {
      const book = books.accounts.get(account);
      return book && { account: accountOf(book), revoked: books.revoked.has(slot(account, jti)) };
    },

    async setPassword({ account, generation, passwordHash: hash }) {
      const book = bookOf(account);
      try {
        return await deed(
          book,
          (before) => {
            if (before.generation !== generation) throw new OtherGeneration();
            return { fact: "password", hash, generation: generation + 1 };
          },
          () => ({ kind: "set" as const, account: accountOf(book) }),
        );
      } catch (error) {
        if (error instanceof OtherGeneration) return { kind: "changed" };
        throw error;
      }
    },

    async setDisabled(account, disabled) {
      await deed(
        bookOf(account),
        () => ({ fact: "disabled", disabled }),
        () => undefined,
      );
    },

    async revoke({ account, jti, expires }) {
      const book = bookOf(account);
      // Written as a date; what has ended anyway, or is revoked already, needs no line.
      if (!Number.isSafeInteger(expires) || expires > 8.64e15)
        throw new RangeError("expires is a time in milliseconds.");
      if (expires <= now() || books.revoked.has(slot(account, jti))) return;
      await deed(
        book,
        () => ({ fact: "revoked", jti, expires }),
        () => undefined,
      );
    },
  };
}

/** Refuses a password when its turn comes and another one was set before it. */
class OtherGeneration extends Error {}

const accountOf = ({ id, name, hash, generation, disabled }: AccountBook): Account => ({
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
