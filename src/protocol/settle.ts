/** What a stopped question cost; null if that is not known. */
export interface Settled {
  cost: number | null;
  tokens: number | null;
}

/** A balance, and what questions in flight hold of it; null if the server does not say. */
interface Balance {
  tokens: number | null;
  held: number | null;
}

interface SettleOptions {
  client: { balance: (signal: AbortSignal) => Promise<Balance> };
  /** The balance before the question; null if it is not known. */
  before: number | null;
  price: number | null;
  sleep: (milliseconds: number) => Promise<void>;
  now: () => number;
}

const LONGEST_MS = 2_000;
const PAUSE_MS = 150;

/**
 * Asks for the balance until nothing is held any more, for at most 2 s (docs/session.md#stopping). Never rejects. The
 * difference counts only if it is zero or one price: another program may use the same account meanwhile.
 */
export async function settle({ client, before, price, sleep, now }: SettleOptions): Promise<Settled> {
  const deadline = now() + LONGEST_MS;
  let tokens: number | null = null;
  for (;;) {
    const signal = AbortSignal.timeout(Math.max(1, deadline - now()));
    const balance = await client.balance(signal).catch(() => undefined);
    tokens = balance?.tokens ?? tokens;
    if (balance !== undefined && isOver(balance, before))
      return { cost: costOf(before, tokens, price), tokens };
    if (now() + PAUSE_MS >= deadline) return { cost: null, tokens };
    await sleep(PAUSE_MS);
  }
}

/** A server that does not report holds has settled once the balance went down. */
function isOver(balance: Balance, before: number | null): boolean {
  if (balance.held !== null) return balance.held === 0;
  return balance.tokens !== null && before !== null && balance.tokens < before;
}

function costOf(before: number | null, after: number | null, price: number | null): number | null {
  if (before === null || after === null) return null;
  const cost = before - after;
  return cost === 0 || (cost > 0 && (price === null || cost === price)) ? cost : null;
}
