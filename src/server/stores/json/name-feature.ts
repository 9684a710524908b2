import type { Books } from "./books.ts";
import type { Committer } from "./committer.ts";
import type { Feature } from "./facts.ts";

/** Those that a running server adds when they are first needed, and why a ledger of version 1 is then written anew. */
export const ADDED_LATER = {
  invites: "it now has invitations",
  operator: "it now records what its operator does to accounts",
  api_keys: "it now has API keys",
} as const satisfies Partial<Record<Feature, string>>;

export type AddedLater = keyof typeof ADDED_LATER;

/** Names the feature in the ledger, durably, unless it is named. Rejects with `store_unavailable`. */
export type NameFeature = (feature: AddedLater) => Promise<void>;

/** See {@link NameFeature}. `toVersion2` is called while nothing else is written. */
export function createNameFeature({
  books,
  committer,
  toVersion2,
}: {
  books: Books;
  committer: Committer;
  toVersion2: (feature: AddedLater) => Promise<void>;
}): NameFeature {
  const naming = new Map<AddedLater, Promise<void>>();

  async function name(feature: AddedLater): Promise<void> {
    const anew = async () => {
      if (books.version === 1) await toVersion2(feature);
    };
    if (books.version === 1) await committer.alone(anew);
    await committer.note({ fact: "feature", feature });
  }

  return async (feature) => {
    if (books.features.has(feature)) return;
    const named = naming.get(feature) ?? name(feature).finally(() => naming.delete(feature));
    naming.set(feature, named);
    await named;
  };
}
