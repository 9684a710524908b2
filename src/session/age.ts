import { counted } from "../text/numbers.ts";

const STEPS: readonly [seconds: number, noun: string][] = [
  [365 * 86_400, "year"],
  [30 * 86_400, "month"],
  [7 * 86_400, "week"],
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
];

/** How long ago a time was, in words: `3 days ago`. Both in milliseconds; a time to come is `just now`. */
export function ageOf(time: number, now: number): string {
  const seconds = (now - time) / 1000;
  for (const [length, noun] of STEPS)
    if (seconds >= length) return `${counted(Math.floor(seconds / length), noun)} ago`;
  return "just now";
}
