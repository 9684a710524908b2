import { foldName } from "../../core/fold-name.ts";
import type { Books } from "./books.ts";
import { tokensOf, type Feature, type Line } from "./facts.ts";
import { refuteNotice, whyUnusable } from "./invite-books.ts";

/** Why the fact cannot follow what the books hold; undefined if it can. */
export function refute(books: Books, fact: Line): string | undefined {
  if (fact.n !== books.n + 1) return `its number is ${fact.n}, where ${books.n + 1} follows.`;
  if (fact.fact === "feature") return refuteFeature(books, fact);
  if (!("account" in fact)) return refuteNotice(books, fact);
  const account = books.accounts.get(fact.account);
  if (fact.fact === "account") {
    if (account || books.names.has(foldName(fact.name))) return "its account exists already.";
    const unusable = fact.invite === undefined ? undefined : whyUnusable(books.invites.get(fact.invite));
    if (unusable !== undefined) return `its invitation ${unusable}.`;
  } else {
    if (!account) return "its account was never created.";
    if (account.name !== fact.name) return "its account has another name.";
  }
  const balance = (account?.tokens ?? 0) + tokensOf(fact);
  if (balance !== fact.balance) return `its balance is ${fact.balance}, where ${balance} follows.`;
  if (fact.fact === "password" && fact.generation !== (account?.generation ?? 0) + 1)
    return "its generation does not follow.";
  if (fact.fact === "grant" && books.grants.has(fact.id)) return "its grant was made already.";
  if (fact.fact === "charge" && fact.model !== undefined && !books.features.has("models"))
    return "it names a model, but no line before it names that feature.";
  return undefined;
}

function refuteFeature({ version, features }: Books, { feature }: { feature: Feature }): string | undefined {
  if (version === 1) return "a ledger of version 1 has no features.";
  if (feature !== "key") return undefined;
  if (!features.has("models")) return "it names a key, but no line before it names models.";
  return features.has("key") ? "a key was named already." : undefined;
}
