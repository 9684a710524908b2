import { counted } from "./numbers.ts";

const STEPS: readonly [seconds: number, noun: string][] = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
];

/** Seconds in words, in the largest unit of which there are more than two: `90 seconds`, `3 hours`, `20 days`. */
export function duration(seconds: number, round: (number: number) => number = Math.round): string {
  for (const [length, noun] of STEPS) if (seconds > 2 * length) return counted(round(seconds / length), noun);
  return counted(seconds, "second");
}
