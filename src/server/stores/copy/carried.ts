import { randomUUID } from "node:crypto";
import { pseudonymOf } from "../../core/operations.ts";
import type { AccountId } from "../../core/ports.ts";
import { REFILL_ID, startOfId } from "../../core/refill.ts";
import type { KeptLists, Use } from "../json/compacted.ts";
import type { Fact } from "../json/facts.ts";
import { isoText } from "../json/shapes.ts";
import type { Entry } from "./side.ts";

type Opening = Fact & { fact: "opening" };

/** Reason of entries that stand for facts which a compaction left out. */
const reason = "carried forward";

interface Own {
  keys: KeptLists["keys"];
  grants: KeptLists["grants"];
  apiKeys: NonNullable<KeptLists["apiKeys"]>;
}

/**
 * Entries for what a compacted ledger begins with. Both sides of a copy count charges, so each question is one, at the
 * beginning of its day or month; so all sums stay. `operator`: there may be refills.
 */
export function createCarried(operator: boolean) {
  const owns = new Map<AccountId, Own>();
  function ownOf(account: AccountId): Own {
    const own = owns.get(account) ?? { keys: [], grants: [], apiKeys: [] };
    owns.set(account, own);
    return own;
  }

  function entriesOf(fact: Opening): Entry[] {
    const { account, at, created, generation, invite, name, disabled, refilled, tokens, used } = fact;
    const own = ownOf(account);
    const { grants, apiKeys } = own;
    owns.delete(account);
    const isDeleted = name === pseudonymOf(account);
    const given = grants.reduce((sum, grant) => sum + grant.tokens, 0);
    const of = { account, at, tokens: 0 };
    const opened: Entry = {
      ...of,
      id: account,
      kind: "account",
      at: created,
      tokens: tokens + used - given,
      invite: invite ?? undefined,
      generation: isDeleted ? generation - 1 : generation,
    };
    const moved = grants.map(({ asked, ...grant }): Entry => ({
      ...of,
      ...grant,
      kind: asked === undefined ? "grant" : "take",
      asked,
      reason,
    }));
    const isTake = ({ kind }: Entry) => kind === "take";
    return [
      opened,
      ...apiKeys.flatMap(keyEntries),
      ...(refilled === null || isDeleted ? [] : refilledAt(account, refilled, operator)),
      ...moved.filter((entry) => !isTake(entry)),
      ...chargesOf(fact, own),
      ...moved.filter(isTake),
      ...(disabled
        ? [{ ...of, id: randomUUID(), kind: isDeleted ? ("deleted" as const) : ("disabled" as const) }]
        : []),
    ];
  }

  return {
    /** Those of accounts whose openings follow. */
    keep({ keys, grants, apiKeys = [] }: KeptLists): void {
      for (const key of keys) ownOf(key.account).keys.push(key);
      for (const grant of grants) ownOf(grant.account).grants.push(grant);
      for (const key of apiKeys) ownOf(key.account).apiKeys.push(key);
    },
    entriesOf,
  };
}

/** Its charges follow, also those of one that has ended: another one may have its name. */
function keyEntries({ id: apiKey, account, at, ended }: Own["apiKeys"][number]): Entry[] {
  const of = { account, at: Date.parse(at), tokens: 0, apiKey };
  const kinds = ended ? (["api_key", "api_key_ended"] as const) : (["api_key"] as const);
  return kinds.map((kind) => ({ ...of, id: randomUUID(), kind }));
}

/** Entries after which the account's last refill is that of the period that began then, or it counts from then on. */
function refilledAt(account: AccountId, at: number, operator: boolean): Entry[] {
  const id = REFILL_ID + isoText(at).slice(0, 10);
  if (operator && startOfId(id) === at)
    return [{ id, kind: "grant", account, at, tokens: 0, reason, by: null }];
  return (["disabled", "enabled"] as const).map((kind) => ({
    id: randomUUID(),
    kind,
    account,
    at,
    tokens: 0,
  }));
}

/**
 * Those of keys as they were, the others as many as there were; in the order of their times, the last one at its own, and
 * that of each API key.
 */
function chargesOf({ account, lastQuestion, use }: Opening, { keys, apiKeys }: Own): Entry[] {
  const left = new Map(use.map((sum) => [slotOf(sum), sum]));
  const entries: Entry[] = [];
  for (const { key, digest, at: time, again, cost, model, apiKey } of keys) {
    const slot = slotOf([time.slice(0, 10), model, 1, cost, apiKey]);
    const [period, , questions, tokens] = left.get(slot) ?? [time, model, 1, cost];
    left.set(slot, [period, model, questions - 1, tokens - cost, apiKey]);
    const of = { account, at: Date.parse(time), apiKey, key: { key, digest } };
    entries.push({ ...of, id: randomUUID(), kind: "charge", tokens: 0 - cost, model: model ?? undefined });
    if (again) entries.push({ ...of, id: randomUUID(), kind: "again", tokens: 0 });
  }
  for (const [period, model, questions, tokens, apiKey] of left.values()) {
    const price = Math.floor(tokens / questions);
    for (let asked = 0; asked < questions; asked += 1)
      entries.push({
        id: randomUUID(),
        kind: "charge",
        account,
        at: Date.parse(period),
        tokens: 0 - (asked === 0 ? tokens - price * (questions - 1) : price),
        model: model ?? undefined,
        apiKey,
        reason,
      });
  }
  for (const { id, lastUsed } of apiKeys) {
    const last = entries.findLast(({ kind, apiKey, key }) => kind === "charge" && apiKey === id && !key);
    if (last && isoText(last.at).slice(0, 10) === lastUsed?.slice(0, 10)) last.at = Date.parse(lastUsed);
  }
  entries.sort((a, b) => a.at - b.at);
  const last = entries.findLast(({ kind }) => kind === "charge");
  if (last && lastQuestion !== null && last.at < lastQuestion && !last.key) last.at = lastQuestion;
  return entries;
}

const slotOf = ([period, model, , , apiKey]: Use) => JSON.stringify([period, model, apiKey]);
