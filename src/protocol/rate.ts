/** A rate that an operator set, as `10/15m`. */
export interface Rate {
  /** At least 1. */
  count: number;
  /** Length of the window, at least 1. */
  seconds: number;
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Longest window in seconds. A timer of Node takes no more than 24 days. */
const LONGEST = 7 * SECONDS.d;

/** What `rateOf` reads, and windows that are too long. */
export const RATE_PATTERN = "^(off|([1-9]\\d{0,8})/([1-9]\\d{0,8})([smhd]))$";

/** Reads `10/15m`, `1/1h` or `off`, which is undefined. Throws an Error whose message completes "NAME must be …". */
export function rateOf(typed: string): Rate | undefined {
  if (typed === "off") return undefined;
  const [, , count, length, unit] = new RegExp(RATE_PATTERN).exec(typed) ?? [];
  const seconds = Number(length) * SECONDS[unit as keyof typeof SECONDS];
  if (seconds <= LONGEST) return { count: Number(count), seconds };
  throw new Error("a number and a time of at most 7d, such as 10/15m (s, m, h or d), or off");
}
