import { pseudonymOf, type Act, type Operations } from "../../core/operations.ts";
import type { AccountId } from "../../core/ports.ts";
import { foldName } from "../../core/fold-name.ts";
import { endsKeysOf } from "./accounts.ts";
import { accountPages, accountRow } from "./account-rows.ts";
import type { AccountBook, Books } from "./books.ts";
import { slot } from "./kept.ts";
import type { Committer } from "./committer.ts";
import type { Event } from "./facts.ts";
import { DoesNotFollow } from "./form-batch.ts";
import type { Holds } from "./holds.ts";
import type { Known } from "./known.ts";
import type { NameFeature } from "./name-feature.ts";
import type { InTurn } from "./turns.ts";

interface Needs {
  books: Books;
  holds: Holds;
  committer: Committer;
  known: Known;
  /** Makes a checkpoint soon. */
  hurry: () => void;
  now: () => number;
  nameFeature: NameFeature;
  /** By folded name; those of registrations, too. */
  names: InTurn;
  /** By account for acts; by account and id for grants and takes. */
  turns: InTurn;
}

/** The port `Operations` over books in memory and a committer. */
export function createOperations(needs: Needs): Operations {
  const { books, holds, committer, known, hurry, now, nameFeature, names, turns } = needs;

  const shown = { books, now, held: (account: AccountId) => holds.held(account, now()) };

  /** One act of an account after the other. `unknown` if there is no such account, or it was deleted. */
  function inTurn<T>(account: AccountId, work: (book: AccountBook) => Promise<T>) {
    return turns(account, async (): Promise<T | { kind: "unknown" }> => {
      const book = books.accounts.get(account);
      return book && !book.deleted ? work(book) : { kind: "unknown" };
    });
  }

  async function write({ id }: AccountBook, event: Event, name?: string) {
    await nameFeature("operator");
    return committer.commit({ account: id, event, ...(name !== undefined && { name }) });
  }

  async function takeFree(book: AccountBook, id: string, tokens: number, { reason, by }: Act) {
    const { id: account } = book;
    const given = books.grants.of(account, id);
    if (given && given.asked !== tokens) return { kind: "id_taken" } as const;
    const balance = { tokens: book.tokens, held: holds.held(account, now()) };
    if (given) return { kind: "repeated", taken: 0 - given.tokens, balance } as const;
    await nameFeature("operator");
    const taken = Math.min(tokens, book.tokens - holds.held(account, now()));
    // No question may hold them meanwhile. The committer settles it.
    const hold = slot(account, id);
    holds.open({
      id: hold,
      account,
      price: taken,
      model: "",
      expires: Number.POSITIVE_INFINITY,
      key: undefined,
      apiKey: undefined,
      paid: false,
    });
    try {
      const event: Event = { fact: "take", id, tokens: 0 - taken, asked: tokens, reason, by };
      return { kind: "taken", taken, balance: await committer.commit({ account, event }) } as const;
    } finally {
      holds.settle(hold);
    }
  }

  return {
    async take({ id, account, tokens, reason, by }) {
      if (!Number.isSafeInteger(tokens) || tokens <= 0)
        throw new RangeError("A positive whole number of tokens is taken.");
      return inTurn(account, (book) =>
        turns(slot(account, id), () => takeFree(book, id, tokens, { reason, by })),
      );
    },

    setDisabled: (account, disabled, { reason, by }) =>
      inTurn(account, async (book) => {
        if (book.disabled === disabled) return { kind: "repeated" };
        await write(book, { fact: "disabled", disabled, reason, by });
        return { kind: "done" };
      }),

    setPassword: (account, hash, { reason, by }) =>
      inTurn(account, async (book) => {
        while (book.hash !== hash) {
          try {
            const generation = book.generation + 1;
            const endsKeys = endsKeysOf(books, account);
            await write(book, { fact: "password", hash, generation, reason, by, endsKeys });
            return { kind: "done" };
          } catch (error) {
            // The account set another password at the same moment.
            if (!(error instanceof DoesNotFollow)) throw error;
          }
        }
        return { kind: "repeated" };
      }),

    rename: (account, name, { reason, by }) =>
      inTurn(account, (book) =>
        names(foldName(name), async () => {
          if (book.name === name) return { kind: "repeated" };
          if ((books.names.get(foldName(name)) ?? book) !== book) return { kind: "taken" };
          await write(book, { fact: "renamed", from: book.name, reason, by }, name);
          return { kind: "done" };
        }),
      ),

    remove: (account, { reason, by }) =>
      turns(account, async () => {
        const book = books.accounts.get(account);
        if (!book) return { kind: "unknown" };
        const repeated = book.deleted;
        if (!repeated) await write(book, { fact: "deleted", reason, by });
        // The last checkpoint has its name and its hash.
        if (!repeated) hurry();
        await known.forget(account);
        return { kind: repeated ? "repeated" : "done", pseudonym: pseudonymOf(account) };
      }),

    moved: async (id, accounts) => accounts.map((account) => books.grants.of(account, id)?.tokens ?? null),

    async *accounts() {
      for (const page of accountPages(shown)) {
        yield page;
        await new Promise(setImmediate);
      }
    },

    account: async (name) => accountRow(shown, name),
  };
}
