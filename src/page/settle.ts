import type { Balance } from "./api.ts";

const TRIES = 10;
const PAUSE_MS = 200;

/**
 * What a stopped question cost, and the balance then: asked for until nothing is held any more, for some seconds. Never rejects.
 * A cost of null is unknown: another program can use the same account.
 */
export async function settle(
  read: () => Promise<Balance>,
  { before, price, sleep }: { before: number | null; price: number; sleep: (ms: number) => Promise<void> },
): Promise<{ cost: number | null; tokens: number | null }> {
  let tokens: number | null = null;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const found = await read().catch(() => undefined);
    tokens = found?.tokens ?? tokens;
    if (found?.held === 0) {
      const cost = before === null || tokens === null ? null : before - tokens;
      return { cost: cost === 0 || cost === price ? cost : null, tokens };
    }
    await sleep(PAUSE_MS);
  }
  return { cost: null, tokens };
}
