/** Calendar periods in UTC; a week begins on Monday. */
export const periods = ["day", "week", "month"] as const;
export type Period = (typeof periods)[number];

/** Tokens that an account gets in each period, as an operator set it: `1000/day`. */
export interface RefillAmount {
  /** At least 1. */
  tokens: number;
  period: Period;
}

/** What an operator sets (docs/accounts.md#refills). */
export interface RefillSetting extends RefillAmount {
  /** A refill raises no balance above it. Null: it raises any balance. */
  cap: number | null;
}

/** The same for a server, which may also go on with what its store has. Undefined: none. */
export type RefillWish = RefillSetting | "stored" | undefined;

/** For the operator: `1000/day, up to 4000`. */
export function refillWords(setting: RefillSetting | undefined): string {
  if (!setting) return "none";
  const { tokens, period, cap } = setting;
  return `${tokens}/${period}, ${cap === null ? "without a cap" : `up to ${cap}`}`;
}

/** What `refillAmountOf` reads, and amounts that are too large. */
export const REFILL_PATTERN = "^(off|([1-9]\\d{0,9})/(day|week|month))$";

/** Largest amount. */
const MOST = 1_000_000_000;

/** Reads `1000/day` or `off`, which is undefined. Throws an Error whose message completes "NAME must be …". */
export function refillAmountOf(typed: string): RefillAmount | undefined {
  if (typed === "off") return undefined;
  const [, , tokens, period] = new RegExp(REFILL_PATTERN).exec(typed) ?? [];
  if (Number(tokens) <= MOST) return { tokens: Number(tokens), period: period as Period };
  throw new Error("a number of tokens and day, week or month, such as 1000/day, or off");
}
