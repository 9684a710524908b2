import { setTimeout as sleep } from "node:timers/promises";

/** After each collection there is a pause of so many times its length, so that scrapes leave the main thread to users. */
const PAUSE = 9;

/** Longest pause, in milliseconds: a collection may be slow because it waits. */
const LONGEST = 100;

/**
 * Collects for one scrape at a time. Those that come meanwhile share the next collection, so that a flood of scrapes costs
 * little more than one.
 */
export function createScrape(collect: () => Promise<string>): () => Promise<string> {
  let next: Promise<string> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function collectNext(): Promise<string> {
    await last;
    next = undefined;
    const begun = performance.now();
    const collected = collect();
    const pause = () =>
      sleep(Math.min(LONGEST, PAUSE * (performance.now() - begun)), undefined, { ref: false });
    last = collected.then(pause, pause);
    return collected;
  }

  return () => (next ??= collectNext());
}
