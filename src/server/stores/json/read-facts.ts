import type { Act, FactReader, FactRow, UseRow } from "../../core/operations.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { Wanted } from "./checked-lines.ts";
import { Damage, LEDGER } from "./damage.ts";
import { oldestDay } from "./collect-use.ts";
import { isMonth } from "../../../text/is-month.ts";
import { olderName, type Use } from "./compacted.ts";
import { apiKeyOf, type Fact } from "./facts.ts";
import { isoText } from "./shapes.ts";
import { openLedger, type OpenLedger } from "./open-ledger.ts";
import { unreadable } from "./holder.ts";
import type { Folder } from "./read-in-folder.ts";

/** Milliseconds between two looks at a ledger that is followed. */
const INTERVAL = 250;

/** The port `FactReader` over the ledger of a data folder, up to what is durable. */
export function createJsonReader(folder: Folder, { interval = INTERVAL } = {}): FactReader {
  return {
    async *facts({ account, since = -Infinity, until = Infinity, after = 0, follow }) {
      const wanted: Wanted = (opening) => opening.account === account;
      const seen: Seen = { n: after, ledger: undefined, older: undefined, keys: new Map() };
      for await (const facts of readFacts(folder, { wanted, seen, follow, interval }))
        for (const fact of facts) if (fact.at >= since && fact.at < until) yield rowOf(fact, seen);
    },
    use(since) {
      const seen: Seen = { n: 0, ledger: undefined, older: undefined, keys: new Map() };
      return useOf(readFacts(folder, { wanted: isUse(since), seen, interval }), since);
    },
    async close() {},
  };
}

function rowOf(fact: Fact, { older, keys }: Seen): FactRow {
  const { reason = null, by = null }: Partial<Act> = "reason" in fact ? fact : openedFrom(fact, older);
  return {
    n: fact.n,
    at: fact.at,
    fact: fact.fact !== "disabled" || fact.disabled ? fact.fact : "enabled",
    tokens: "tokens" in fact ? fact.tokens : 0,
    balance: fact.balance,
    model: fact.fact === "charge" ? (fact.model ?? null) : null,
    key: keys.get(apiKeyOf(fact) ?? "") ?? null,
    // A grant without a reason has an empty one.
    reason: reason === "" ? null : reason,
    by,
  };
}

const openedFrom = ({ fact }: Fact, older: string | undefined): Partial<Act> =>
  fact === "opening" && older !== undefined ? { reason: `carried forward; older facts are in ${older}` } : {};

/** Charges from that UTC day on, what was carried forward, and all that changes a name. */
const isUse =
  (since: string): Wanted =>
  ({ fact, at }) =>
    fact === "charge"
      ? at.slice(0, 10) >= since
      : fact === "opening" || fact === "renamed" || fact === "deleted";

/** Whether a day, or a month without the days that a compaction at `at` has listed, has a day from `since` on. */
const isSince = (since: string, period: string, at: number): boolean =>
  period >= since.slice(0, period.length) && (!isMonth(period) || since < oldestDay(at));

async function useOf(pages: AsyncIterable<Fact[]>, since: string): Promise<UseRow[]> {
  const sums = new Map<string, UseRow>();
  /** A later fact has the later name. */
  const names = new Map<string, string>();
  function add(account: string, [day, model, questions, tokens]: Use): void {
    const slot = `${account} ${day} ${model}`;
    const sum = sums.get(slot) ?? { account, day, model: model ?? "unknown", questions: 0, tokens: 0 };
    sums.set(slot, sum);
    sum.questions += questions;
    sum.tokens += tokens;
  }
  for await (const facts of pages)
    for (const fact of facts) {
      const { account, name, at } = fact;
      names.set(account, name);
      if (fact.fact === "charge")
        add(account, [isoText(at).slice(0, 10), fact.model ?? null, 1, 0 - fact.tokens]);
      if (fact.fact === "opening")
        for (const use of fact.use) if (isSince(since, use[0], at)) add(account, use);
    }
  return [...sums.values()].map((sum) => ({ ...sum, account: names.get(sum.account) ?? sum.account }));
}

/** The last fact that was given, and the ID of its ledger. */
interface Seen {
  n: number;
  ledger: string | undefined;
  /** The file of the facts before those of this ledger. */
  older: string | undefined;
  /** Names of API keys by their id. */
  keys: Map<string, string>;
}

interface Asked {
  wanted: Wanted;
  /** Facts with a higher number are given. */
  seen: Seen;
  follow?: AbortSignal | undefined;
  interval: number;
}

/**
 * The facts that are wanted, each once, in their order. A ledger that was written anew meanwhile is read again. So is one
 * with damage, once: a server that started meanwhile may have removed an incomplete write.
 */
async function* readFacts(folder: Folder, asked: Asked): AsyncGenerator<Fact[]> {
  const { follow, interval } = asked;
  let damage: Damage | undefined;
  for (;;) {
    const ledger = await openLedger(folder, interval).catch(unreadable(folder.dir));
    try {
      for (let end = await ledger.end(); end !== undefined; end = await ledger.end()) {
        yield* fresh(ledger, end, asked);
        damage = undefined;
        if (!follow) return;
        await ledger.grown(follow);
        if (follow.aborted) return;
      }
    } catch (error) {
      if (!(error instanceof Damage) || damage) return unreadable(folder.dir)(error);
      damage = error;
    } finally {
      await ledger.close();
    }
  }
}

/** The facts up to byte `end` that were not seen yet. */
async function* fresh({ lines }: OpenLedger, end: number, { wanted, seen }: Asked): AsyncGenerator<Fact[]> {
  for await (const all of lines.read(end, wanted)) {
    seen.ledger ??= lines.ledger();
    if (lines.ledger() !== seen.ledger) throw replaced();
    for (const line of all) {
      if (line.fact === "continues") seen.older = olderName(line.last);
      if (line.fact === "api_key") seen.keys.set(line.id, line.label);
      if (line.fact === "kept") for (const { id, label } of line.apiKeys ?? []) seen.keys.set(id, label);
    }
    const facts = all.filter((line) => "account" in line && line.n > seen.n) as Fact[];
    seen.n = facts.at(-1)?.n ?? seen.n;
    yield facts;
  }
}

const replaced = () =>
  new StartupError(
    `${LEDGER} was replaced by another ledger while it was read.`,
    "To read that one, run the command again.",
  );
