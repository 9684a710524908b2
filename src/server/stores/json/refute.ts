import { foldName } from "../../core/fold-name.ts";
import { pseudonymOf } from "../../core/operations.ts";
import { startOfId } from "../../core/refill.ts";
import type { AccountBook, Books } from "./books.ts";
import {
  apiKeyOf,
  isOfApiKeys,
  isOfOperator,
  isRefill,
  tokensOf,
  type Fact,
  type Feature,
  type Line,
  type NoticeFact,
} from "./facts.ts";
import { refuteInvite, whyUnusable } from "./invite-books.ts";

/** Why the fact cannot follow what the books hold; undefined if it can. */
export function refute(books: Books, fact: Line): string | undefined {
  const isFirst = books.n === 0 && fact.fact === "feature" && fact.feature === "compacted";
  if (books.before > 0 && !books.continues && fact.fact !== "continues")
    return "no line before it names the ledger that this one continues.";
  if (!isFirst && fact.n !== books.n + 1) return `its number is ${fact.n}, where ${books.n + 1} follows.`;
  if (fact.fact === "feature") return refuteFeature(books, fact);
  if (isOfOperator(fact) && !books.features.has("operator"))
    return "it is of an operator, but no line before it names that feature.";
  if (isOfApiKeys(fact) && !books.features.has("api_keys"))
    return "it is of an API key, but no line before it names that feature.";
  if (COMPACTED.has(fact.fact) && !books.features.has("compacted"))
    return "it is of a ledger that continues another one, but no line before it names that feature.";
  if (!("account" in fact)) return refuteNotice(books, fact);
  const account = books.accounts.get(fact.account);
  const why = account ? refuteEvent(books, account, fact) : refuteAccount(books, fact);
  if (why !== undefined) return why;
  const balance = (account?.tokens ?? 0) + tokensOf(fact);
  if (balance !== fact.balance) return `its balance is ${fact.balance}, where ${balance} follows.`;
  return undefined;
}

const COMPACTED: ReadonlySet<string> = new Set<Line["fact"]>(["continues", "kept", "opening"]);

function refuteNotice(books: Books, fact: Exclude<NoticeFact, { fact: "feature" }>): string | undefined {
  switch (fact.fact) {
    case "refill":
    case "kept":
      return undefined;
    case "continues":
      return fact.last === books.before && fact.n === fact.last + 2
        ? undefined
        : `it continues a ledger of ${fact.last} facts, where ${books.before} were before.`;
    case "invite":
    case "invite_revoked":
      return refuteInvite(books, fact);
  }
}

/** For a fact of an account that does not exist. */
function refuteAccount(books: Books, fact: Fact): string | undefined {
  if (fact.fact !== "account" && fact.fact !== "opening") return "its account was never created.";
  if (books.names.has(foldName(fact.name))) return "its account exists already.";
  if (fact.fact === "opening") return undefined;
  const unusable = fact.invite === undefined ? undefined : whyUnusable(books.invites.get(fact.invite));
  return unusable && `its invitation ${unusable}.`;
}

/** For a fact of an account that exists. */
function refuteEvent(books: Books, account: AccountBook, fact: Fact): string | undefined {
  if (account.deleted && fact.fact !== "charge" && fact.fact !== "again") return "its account was deleted.";
  if (fact.fact === "account" || fact.fact === "opening") return "its account exists already.";
  const wrongName = refuteName(books, account, fact);
  if (wrongName !== undefined) return wrongName;
  if (fact.fact === "password" && fact.generation !== account.generation + 1)
    return "its generation does not follow.";
  if (fact.fact === "grant" && isRefill(fact)) return refuteRefill(account, fact);
  if ((fact.fact === "grant" || fact.fact === "take") && isGiven(books, fact))
    return `its ${fact.fact} was made already.`;
  if (fact.fact === "take" && fact.asked < -fact.tokens) return "it takes more than was asked for.";
  const wrongKey = refuteApiKey(books, account, fact);
  if (wrongKey !== undefined) return wrongKey;
  if (fact.fact === "charge" && fact.model !== undefined && !books.features.has("models"))
    return "it names a model, but no line before it names that feature.";
  return undefined;
}

function refuteApiKey({ apiKeys }: Books, account: AccountBook, fact: Fact): string | undefined {
  if (fact.fact === "api_key") {
    if (apiKeys.get(fact.id) || apiKeys.byDigest(fact.digest)) return "its API key was made already.";
    return apiKeys.liveOf(account.id).some(({ name }) => foldName(name) === foldName(fact.label))
      ? "another API key of its account has the name."
      : undefined;
  }
  if (fact.fact === "api_key_ended" && apiKeys.get(fact.id)?.ended) return "its API key was ended already.";
  const named = apiKeyOf(fact);
  // Those of a deleted account are forgotten.
  if (named === undefined || account.deleted || apiKeys.get(named)?.account === account.id) return undefined;
  return "its account has no such API key.";
}

function refuteName({ names }: Books, account: AccountBook, fact: Fact): string | undefined {
  const { name } = account;
  const from = fact.fact === "renamed" ? fact.from : name;
  if (from !== name || fact.name !== nameAfter(account, fact)) return "its account has another name.";
  // Not for each charge: this is what a start does with every line.
  if (fact.name === name || (names.get(foldName(fact.name)) ?? account) === account) return undefined;
  return "another account has its name.";
}

function nameAfter({ id, name }: AccountBook, fact: Fact): string {
  if (fact.fact === "renamed") return fact.name;
  return fact.fact === "deleted" ? pseudonymOf(id) : name;
}

function refuteRefill({ refilled }: AccountBook, { id }: { id: string }): string | undefined {
  const start = startOfId(id);
  if (start === undefined) return "its id names no period.";
  return start > (refilled ?? 0) ? undefined : "its period was paid already.";
}

/** Without the feature `operator` an id is of one account. */
const isGiven = ({ grants, features }: Books, { account, id }: { account: string; id: string }): boolean =>
  features.has("operator") ? grants.of(account, id) !== undefined : grants.has(id);

function refuteFeature({ version, features }: Books, { feature }: { feature: Feature }): string | undefined {
  if (version === 1) return "a ledger of version 1 has no features.";
  if (feature !== "key") return undefined;
  if (!features.has("models")) return "it names a key, but no line before it names models.";
  return features.has("key") ? "a key was named already." : undefined;
}
