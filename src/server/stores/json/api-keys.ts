import { API_KEYS, checkNewApiKey, type ApiKey, type ApiKeys, type NewApiKey } from "../../core/api-keys.ts";
import { foldName } from "../../core/fold-name.ts";
import { accountOf } from "./accounts.ts";
import { spentOf, type ApiKeyBook } from "./api-key-books.ts";
import { bookOf, type Books } from "./books.ts";
import type { Committer } from "./committer.ts";
import type { NameFeature } from "./name-feature.ts";
import type { InTurn } from "./turns.ts";

interface Needs {
  books: Books;
  committer: Committer;
  now: () => number;
  nameFeature: NameFeature;
  /** By account, for all that makes and ends its keys: the ledger must not have either twice. */
  turns: InTurn;
}

/** The port `ApiKeys` over books in memory and a committer. */
export function createApiKeys({ books, committer, now, nameFeature, turns }: Needs): ApiKeys {
  /** One after the other: whether an id is taken is known once the others are durable, or have failed. */
  let last: Promise<unknown> = Promise.resolve();

  const apiKeyOf = (book: ApiKeyBook): ApiKey => {
    const { id, account, name, digest, limit, expires, at, lastUsed } = book;
    return { id, account, name, digest, limit, expires, at, spent: spentOf(book, now()), lastUsed };
  };

  async function create(key: NewApiKey): ReturnType<ApiKeys["create"]> {
    checkNewApiKey(key);
    const { id, account, name: label, digest, expires } = key;
    // In the order in which the ledger has it.
    const limit = key.limit && { tokens: key.limit.tokens, per: key.limit.per };
    if (books.accounts.get(account)?.deleted !== false) return { kind: "unknown" };
    if (books.apiKeys.get(id) || books.apiKeys.byDigest(digest)) return { kind: "taken" };
    const live = books.apiKeys.liveOf(account);
    if (live.some(({ name }) => foldName(name) === foldName(label))) return { kind: "taken" };
    if (live.length >= API_KEYS) return { kind: "too_many" };
    await nameFeature("api_keys");
    await committer.commit({ account, event: { fact: "api_key", id, label, digest, limit, expires } });
    return {
      kind: "created",
      key: { ...key, at: books.apiKeys.get(id)?.at ?? now(), spent: 0, lastUsed: null },
    };
  }

  return {
    create(key) {
      const created = last.then(() => turns(key.account, () => create(key)));
      last = created.catch(() => undefined);
      return created;
    },

    list: async (account) => books.apiKeys.liveOf(account).map(apiKeyOf),

    revoke: (account, id) =>
      turns(account, async () => {
        const key = books.apiKeys.get(id);
        if (key?.account !== account || key.ended) return { kind: "unknown" };
        await committer.commit({ account, event: { fact: "api_key_ended", id } });
        return { kind: "revoked" };
      }),

    async byDigest(digest) {
      const key = books.apiKeys.byDigest(digest);
      if (!key || key.ended) return undefined;
      return { key: apiKeyOf(key), account: accountOf(bookOf(books, key.account)) };
    },
  };
}
