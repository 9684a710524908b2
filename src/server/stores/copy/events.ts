import type { AccountId } from "../../core/ports.ts";
import type { Event } from "../json/facts.ts";
import type { CopiedAccount, CopiedApiKey, CopiedToken, Entry, Source } from "./side.ts";
import { deletedOf, differs } from "./sums.ts";

/** Of a repeat whose key the database has forgotten. No key has this digest. */
const FORGOTTEN = { key: "-", digest: "-" };

/** Makes the facts of a data folder out of entries, in their order. Every line has the present name and hash of its account. */
export function createEvents({ accounts, revoked, operator, apiKeys }: Source) {
  const deleted = deletedOf(accounts);
  const made = new Map(apiKeys.map((key) => [key.id, key]));
  /** Those of which no entry says that they have ended. */
  const live = new Map(made);
  const generations = new Map<AccountId, number>();
  const tokens = new Map<AccountId, CopiedToken[]>();
  for (const token of revoked) tokens.set(token.account, [...(tokens.get(token.account) ?? []), token]);

  function raised(account: AccountId): number {
    const generation = (generations.get(account) ?? 0) + 1;
    generations.set(account, generation);
    return generation;
  }

  /** Postgres does not say which of the account's ended logins it was. Those that are forgotten have expired. */
  function endedLogin({ id, account, at }: Entry): Pick<CopiedToken, "jti" | "expires"> {
    const { jti, expires } = tokens.get(account)?.shift() ?? { jti: id, expires: at };
    return { jti, expires };
  }

  function apiKeyOf({ apiKey = "" }: Entry): CopiedApiKey {
    const key = made.get(apiKey);
    if (!key) throw differs("the ledger has entries of an API key that does not exist");
    return key;
  }

  function eventOf(entry: Entry, { passwordHash: hash, name, ...account }: CopiedAccount): Event {
    const { id, kind, tokens, model, invite, asked = 0, generation = account.generation } = entry;
    const { reason = null, by = null } = entry;
    const key = deleted.has(account.id) ? undefined : entry.key;
    // Those of deleted accounts belong to nobody any more.
    const apiKey = made.has(entry.apiKey ?? "") ? entry.apiKey : undefined;
    const act = reason === null && by === null ? {} : { reason, by };
    switch (kind) {
      case "account":
        generations.set(account.id, generation);
        return { fact: "account", hash, generation, tokens, invite };
      case "grant":
        return { fact: "grant", id, tokens, reason: reason ?? "", ...(operator && { by }) };
      case "take":
        return { fact: "take", id, tokens, asked, reason, by };
      case "charge":
        return { fact: "charge", id, tokens, model, apiKey, ...key };
      case "again":
        return { fact: "again", id, tokens, apiKey, ...(key ?? FORGOTTEN) };
      case "api_key": {
        const { name: label, digest, limit, expires, id: of } = apiKeyOf(entry);
        return { fact: "api_key", id: of, label, digest, limit, expires };
      }
      case "api_key_ended":
        live.delete(apiKeyOf(entry).id);
        return { fact: "api_key_ended", id: apiKeyOf(entry).id };
      case "password":
        return { fact: "password", hash, generation: raised(account.id), ...act };
      case "revoked":
        return { fact: "revoked", ...endedLogin(entry) };
      case "disabled":
      case "enabled":
        return { fact: "disabled", disabled: kind === "disabled", ...act };
      case "renamed":
        return { fact: "renamed", from: name, reason, by };
      case "deleted":
        return { fact: "deleted", reason, by };
    }
  }

  return {
    eventOf,
    /** Ended logins that no entry has. */
    unused: () => [...tokens.values()].flat(),
    /** API keys that have ended without an entry of it. */
    endedToo: () => [...live.values()].filter(({ ended }) => ended),
  };
}
