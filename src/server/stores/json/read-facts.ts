import type { Act, FactReader, FactRow, UseRow } from "../../core/operations.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { Wanted } from "./checked-lines.ts";
import { Damage, LEDGER } from "./damage.ts";
import { isoText, type Fact } from "./facts.ts";
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
      for await (const facts of readFacts(folder, { wanted, after, follow, interval }))
        for (const fact of facts) if (fact.at >= since && fact.at < until) yield rowOf(fact);
    },
    use: (since) => useOf(readFacts(folder, { wanted: isUse(since), after: 0, interval })),
    async close() {},
  };
}

function rowOf(fact: Fact): FactRow {
  const { reason = null, by = null }: Partial<Act> = "reason" in fact ? fact : {};
  return {
    n: fact.n,
    at: fact.at,
    fact: fact.fact !== "disabled" || fact.disabled ? fact.fact : "enabled",
    tokens: "tokens" in fact ? fact.tokens : 0,
    balance: fact.balance,
    model: fact.fact === "charge" ? (fact.model ?? null) : null,
    key: null,
    // A grant without a reason has an empty one.
    reason: reason === "" ? null : reason,
    by,
  };
}

/** Charges from that UTC day on, and all that changes a name. */
const isUse =
  (since: string): Wanted =>
  ({ fact, at }) =>
    fact === "charge" ? at.slice(0, 10) >= since : fact === "renamed" || fact === "deleted";

const DAY_MS = 86_400_000;

async function useOf(pages: AsyncIterable<Fact[]>): Promise<UseRow[]> {
  const sums = new Map<
    string,
    { id: string; since: number; model: string; questions: number; tokens: number }
  >();
  /** Of accounts that asked. A later fact has the later name. */
  const names = new Map<string, string>();
  for await (const facts of pages)
    for (const fact of facts) {
      const { account: id, name, at } = fact;
      if (fact.fact === "charge" || names.has(id)) names.set(id, name);
      if (fact.fact !== "charge") continue;
      const { tokens, model = "unknown" } = fact;
      const since = at - (at % DAY_MS);
      const slot = `${id} ${since} ${model}`;
      const sum = sums.get(slot) ?? { id, since, model, questions: 0, tokens: 0 };
      sums.set(slot, sum);
      sum.questions += 1;
      sum.tokens -= tokens;
    }
  return [...sums.values()].map(({ id, since, ...sum }) => ({
    account: names.get(id) ?? id,
    day: isoText(since).slice(0, 10),
    ...sum,
  }));
}

/** The last fact that was given, and the ID of its ledger. */
interface Seen {
  n: number;
  ledger: string | undefined;
}

interface Asked {
  wanted: Wanted;
  /** Only facts with a higher number. */
  after: number;
  follow?: AbortSignal | undefined;
  interval: number;
}

/**
 * The facts that are wanted, each once, in their order. A ledger that was written anew meanwhile is read again. So is one
 * with damage, once: a server that started meanwhile may have removed an incomplete write.
 */
async function* readFacts(folder: Folder, asked: Asked): AsyncGenerator<Fact[]> {
  const { after, follow, interval } = asked;
  const seen: Seen = { n: after, ledger: undefined };
  let damage: Damage | undefined;
  for (;;) {
    const ledger = await openLedger(folder, interval).catch(unreadable(folder.dir));
    try {
      for (let end = await ledger.end(); end !== undefined; end = await ledger.end()) {
        yield* fresh(ledger, end, { ...asked, seen });
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
async function* fresh(
  { lines }: OpenLedger,
  end: number,
  { wanted, seen }: Asked & { seen: Seen },
): AsyncGenerator<Fact[]> {
  for await (const all of lines.read(end, wanted)) {
    seen.ledger ??= lines.ledger();
    if (lines.ledger() !== seen.ledger) throw replaced();
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
