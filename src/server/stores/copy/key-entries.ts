import { randomUUID } from "node:crypto";
import type { AccountId } from "../../core/ports.ts";
import type { ApiKeyBooks } from "../json/api-key-books.ts";
import type { Line } from "../json/facts.ts";
import type { Entry } from "./side.ts";

/** Makes the entries of a ledger say what it says of API keys. `known`: those of accounts that are not deleted. */
export function createKeyEntries(known: Pick<ApiKeyBooks, "get">) {
  const live = new Map<AccountId, Set<string>>();

  /** Those of deleted accounts belong to nobody any more. */
  function withKnownKey(entry: Entry): Entry[] {
    if (entry.apiKey === undefined || known.get(entry.apiKey)) return [entry];
    const { apiKey: _apiKey, ...other } = entry;
    return entry.kind === "api_key" || entry.kind === "api_key_ended" ? [] : [other];
  }

  function follow({ kind, account, apiKey = "" }: Entry): void {
    const mine = live.get(account) ?? new Set();
    if (kind === "api_key") live.set(account, mine.add(apiKey));
    if (kind === "api_key_ended") mine.delete(apiKey);
  }

  return {
    /** The entries of a line. A password that ends the keys of its account has no entry that says so. */
    ofKeys(entries: Entry[], line: Line): Entry[] {
      const all = entries.flatMap(withKnownKey);
      for (const entry of all) follow(entry);
      if (line.fact !== "password" || !line.endsKeys) return all;
      const { account, at } = line;
      const ended = [...(live.get(account) ?? [])];
      live.delete(account);
      return [
        ...all,
        ...ended.map((apiKey): Entry => ({
          id: randomUUID(),
          kind: "api_key_ended",
          account,
          at,
          tokens: 0,
          apiKey,
        })),
      ];
    },
  };
}
