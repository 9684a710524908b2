import { isMonth } from "../../../text/is-month.ts";
import { USAGE_DAYS } from "../../../protocol/limits.ts";
import type { AccountId } from "../../core/ports.ts";
import type { Wanted } from "./checked-lines.ts";
import { createCheckedLines } from "./checked-lines.ts";
import type { Use } from "./compacted.ts";
import type { Line } from "./facts.ts";
import type { OpenFile } from "./files.ts";
import type { LedgerKey } from "./key.ts";
import { isoText } from "./shapes.ts";

/** What the books do not hold of an account, but a compacted ledger does. */
export interface Collected {
  invite: string | null;
  /** In order. */
  use: Use[];
}

const DAY = 86_400_000;

/** Days before it are kept by month in a compaction at `now`. */
export const oldestDay = (now: number): string =>
  isoText((Math.floor(now / DAY) - USAGE_DAYS.most + 1) * DAY).slice(0, 10);

const wanted: Wanted = ({ fact }) => fact === "charge" || fact === "account" || fact === "opening";

/**
 * Of each account of a ledger: its invitation, and its use by model and day; what is too old for that at `now`, by month.
 * Throws `Damage` and `KeyError`.
 */
export async function collectUse(
  file: OpenFile,
  end: number,
  { key, now, signal }: { key: LedgerKey | undefined; now: number; signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<AccountId, Collected>> {
  const collected = new Map<AccountId, { invite: string | null; use: Map<string, Use> }>();
  const oldest = oldestDay(now);

  function open(account: AccountId, invite: string | null) {
    const opened = { invite, use: new Map<string, Use>() };
    collected.set(account, opened);
    return opened;
  }

  function add(account: AccountId, [date, model, questions, tokens, apiKey]: Use): void {
    const { use } = collected.get(account) ?? open(account, null);
    const period = date < oldest ? date.slice(0, 7) : date;
    const byKey: [apiKey?: string] = isMonth(period) || apiKey === undefined ? [] : [apiKey];
    const slot = JSON.stringify([period, model, ...byKey]);
    const known = use.get(slot) ?? [period, model, 0, 0];
    use.set(slot, [period, model, known[2] + questions, known[3] + tokens, ...byKey]);
  }

  for await (const lines of createCheckedLines(file, key).read(end, wanted)) {
    signal?.throwIfAborted();
    for (const line of lines) {
      if (line.fact === "account") open(line.account, line.invite ?? null);
      if (line.fact === "opening") {
        open(line.account, line.invite);
        for (const use of line.use) add(line.account, use);
      }
      if (line.fact === "charge") add(line.account, useOf(line));
    }
  }
  return new Map(
    [...collected].map(([account, { invite, use }]) => [
      account,
      { invite, use: [...use].sort(byName).map(([, sum]) => sum) },
    ]),
  );
}

function useOf({ at, model, tokens, apiKey }: Line & { fact: "charge" }): Use {
  const day = isoText(at).slice(0, 10);
  const byKey: [apiKey?: string] = apiKey === undefined ? [] : [apiKey];
  return [day, model ?? null, 1, 0 - tokens, ...byKey];
}

const byName = ([a]: [string, Use], [b]: [string, Use]) => (a < b ? -1 : 1);
