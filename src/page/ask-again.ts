import { Failure, stopped } from "./failure.ts";

export interface AskAgainOptions {
  signal: AbortSignal;
  /** Waits; rejects once `signal` aborts. */
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Called before each wait, with its seconds and the failure that is the reason. What has come of the answer comes again. */
  onWait: (seconds: number, reason: Failure) => void;
}

const MOST_TRIES = 3;
/** Seconds of waiting in all. */
const LONGEST_WAIT = 30;

/** Refusals that end by themselves. */
const passing = new Set(["tokens_held", "request_in_progress", "rate_limited"]);

function canPass({ code, details: { status, retryAfter } }: Failure): boolean {
  if (code === "lost") return true;
  return retryAfter !== undefined && (passing.has(code) || status === 503);
}

/**
 * Asks by `once`, which sends a question under its key, and again if the connection was lost or the refusal passes by itself: at
 * most three times, and 30 s of waiting in all, as the terminal does (docs/cli.md#retries). The key keeps it from being charged
 * twice. Throws `Failure`; it may have cost something if any of the tries may have.
 */
export async function askAgain<T>(
  once: () => Promise<T>,
  { signal, sleep, onWait }: AskAgainOptions,
): Promise<T> {
  let left = LONGEST_WAIT;
  let mayHaveCost = false;
  for (let tries = 1; ; tries += 1) {
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      mayHaveCost ||= error.details.mayHaveCost === true;
      const wait = Math.max(error.details.retryAfter ?? 0, tries);
      if (!canPass(error) || tries >= MOST_TRIES || wait > left) throw withDoubt(error, mayHaveCost);
      left -= wait;
      onWait(wait, error);
      await sleep(wait * 1000, signal).catch(() => {
        throw withDoubt(stopped(), mayHaveCost);
      });
    }
  }
}

/** A key that was charged never gets a 402 (docs/http-api.md#idempotency): the earlier try cost nothing. */
function withDoubt(failure: Failure, mayHaveCost: boolean): Failure {
  const { code, message, details } = failure;
  return new Failure(code, message, { ...details, mayHaveCost: mayHaveCost && details.status !== 402 });
}
