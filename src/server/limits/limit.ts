import RateLimiterMemory from "rate-limiter-flexible/lib/RateLimiterMemory.js";
import type { Rate } from "../../protocol/rate.ts";
import { ApiError } from "../core/api-error.ts";
import type { LimitName } from "../core/limit-names.ts";
import type { Counted, Counter, Limit } from "../core/ports.ts";
import { sha256 } from "../core/sha256.ts";

interface Needs {
  /** In the headers of a 429. */
  name: LimitName;
  /** The rate now; undefined: off. */
  rate: () => Rate | undefined;
  /** The sentence of a 429. */
  detail: string;
  /** Of the store; by default the counts are in the memory of this server. */
  shared?: Counter | undefined;
}

const uncounted = async () => {};

/** A {@link Limit}: so many of a key in the window that begins with the first. */
export function createLimit({ name, rate, detail, shared }: Needs): Limit {
  const counter: Counter = shared ?? new RateLimiterMemory({ points: 1, duration: 1 });
  // Short, because a client may send a name of 16 KiB; and secret, because people type passwords as names.
  const keyOf = (given: string) => sha256(`${name} ${given}`);

  function refusal({ count, seconds }: Rate, { msBeforeNext }: Counted): ApiError {
    return new ApiError("rate_limited", detail, {
      retryAfter: Math.max(1, Math.ceil(msBeforeNext / 1000)),
      limit: { name, quota: count, window: seconds },
    });
  }

  return {
    async take(given) {
      const now = rate();
      if (now === undefined) return uncounted;
      const key = keyOf(given);
      const begun = Date.now();
      // `penalty` counts as `consume` does, and leaves the decision to us: the rate may have changed.
      const counted = await counter.penalty(key, 1, { customDuration: now.seconds });
      const ends = begun + counted.msBeforeNext;
      // In another window it would allow one more.
      const giveBack = async () => {
        if (Date.now() >= ends) return;
        const { consumedPoints } = await counter.reward(key);
        // Else keys that nobody could be refused for would fill the memory. Another server may be counting a shared one.
        if (consumedPoints <= 0 && shared === undefined) await counter.delete(key);
      };
      if (counted.consumedPoints <= now.count) return giveBack;
      await giveBack();
      throw refusal(now, counted);
    },
    async clear(key) {
      await counter.delete(keyOf(key));
    },
  };
}
