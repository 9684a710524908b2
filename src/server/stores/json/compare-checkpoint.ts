import type { DayUsage } from "../../core/ports.ts";
import type { Books } from "./books.ts";
import {
  booksOf,
  checkpointOf,
  covers,
  lacksCosts,
  lacksModels,
  lacksMore,
  type Checkpoint,
} from "./checkpoint.ts";
import { LEDGER } from "./damage.ts";

/**
 * How the checkpoint differs from the part of the ledger that it covers; undefined if it does not. `books`, `sha256`: of
 * that part. `whole`: it ends with a whole line.
 */
export function difference(
  { books, now }: { books: Books; now: number },
  checkpoint: Checkpoint,
  { sha256, whole }: { sha256: string; whole: boolean },
): string | undefined {
  if (books.ledger !== checkpoint.ledger) return `it was made from another ${LEDGER}.`;
  if (!whole || !covers(checkpoint, sha256)) return `it does not match ${LEDGER}.`;
  const says = {
    costs: !lacksCosts(checkpoint),
    more: !lacksMore(checkpoint),
    models: !lacksModels(checkpoint),
  };
  const [ours, theirs] = [books, booksOf(checkpoint, now)].map((side) => comparable(side, now, says));
  const other = Object.keys(ours ?? {}).find((part) => ours?.[part] !== theirs?.[part]);
  return other && `its ${other} differ from ${LEDGER}, although its checksums are right.`;
}

/** What ledgers with the same state have in common, whatever their facts are. */
const STATE = ["accounts", "keys", "revoked", "grants", "invites", "refills", "apiKeys", "models"];

/** Which part of the state at `now` differs; undefined for none. */
export function differingState(one: Books, other: Books, now: number): string | undefined {
  const [ours, theirs] = [one, other].map((side) =>
    comparable(side, now, { costs: true, more: true, models: true }),
  );
  return STATE.find((part) => ours?.[part] !== theirs?.[part]);
}

/** The parts of the books as texts that are equal for equal content; with or without what an older ai-chat leaves out. */
function comparable(
  books: Books,
  now: number,
  says: { costs: boolean; more: boolean; models: boolean },
): Record<string, string> {
  const {
    accounts: stored,
    dayModels = [],
    more = [],
    revoked,
    grants,
    invites = [],
    refills = [],
    apiKeys = [],
    ...rest
  } = checkpointOf(books, { length: 0, lines: 0, sha256: "" }, now);
  const brief = says.models
    ? stored
    : stored.map((account) => ({ ...account, days: withoutModels(account.days) }));
  const accounts = says.more ? brief.map((account, at) => ({ ...account, more: more[at] })) : brief;
  const keys = says.costs ? rest.keys : rest.keys.map(({ cost: _cost, ...key }) => key);
  const features = [...books.features];
  const times = says.more ? [books.earliest, books.latest] : [];
  const parts = {
    accounts,
    keys,
    revoked,
    grants,
    invites,
    refills,
    apiKeys,
    models: says.models ? dayModels : [],
    features,
    times,
    counters: [books.n, books.head, books.version, books.continues],
  };
  const texts = Object.entries(parts).map(([part, list]) => [
    part,
    list
      .map((entry) => JSON.stringify(entry))
      .sort()
      .join("\n"),
  ]);
  return Object.fromEntries(texts) as Record<string, string>;
}

/** The days as an older ai-chat writes them, one of each date. */
function withoutModels(days: DayUsage[]): DayUsage[] {
  const sums = new Map<string, DayUsage>();
  for (const { date, questions, tokens } of days) {
    const sum = sums.get(date) ?? { date, questions: 0, tokens: 0 };
    sums.set(date, { date, questions: sum.questions + questions, tokens: sum.tokens + tokens });
  }
  return [...sums.values()];
}
